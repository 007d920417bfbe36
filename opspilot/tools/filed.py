"""What a tool tells of a ledger entry: its sentence, its id, its window, a few figures."""

from collections.abc import Mapping

from opspilot.domain.evidence import Evidence, GapDetail
from opspilot.domain.model import Json
from opspilot.engine.lookups import Span
from opspilot.engine.questions import Question
from opspilot.tools.tool import Context, Outcome, Status


def file(question: Question, span: Span, context: Context) -> Evidence:
    """Ask, and file the answer in the incident's ledger."""
    keyed = question.model_copy(update={"key": f"{question.key}@{span.name}"})
    return context.lookups.ask(keyed, span, context.incident, context.origin, context.scope)


def told(
    item: Evidence, span: Span | None, figures: Mapping[str, Json], *, found: bool = True
) -> Outcome:
    """The outcome of a tool that filed or showed one entry.

    Args:
        item: The entry.
        span: The window it was asked for; None where none was chosen.
        figures: More for the model; None values are left out.
        found: Whether there was any data.
    """
    if isinstance(item.detail, GapDetail):
        return _gap(item, item.detail)
    content: dict[str, Json] = {"finding": item.finding, "evidence_id": item.id}
    if span is not None:
        content |= {"window": _window(span)}
    if item.status == "partial":
        content["caution"] = "the source said that this answer is not whole"
    content |= {name: value for name, value in figures.items() if value is not None}
    status: Status = "success" if found else "no_data"
    return Outcome(status=status, summary=item.finding, content=content, evidence=(item.id,))


def _gap(item: Evidence, detail: GapDetail) -> Outcome:
    content: dict[str, Json] = {
        "error": f"could not be read: {detail.reason}: {detail.message}",
        "evidence_id": item.id,
    }
    if detail.iam_action:
        content["missing_permission"] = detail.iam_action
    return Outcome(status="failed", summary=item.finding, content=content, evidence=(item.id,))


def _window(span: Span) -> Json:
    return {
        "name": span.name,
        "from": span.window.start.isoformat(),
        "to": span.window.end.isoformat(),
        "compared_with_from": span.compare.start.isoformat(),
    }
