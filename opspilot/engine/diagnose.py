"""Diagnose: the rules draw the verdict from the ledger, before any prose is written."""

from collections.abc import Sequence
from dataclasses import dataclass

from opspilot.diagnosis import diagnose
from opspilot.domain.evidence import Evidence
from opspilot.domain.hypothesis import Verdict, VerdictStatus
from opspilot.domain.identity import SYSTEM
from opspilot.domain.incident import Incident
from opspilot.domain.investigation import Investigation, Judged
from opspilot.engine.journal import Journal
from opspilot.engine.ledger import ledger_of
from opspilot.engine.steps import Scope, StepResult
from opspilot.errors import IllegalTransition
from opspilot.lifecycle import Trigger
from opspilot.ports.clock import Clock

_WAITS_FOR = {
    VerdictStatus.CONFIRMED: "somebody to ask for a plan",
    VerdictStatus.LIKELY: "somebody to ask for a plan",
    VerdictStatus.INCONCLUSIVE: "a person: the evidence does not settle the cause",
    VerdictStatus.NO_INCIDENT: "a person to close it: nothing abnormal was found",
}
_RECOVERED = "a person to close it: the harm has ended by itself"


@dataclass(frozen=True)
class Diagnosis:
    """The step that follows gathering."""

    clock: Clock
    journal: Journal

    def __call__(self, incident: Incident, scope: Scope) -> StepResult:
        """Draw the verdict and put it on record."""
        current = scope.store.investigation(incident.id)
        if current is None:
            raise IllegalTransition(f"{incident.id} has no investigation")
        ledger = ledger_of(scope.store.evidence(incident.id), current.number)
        if not any(item.status != "gap" for item in ledger):
            return self._failed(incident, current, ledger)
        judged = Judged(
            at=self.clock.account_now(),
            window=incident.window,
            baseline=incident.baseline,
            symptom=incident.symptom,
        )
        verdict = diagnose(incident, ledger, judged.at)
        done = current.model_copy(
            update={
                "phase": "done",
                "verdict": verdict,
                "judged": judged,
                "ended_wall": self.clock.now(),
            }
        )
        entry = self.journal.entry(
            incident.id,
            SYSTEM,
            "verdict.reached",
            incident.id,
            input={"evidence": [item.id for item in ledger], "rules": verdict.rules_version},
            result=verdict_summary(verdict),
        )
        waits_for = _RECOVERED if verdict.recovered_at else _WAITS_FOR[verdict.status]
        moved = incident.model_copy(update={"waits_for": waits_for})
        return StepResult(moved, puts=(done,), audit=(entry,), trigger=Trigger.VERDICT_REACHED)

    def _failed(
        self, incident: Incident, current: Investigation, ledger: Sequence[Evidence]
    ) -> StepResult:
        """Nothing was read, so there is nothing to draw a verdict from."""
        reasons = sorted({item.finding for item in ledger})
        reason = "no source could be read: " + "; ".join(reasons[:3])
        if not ledger:
            reason = "it was stopped before any source had answered"
        failed = incident.model_copy(
            update={"last_error": reason, "waits_for": "a person: no source answered"}
        )
        stopped = current.model_copy(update={"phase": "stopped", "ended_wall": self.clock.now()})
        entry = self.journal.entry(
            incident.id,
            SYSTEM,
            "investigation.failed",
            incident.id,
            input={"number": current.number, "evidence": [item.id for item in ledger]},
            error=reason,
        )
        trigger = Trigger.INVESTIGATION_FAILED
        return StepResult(failed, puts=(stopped,), audit=(entry,), trigger=trigger)


def verdict_summary(verdict: Verdict) -> dict[str, object]:
    """What the chain keeps of a verdict."""
    cause = verdict.cause
    return {
        "status": verdict.status,
        "confidence": verdict.confidence,
        "cause_class": cause.cause_class if cause else None,
        "causes": [f"{one.cause_class} of {one.resource.arn}" for one in verdict.causes],
        "recovered_at": verdict.recovered_at.isoformat() if verdict.recovered_at else None,
        "resource": cause.resource.arn if cause else None,
        "onset": cause.onset.isoformat() if cause and cause.onset else None,
    }
