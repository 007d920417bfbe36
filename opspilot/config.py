"""Settings, read once from the environment; only bootstrap and the entrypoints import this."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from opspilot.errors import InputError


def _default_state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "opspilot"


def _table(variable: str, default: str) -> str:
    """A table's name, with the variable that sets it."""
    name: str = Field(default, validation_alias=variable, pattern=r"^[a-zA-Z0-9_.-]{3,255}$")
    return name


_WITHOUT_PREFIX = ("AWS_", "AUDIT_TABLE", "INCIDENTS_TABLE", "PLANS_TABLE", "EVIDENCE_TABLE")


class Settings(BaseSettings):
    """What may be set, each as `OPSPILOT_<NAME>`; AWS itself is configured the standard AWS way.

    Attributes:
        state_dir: Folder of local state: stores, checkpoints, the embedded account's journal.
        account: "auto" takes AWS_ENDPOINT_URL if set, else the embedded account if this state
            folder
            has one, else AWS by the default chain. "aws" never looks for an embedded account.
        store: Where incidents, plans and the audit chain are kept: in a file of this machine, or in
            the account's DynamoDB for many machines (`opspilot tables create` makes the tables).
        audit_table_name: DynamoDB table of the audit entries; the next three likewise.
        incidents_table_name: Of incidents, with what lies beside them: investigations, notes, jobs.
        plans_table_name: Of plans.
        evidence_table_name: Of evidence, transcripts and large bodies.
        evidence_retention_days: Days after which evidence and transcripts in DynamoDB expire; 0
            keeps them for ever. Incidents, plans and audit entries never expire.
        tables_kms_key: ARN or alias of the KMS key that encrypts new tables; empty for a key that
            DynamoDB owns.
        auto_investigate: Whether an incident opened by an alarm is investigated at once.
        approval_minutes: Wall minutes for which a plan can be approved, and an approval used.
        trust_actor: Whether a self-asserted name (`--actor`) counts as a person.
        role_map: JSON object: identity (STS ARN or asserted name) to a list of roles.
        oidc_role_claim: Claim of a signed-in web visitor that tells groups or roles; a dotted path
            reaches into nested claims ("realm_access.roles").
        oidc_role_map: JSON object: value of that claim, or verified e-mail address, to a list of
            roles.
        oidc_hours: Wall hours for which a sign-in counts; after that its owner may only look.
        model_default: The language model that chat asks: a Bedrock model id, or an inference
            profile's id or ARN. "auto" takes a current Claude of this class (Sonnet here, Haiku for
            model_fast, Opus for model_deep) through the region's own inference profile; empty
            switches the role off. On the embedded account the local analyst answers instead,
            whatever is named.
        model_fast: Likewise, for short tasks.
        model_deep: Likewise, for hard questions.
        model_region: Region in which the models are called, if not the account's.
        model_guardrail_id: A Bedrock guardrail for questions and answers; empty for none.
        model_guardrail_version: Its version, a number or "DRAFT".
        graph_file: A file, YAML or JSON, that declares who calls whom where no configuration tells
            (docs/connect.md shows its form); empty for none.
        api_call_budget: AWS calls per investigation; scan_budget_mb: log megabytes likewise.
    """

    model_config = SettingsConfigDict(env_prefix="OPSPILOT_", extra="ignore")

    state_dir: Path = Field(default_factory=_default_state_dir)
    account: Literal["auto", "aws"] = "auto"
    store: Literal["sqlite", "dynamodb"] = "sqlite"
    audit_table_name: str = _table("AUDIT_TABLE_NAME", "AuditTrail")
    incidents_table_name: str = _table("INCIDENTS_TABLE_NAME", "Incidents")
    plans_table_name: str = _table("PLANS_TABLE_NAME", "RemediationPlans")
    evidence_table_name: str = _table("EVIDENCE_TABLE_NAME", "Evidence")
    evidence_retention_days: int = Field(default=0, ge=0, le=36_500)
    tables_kms_key: str = ""
    auto_investigate: bool = True
    approval_minutes: int = Field(default=30, ge=1, le=24 * 60)
    trust_actor: bool = False
    role_map: dict[str, list[str]] = Field(default_factory=dict)
    oidc_role_claim: str = Field(default="groups", min_length=1)
    oidc_role_map: dict[str, list[str]] = Field(default_factory=dict)
    oidc_hours: int = Field(default=12, ge=1, le=30 * 24)
    model_default: str = "auto"
    model_fast: str = "auto"
    model_deep: str = "auto"
    model_region: str = ""
    model_guardrail_id: str = ""
    model_guardrail_version: str = "DRAFT"
    graph_file: str = ""
    api_call_budget: int = Field(default=400, ge=10)
    scan_budget_mb: int = Field(default=2_000, ge=1)
    aws_endpoint_url: str = Field(default="", validation_alias="AWS_ENDPOINT_URL")
    aws_endpoint_url_dynamodb: str = Field(default="", validation_alias="AWS_ENDPOINT_URL_DYNAMODB")
    aws_profile: str = Field(default="", validation_alias="AWS_PROFILE")
    aws_region: str = Field(default="", validation_alias="AWS_REGION")
    aws_default_region: str = Field(default="", validation_alias="AWS_DEFAULT_REGION")

    @field_validator("state_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("aws_endpoint_url", "aws_endpoint_url_dynamodb")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError(f"{value!r} is no address like http://127.0.0.1:4566")
        _ = parts.port  # raises ValueError when it is out of range
        return value

    @property
    def embedded_dir(self) -> Path:
        """Folder of the embedded account and of the store that belongs to it."""
        return self.state_dir / "embedded"


_WHERE_DESCRIBED = "docs/reference/settings.md says what may be set."


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        InputError: A variable is malformed; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        named = "_".join(str(part) for part in first["loc"]).upper()
        name = named if named.startswith(_WITHOUT_PREFIX) else f"OPSPILOT_{named}"
        raise InputError(f"{name}: {first['msg']}", hint=_WHERE_DESCRIBED) from error
    except SettingsError as error:
        raise InputError(f"a setting is no JSON: {error}", hint=_WHERE_DESCRIBED) from error


_NOWHERE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded",
}


def child_environment(pinned: dict[str, str], *, embedded: bool) -> dict[str, str]:
    """The environment of a child process.

    Args:
        pinned: Variables set on top.
        embedded: Whether the child works on the embedded account: then nothing of a real account is
            passed on (profiles, keys, roles, per-service endpoints, instance metadata).
    """
    inherited = dict(os.environ)
    if embedded:
        inherited = {
            name: value for name, value in inherited.items() if not name.startswith("AWS_")
        }
        inherited |= _NOWHERE
    return inherited | pinned
