"""Changes by closeness to the onset, and what stood before beside what stands now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.formatting import span
from opspilot.domain.change import Change
from opspilot.domain.evidence import ConfigurationDetail, Evidence
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident
from opspilot.domain.resource import Resource
from opspilot.domain.workload import FunctionConfiguration, FunctionVersion

_SHORT_HASH = 12
_NOT_SET = "not set"
_ONSET = "the onset"


@dataclass(frozen=True)
class Before:
    """A change, and how long before the onset it was made; negative when it came after.

    Attributes:
        slack: Half-width of the onset: so much after it may still have been before.
        against: What it is held against, "the onset".
        earliest: The same as `lead`, for a change whose moment is known only so far: how long
            before the onset it can have been made at the earliest.
    """

    change: Change
    lead: timedelta
    slack: timedelta
    earliest: timedelta
    against: str = "the onset"

    @property
    def came_before(self) -> bool:
        """Whether it can have had a part in it."""
        return self.earliest >= -self.slack

    @property
    def undated(self) -> bool:
        """Whether the onset lies between the earliest and the latest moment that it can have."""
        return self.lead < -self.slack <= self.earliest

    @property
    def at_onset(self) -> bool:
        """Whether the onset is not known well enough to say before or after."""
        return abs(self.lead) <= self.slack


@dataclass(frozen=True)
class Difference:
    """One setting in two states; the values as text, redacted where they were secret."""

    setting: str
    before: str
    after: str


@dataclass(frozen=True)
class Onset:
    """The moment that changes are held against, its half-width, and what it is."""

    at: datetime
    slack: timedelta
    what: str

    @property
    def short(self) -> str:
        """What it is in as few words as leave it clear."""
        return _ONSET if self.what.startswith(_ONSET) else self.what


def onset_of(incident: Incident, verdict: Verdict | None) -> Onset:
    """The best known beginning."""
    if verdict and verdict.cause and verdict.cause.onset:
        slack = _seconds(verdict.cause.onset_uncertainty_seconds)
        return Onset(verdict.cause.onset, slack, "the onset of the cause")
    if verdict and verdict.first_failure and verdict.first_failure.at:
        slack = _seconds(verdict.first_failure.uncertainty_seconds)
        return Onset(verdict.first_failure.at, slack, "the first failure")
    for lead in verdict.hypotheses if verdict else ():
        if lead.onset and lead.status != "ruled_out":
            slack = _seconds(lead.onset_uncertainty_seconds)
            return Onset(lead.onset, slack, "the onset of the strongest lead")
    return Onset(incident.opened_at, timedelta(0), "the opening of the incident")


def _seconds(half_width: float | None) -> timedelta:
    return timedelta(seconds=half_width or 0.0)


def by_closeness(changes: Sequence[Change], onset: Onset) -> list[Before]:
    """Those before the onset, the closest first; then those that may be; then those after it.

    Of several made at once the last given comes first: what it put into effect counts.
    """
    held = [
        Before(
            change,
            lead=onset.at - change.at,
            slack=onset.slack,
            earliest=onset.at - (change.since or change.at),
            against=onset.short,
        )
        for change in changes
    ]
    before = sorted(
        (one for one in reversed(held) if one.came_before),
        key=lambda one: (one.undated, abs(one.lead)),
    )
    after = sorted((one for one in held if not one.came_before), key=lambda one: -one.lead)
    return [*before, *after]


def when_words(one: Before) -> str:
    """Where a change lies against the onset: "2 min before the onset"."""
    if one.undated:
        return f"before or after {one.against}: its moment is not known"
    if one.at_onset:
        return f"at {one.against}"
    return f"{span(abs(one.lead))} {'before' if one.came_before else 'after'} {one.against}"


def told_differences(change: Change) -> list[Difference]:
    """What the feed itself tells of a change, setting by setting."""
    names = dict.fromkeys([*change.before, *change.after])
    return [
        Difference(
            name.replace("_", " "),
            change.before.get(name, "not told"),
            change.after.get(name, "not told"),
        )
        for name in names
    ]


def version_differences(
    resource: Resource, change: Change, evidence: Sequence[Evidence]
) -> tuple[str, list[Difference]]:
    """The version that a release put into service beside the one before it, if both were read."""
    configuration = next(
        (
            item.detail.function
            for item in evidence
            if isinstance(item.detail, ConfigurationDetail) and item.resource == resource
        ),
        None,
    )
    number = change.after.get("version")
    if configuration is None or number is None:
        return "", []
    now = configuration.version(number)
    before = configuration.version(change.before.get("version", "")) or _previous(
        configuration, number
    )
    if now is None or before is None:
        return "", []
    return f"version {before.version} beside version {now.version}", _settings(before, now)


def _previous(configuration: FunctionConfiguration, number: str) -> FunctionVersion | None:
    older = [
        one
        for one in configuration.versions
        if one.version.isdigit() and number.isdigit() and int(one.version) < int(number)
    ]
    return max(older, key=lambda one: int(one.version), default=None)


def _settings(before: FunctionVersion, now: FunctionVersion) -> list[Difference]:
    pairs = [
        ("code (SHA-256)", before.code_sha256[:_SHORT_HASH], now.code_sha256[:_SHORT_HASH]),
        ("memory", f"{before.memory_mb} MB", f"{now.memory_mb} MB"),
        ("timeout", f"{before.timeout_seconds} s", f"{now.timeout_seconds} s"),
    ]
    if before.environment is not None and now.environment is not None:
        for name in sorted({*before.environment, *now.environment}):
            pairs.append(
                (name, before.environment.get(name, _NOT_SET), now.environment.get(name, _NOT_SET))
            )
    return [Difference(name, old, new) for name, old, new in pairs if old != new]
