"""Which Claude models stand on Amazon Bedrock, how they are named in a region, and until when.

Source of ids and dates: "Model lifecycle" and the model cards of the Amazon Bedrock user guide, as
they stood in September 2026. No date is guessed: where none was published, none stands here. The
dates of Anthropic's own API do not apply to Bedrock.
"""

import re
from dataclasses import dataclass
from datetime import date

from opspilot.domain.conversation import ModelRole

LOCAL_ANALYST = "opspilot.local-analyst-v1"
"""The id under which the embedded account's stand-in answers."""

AUTO = "auto"
"""The default of a role; an empty name means that the role has no model."""

_PROFILE = re.compile(r"^(us|eu|apac|au|jp|ca|us-gov|global)\.")
_GEOGRAPHY: tuple[tuple[str, str], ...] = (
    ("us-gov-", ""),
    ("us-iso", ""),
    ("cn-", ""),
    ("us-", "us"),
    ("ca-", "us"),
    ("eu-", "eu"),
    ("ap-southeast-2", "au"),
    ("ap-southeast-4", "au"),
    ("ap-northeast-1", "jp"),
    ("ap-northeast-3", "jp"),
)
"""Geography of a region's inference profiles, first match wins; empty where no default is known."""


@dataclass(frozen=True)
class Offered:
    """A model of the table.

    Attributes:
        geographies: Prefixes under which an inference profile is known to exist, beside `global`.
        ends: Last published day on Bedrock; None when none is published.
    """

    base_id: str
    geographies: tuple[str, ...] = ()
    ends: date | None = None


_SONNET = Offered("anthropic.claude-sonnet-4-6", ("us", "eu", "au", "jp"))
_HAIKU = Offered("anthropic.claude-haiku-4-5-20251001-v1:0", ("us", "eu", "au", "jp"))
_OPUS = Offered("anthropic.claude-opus-4-8", ("us", "eu"))

# Newer ones can be set by name. They reason unless told otherwise, which counts against the bound
# of an answer; these answer at once.
BY_ROLE: dict[ModelRole, Offered] = {
    ModelRole.DEFAULT: _SONNET,
    ModelRole.FAST: _HAIKU,
    ModelRole.DEEP: _OPUS,
}

CATALOGUE: tuple[Offered, ...] = (
    *BY_ROLE.values(),
    Offered("anthropic.claude-sonnet-4-5-20250929-v1:0"),
    Offered("anthropic.claude-opus-4-1-20250805-v1:0", ends=date(2027, 1, 8)),
    Offered("anthropic.claude-sonnet-4-20250514-v1:0", ends=date(2026, 10, 14)),
    Offered("anthropic.claude-3-haiku-20240307-v1:0", ends=date(2026, 9, 10)),
    Offered("anthropic.claude-3-sonnet-20240229-v1:0", ends=date(2026, 7, 30)),
    Offered("anthropic.claude-3-5-sonnet-20241022-v2:0", ends=date(2026, 7, 30)),
    Offered("anthropic.claude-3-5-sonnet-20240620-v1:0", ends=date(2026, 7, 30)),
    Offered("anthropic.claude-3-5-haiku-20241022-v1:0", ends=date(2026, 6, 19)),
    Offered("anthropic.claude-3-7-sonnet-20250219-v1:0", ends=date(2026, 4, 28)),
    Offered("anthropic.claude-3-opus-20240229-v1:0", ends=date(2026, 1, 15)),
)
"""Every model of which a date or a profile is known."""

_ENDS = {offered.base_id: offered.ends for offered in CATALOGUE}


@dataclass(frozen=True)
class ModelChoice:
    """Which model answers for each role.

    Attributes:
        default: A model id, an inference profile's id or ARN, `AUTO`, or "" for none; so `fast` and
            `deep`.
        guardrail_id: A Bedrock guardrail that judges questions and answers; empty for none.
        stand_in: The account is the embedded one: the local analyst answers every role that is not
            switched off, whatever else is named.
    """

    default: str = AUTO
    fast: str = AUTO
    deep: str = AUTO
    guardrail_id: str = ""
    guardrail_version: str = "DRAFT"
    stand_in: bool = False

    def model_id(self, role: ModelRole, region: str) -> str:
        """The id to call; empty when the role has no model."""
        named = {ModelRole.FAST: self.fast, ModelRole.DEEP: self.deep}.get(role, self.default)
        if named.strip() and self.stand_in:
            return LOCAL_ANALYST
        return profile_of(BY_ROLE[role], region) if named == AUTO else named.strip()


def profile_of(offered: Offered, region: str) -> str:
    """The inference profile of a model in a region; empty where none is known.

    Current Claude models cannot be called by their bare id. A profile of the region's own geography
    is taken where there is one, since `global` may route anywhere.
    """
    geography = next((to for start, to in _GEOGRAPHY if region.startswith(start)), "global")
    if not geography:
        return ""
    prefix = geography if geography in offered.geographies else "global"
    return f"{prefix}.{offered.base_id}"


def base_of(model_id: str) -> str:
    """The foundation model behind an id, a profile's id or an ARN of either."""
    return _PROFILE.sub("", model_id.rpartition("/")[2])


def ends_on(model_id: str) -> date | None:
    """The published last day of a model; None when none is known."""
    return _ENDS.get(base_of(model_id))


def caches_prompts(model_id: str) -> bool:
    """Whether a cache point may be sent; the name of an application profile does not tell."""
    return base_of(model_id).startswith("anthropic.claude-") and ends_on(model_id) is None
