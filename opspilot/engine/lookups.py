"""Asks one question on behalf of a conversation, and puts the answer into the incident's ledger.

The same reader and the same ledger as an investigation's: an entry that a conversation filed has
its query, window, hash and snapshot too, and can be cited. Its task begins with `CHAT`, so that it
counts neither for a pass of the investigation nor for its verdict.
"""

from dataclasses import dataclass

from opspilot.domain.evidence import Evidence, LogDetail, LogRequest
from opspilot.domain.incident import Incident
from opspilot.domain.model import Model
from opspilot.domain.window import Window
from opspilot.domain.wording import plural
from opspilot.engine.answer import budget_gap
from opspilot.engine.budget import Budget, spent_on
from opspilot.engine.ledger import Ledger
from opspilot.engine.questions import Question
from opspilot.engine.reading import Reader, Reading
from opspilot.engine.steps import Scope
from opspilot.errors import Conflict

CHAT = "chat/"
"""How the task of an entry begins that a conversation filed."""

_TRIES = 5


class Span(Model):
    """A window with a name, and what it is compared with.

    Attributes:
        compare: Lies before `window`, or ends within it; the overlap counts for `window`.
    """

    name: str
    window: Window
    compare: Window


@dataclass(frozen=True)
class Lookups:
    """Reads and files.

    Attributes:
        budget: Of the incident; a source is not asked once it is spent.
    """

    reader: Reader
    ledger: Ledger
    budget: Budget

    def ask(
        self, question: Question, span: Span, incident: Incident, origin: str, scope: Scope
    ) -> Evidence:
        """The ledger's entry with the answer; a failure of the source is an entry too.

        A question that was answered already under this origin is not asked again: a turn that was
        killed and resumed finds its own answer.

        Args:
            question: What to read.
            span: The window, and what to compare it with.
            incident: Whose ledger.
            origin: Which turn asks: "chat/1.3".
            scope: Of the running step; the entry is filed under its lease.

        Raises:
            AwsCredentialsMissing: Nothing at all can be read.
            Conflict: The ledger kept growing meanwhile.
        """
        reading: Reading | None = None
        for _ in range(_TRIES):
            ledger = scope.store.evidence(incident.id)
            task = f"{origin}/{question.key}"
            known = next((item for item in ledger if item.task == task), None)
            if known is not None:
                return known
            if reading is None:
                reading = self._read(question, span, scope, incident)
            number = len(ledger) + 1
            item = self.ledger.entry(f"E{number}", origin, question, reading, incident)
            try:
                scope.save(item, audit=(self.ledger.audit(item),))
            except Conflict:
                continue
            return item
        raise Conflict(f"the ledger of {incident.id} keeps growing")

    def _read(self, question: Question, span: Span, scope: Scope, incident: Incident) -> Reading:
        store = scope.store
        total = spent_on(store.investigation(incident.id), store.evidence(incident.id))
        spent = self.budget.used_up(total)
        if spent:
            return budget_gap(question, span.window, spent)
        return _said(question, self.reader.read(question, span.compare, span.window))


def filed_by_chat(item: Evidence) -> bool:
    """Whether a conversation asked for this entry."""
    return item.task.startswith(CHAT)


def _said(question: Question, reading: Reading) -> Reading:
    """A search for words says how often they occur; the reader's sentence is about whole logs."""
    request, detail = question.request, reading.detail
    if not isinstance(request, LogRequest) or not request.incident.pattern:
        return reading
    if not isinstance(detail, LogDetail):
        return reading
    cut = " (cut: there are more)" if reading.partial else ""
    finding = (
        f"Log of {question.resource.name}: {plural(detail.lines_incident, 'line')} match "
        f"{request.incident.pattern} in the window, {detail.lines_baseline:,} in as long a time "
        f"before it{cut}."
    )
    return reading.model_copy(update={"finding": finding})
