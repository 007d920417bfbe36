"""Replays a capsule: findings computed again from the stored data, the verdict drawn from them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from pydantic import TypeAdapter, ValidationError

from opspilot import __version__
from opspilot.analysis.findings import replayed_detail
from opspilot.analysis.series import SeriesError
from opspilot.diagnosis import RULES_VERSION, diagnose
from opspilot.domain.audit import AuditEntry
from opspilot.domain.capsule import Capsule, FindingChange, Replay
from opspilot.domain.evidence import (
    Evidence,
    EvidenceDetail,
    LogDetail,
    MetricDetail,
    MetricRequest,
)
from opspilot.domain.hypothesis import Verdict
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Judged
from opspilot.domain.model import Json, Model
from opspilot.domain.signals import signal_for
from opspilot.engine.ledger import ledger_of
from opspilot.errors import CapsuleRefused, InputError

_SIX_DIGITS = 1e-6
_NEXT_TO_NOTHING = 1e-9
_PROSE = frozenset({"summary", "text", "cap", "next_query", "ruled_out_because", "rules_version"})
"""Sentences quote the numbers beside them; a rule may be worded better and still say the same."""

_DETAIL: TypeAdapter[EvidenceDetail] = TypeAdapter(EvidenceDetail)
_MOST_TOLD = 40


def replay(capsule: Capsule) -> Replay:
    """Draw the verdict of a capsule again, from its data alone.

    Raises:
        InputError: It holds no verdict.
        CapsuleRefused: The data of a finding cannot be analysed.
    """
    investigation = capsule.investigation
    if investigation is None or investigation.verdict is None:
        raise InputError(
            f"the capsule of {capsule.incident.id} holds no verdict: it was exported before one",
            hint="Export it again once the incident is diagnosed.",
        )
    recorded = investigation.verdict
    judged = investigation.judged or _judged(capsule.incident, capsule.audit)
    ledger = ledger_of(capsule.evidence, investigation.number)
    details = [_detail_again(item, judged) for item in ledger]
    again = _verdict_again(capsule.incident, judged, ledger, details)
    findings = tuple(_changes(ledger, details))
    differences = tuple(_differing(_compared(recorded), _compared(again)))
    return Replay(
        incident_id=capsule.incident.id,
        outcome="differs" if differences or findings else "same",
        rules_recorded=recorded.rules_version,
        rules_now=RULES_VERSION,
        product_recorded=capsule.manifest.product_version,
        product_now=__version__,
        recorded=recorded,
        again=again,
        differences=differences[:_MOST_TOLD],
        findings=findings,
        recomputed=sum(detail is not None for detail in details),
        taken=sum(detail is None for detail in details),
    )


def _judged(incident: Incident, audit: Sequence[AuditEntry]) -> Judged:
    """What a verdict was drawn on, for rows of before it was kept: the incident as it stands."""
    moments = [entry.at for entry in audit if entry.action_type == "verdict.reached"]
    return Judged(
        at=moments[-1] if moments else incident.opened_at,
        window=incident.window,
        baseline=incident.baseline,
        symptom=incident.symptom,
    )


def _detail_again(item: Evidence, judged: Judged) -> EvidenceDetail | None:
    """What an entry's stored data shows; None where the data is a sample, or of an older form."""
    if isinstance(item.detail, LogDetail):
        return None
    if not isinstance(item.detail, MetricDetail):
        return _from_json(item)
    if not isinstance(item.request, MetricRequest) or "period_seconds" not in item.snapshot:
        return None
    try:
        return replayed_detail(
            signal_for(item.request.metric),
            item.snapshot,
            judged.window,
            baseline=judged.baseline,
            points=item.detail.points,
        )
    except (SeriesError, ValueError, TypeError, KeyError) as exc:
        raise _unusable(item, exc) from exc


def _from_json(item: Evidence) -> EvidenceDetail:
    try:
        return _DETAIL.validate_python(item.snapshot)
    except ValidationError as exc:
        raise _unusable(item, exc) from exc


def _unusable(item: Evidence, error: Exception) -> CapsuleRefused:
    return CapsuleRefused(
        f"the data of {item.id} cannot be analysed: {str(error).splitlines()[0]}",
        hint="Ask for the file again, or export it anew where the incident is kept.",
    )


def _verdict_again(
    incident: Incident,
    judged: Judged,
    ledger: Sequence[Evidence],
    details: Sequence[EvidenceDetail | None],
) -> Verdict:
    then = incident.model_copy(
        update={"window": judged.window, "baseline": judged.baseline, "symptom": judged.symptom}
    )
    evidence = [
        item if detail is None else item.model_copy(update={"detail": detail})
        for item, detail in zip(ledger, details, strict=True)
    ]
    return diagnose(then, evidence, judged.at)


def _changes(
    ledger: Sequence[Evidence], details: Sequence[EvidenceDetail | None]
) -> Iterator[FindingChange]:
    for item, detail in zip(ledger, details, strict=True):
        if detail is None:
            continue
        fields = tuple(_differing(_compared(item.detail), _compared(detail)))
        if fields:
            yield FindingChange(evidence_id=item.id, fields=fields[:_MOST_TOLD])


def _compared(value: Model) -> Json:
    """What counts when two are compared: no prose, and nothing that only a later version knows."""
    return _without_prose(value.model_dump(mode="json", exclude_defaults=True))


def _without_prose(value: Json) -> Json:
    if isinstance(value, dict):
        fields = cast("Mapping[str, Json]", value)
        return {name: _without_prose(one) for name, one in fields.items() if name not in _PROSE}
    if isinstance(value, list):
        return [_without_prose(one) for one in cast("Sequence[Json]", value)]
    return value


def _differing(then: Json, now: Json, path: str = "") -> Iterator[str]:
    """Every place where two JSON values part; numbers count as equal to six digits."""
    if isinstance(then, dict) and isinstance(now, dict):
        one, other = cast("dict[str, Json]", then), cast("dict[str, Json]", now)
        for name in dict.fromkeys([*one, *other]):
            inner = f"{path}.{name}" if path else name
            yield from _differing(one.get(name), other.get(name), inner)
    elif isinstance(then, list) and isinstance(now, list):
        left, right = cast("list[Json]", then), cast("list[Json]", now)
        if len(left) != len(right):
            yield f"{path}: {len(left)}, now {len(right)}"
        for index, (one, other) in enumerate(zip(left, right, strict=False)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif not _alike(then, now):
        yield f"{path}: {_shown(then)}, now {_shown(now)}"


def _alike(then: Json, now: Json) -> bool:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (then, now))
    if numbers:
        return math.isclose(then, now, rel_tol=_SIX_DIGITS, abs_tol=_NEXT_TO_NOTHING)
    return bool(then == now)


def _shown(value: Json) -> str:
    if isinstance(value, float):
        return f"{value:.7g}"
    return "none" if value is None else str(value)[:200]
