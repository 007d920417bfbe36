"""Asks again what a ledger entry asked, and says whether the source still answers the same.

The ledger is not touched: what was found stays what was found. A metric may have been amended
since, a log may be past its retention, and a configuration is read as it stands now. What was
found by comparing two entries is compared again: no source is asked for that.
"""

from dataclasses import dataclass
from itertools import takewhile

from opspilot.domain.audit import sha256_hex
from opspilot.domain.commands import Command
from opspilot.domain.evidence import ComparisonRequest, Evidence, GapDetail, GapReason
from opspilot.domain.identity import Actor
from opspilot.domain.incident import Incident
from opspilot.domain.model import Instant, Json, Model
from opspilot.domain.telemetry import CallUsage
from opspilot.domain.window import Window
from opspilot.engine.answer import Reading, budget_gap, gap_reading
from opspilot.engine.budget import Budget, spent_on
from opspilot.engine.commands import Desk, persistently
from opspilot.engine.comparing import compared
from opspilot.engine.questions import Question
from opspilot.engine.reading import Reader
from opspilot.errors import NotFound
from opspilot.ports.store import Changeset


class Rerun(Model):
    """The same question asked again.

    Attributes:
        same: The data has the hash that the ledger kept.
        finding: What it says now; `before`: what the ledger says.
        answered: False when the source did not answer this time; `finding` then says why.
        at: Account time.
    """

    evidence_id: str
    same: bool
    answered: bool
    finding: str
    before: str
    data_hash: str
    at: Instant


@dataclass(frozen=True)
class Reruns:
    """Reads with the exact request of an entry; whoever may investigate may ask.

    Attributes:
        budget: Of the incident; a source is not asked once it is spent.
    """

    desk: Desk
    reader: Reader
    budget: Budget

    def rerun(self, incident_id: str, evidence_id: str, *, actor: Actor) -> Rerun:
        """Ask again.

        Raises:
            NotAllowed: The actor is no responder.
            NotFound: There is no such incident or entry.
            AwsCredentialsMissing: Nothing at all can be read.
        """
        incident = self.desk.store.incident(incident_id)
        self.desk.require(
            actor, Command.INVESTIGATE, chain=incident.id, subject=f"{incident_id}/{evidence_id}"
        )
        item = self._entry(incident, evidence_id)
        question = Question(
            key=item.task.partition("/")[2],
            title=item.finding,
            resource=item.resource,
            request=item.request,
        )
        reading = self._read(question, incident, item)
        snapshot: Json = self.desk.journal.redact(reading.snapshot)
        data_hash = sha256_hex(snapshot)
        return Rerun(
            evidence_id=evidence_id,
            same=data_hash == item.data_hash,
            answered=reading.detail.kind != "gap" or item.status == "gap",
            finding=self.desk.journal.redact(reading.finding),
            before=item.finding,
            data_hash=data_hash,
            at=self.desk.clock.account_now(),
        )

    def _read(self, question: Question, incident: Incident, item: Evidence) -> Reading:
        window = _window(incident, item)
        if not isinstance(item.request, ComparisonRequest):
            return self._paid(question, incident, window)
        named = (item.request.incident_id, item.request.evidence_id)
        kept = self.desk.store.evidence(item.request.incident_id)
        before = next((one for one in kept if (one.incident_id, one.id) == named), None)
        if before is None:
            gone = GapDetail(reason=GapReason.NOT_FOUND, message=f"{' '.join(named)} is not kept")
            return gap_reading(question, window, gone, None)
        return compared(question, before, self._ledger_of_then(item))

    def _paid(self, question: Question, incident: Incident, window: Window) -> Reading:
        """The answer of the source; what it cost is the incident's."""
        store = self.desk.store
        total = spent_on(store.investigation(incident.id), store.evidence(incident.id))
        spent = self.budget.used_up(total)
        if spent:
            return budget_gap(question, window, spent)
        reading = self.reader.read(question, incident.baseline, window)
        persistently(lambda: self._charge(incident, reading.usage))
        return reading

    def _charge(self, incident: Incident, usage: CallUsage) -> None:
        """Count it on the newest look, if something was sent and there is one."""
        current = self.desk.store.investigation(incident.id)
        if current is not None and usage != CallUsage():
            charged = current.model_copy(update={"elsewhere": current.elsewhere.plus(usage)})
            self.desk.store.commit(Changeset(puts=(charged,)))

    def _ledger_of_then(self, item: Evidence) -> list[Evidence]:
        """What the investigation had collected when it compared."""
        origin = item.task.partition("/")[0] + "/"
        ledger = self.desk.store.evidence(item.incident_id)
        earlier = takewhile(lambda one: one.id != item.id, ledger)
        return [one for one in earlier if one.task.startswith(origin)]

    def _entry(self, incident: Incident, evidence_id: str) -> Evidence:
        for item in self.desk.store.evidence(incident.id):
            if item.id == evidence_id:
                return item
        raise NotFound(
            f"{incident.id} has no evidence {evidence_id}",
            hint="The evidence tab and `opspilot incident show` list the ledger.",
        )


def _window(incident: Incident, item: Evidence) -> Window:
    """The window as the entry was read for: it ends there, while an open incident's has grown."""
    end = min(item.window.end, incident.window.end)
    return Window(start=min(incident.window.start, end), end=end)
