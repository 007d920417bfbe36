"""What the measures of recovery say alike: too little data, and an outcome as a word."""

from datetime import datetime

from opspilot.domain.plan import Criterion, Measurement, VerificationOutcome


def in_words(outcome: VerificationOutcome) -> str:
    """The outcome as people read it."""
    return outcome.value.replace("_", " ")


def too_little(
    criterion: Criterion,
    now: datetime,
    reason: str,
    *,
    failed: float | None = None,
    events: float | None = None,
    seen: int = 0,
) -> Measurement:
    """A measurement that could not be made, and why."""
    outcome = VerificationOutcome.TOO_LITTLE_DATA
    return Measurement(
        criterion_id=criterion.id,
        at=now,
        outcome=outcome,
        failed=failed,
        events=events,
        periods_seen=seen,
        sentence=f"{reason[0].upper()}{reason[1:]}: {in_words(outcome)}",
    )
