"""What is on record already: the entries of the incident's ledger."""

from typing import Literal

from pydantic import Field

from opspilot.domain.evidence import Evidence
from opspilot.domain.model import Json
from opspilot.errors import InputError
from opspilot.tools.filed import told
from opspilot.tools.tool import Arguments, Context, Outcome, Tool

Source = Literal[
    "all", "metrics", "logs", "configuration", "topology", "traces", "changes", "alarms"
]

_MOST = 60
_LONGEST = 220


class ListArguments(Arguments):
    """Which entries."""

    source: Source = Field(default="all", description="Only entries that were read there.")


class ShowArguments(Arguments):
    """Which entry."""

    evidence_id: str = Field(
        pattern=r"^E\d{1,5}$", description="Id of a ledger entry as list_evidence gives it: E3."
    )


def _list(given: ListArguments, context: Context) -> Outcome:
    ledger = context.ledger()
    wanted = [one for one in ledger if given.source in ("all", one.request.source)]
    content: dict[str, Json] = {
        "count": len(wanted),
        "entries": [_line(one) for one in wanted[-_MOST:]],
    }
    if len(wanted) > _MOST:
        content["caution"] = f"the newest {_MOST} of {len(wanted)} entries"
    return Outcome(
        status="success" if wanted else "no_data",
        summary=f"{len(wanted)} entries of the ledger" if wanted else "The ledger holds none.",
        content=content,
    )


def _line(item: Evidence) -> Json:
    return {
        "id": item.id,
        "about": item.resource.name,
        "source": item.request.source,
        "status": item.status,
        "finding": item.finding[:_LONGEST],
    }


def _show(given: ShowArguments, context: Context) -> Outcome:
    ledger = {item.id: item for item in context.scope.store.evidence(context.incident.id)}
    item = ledger.get(given.evidence_id)
    if item is None:
        held = f"E1 to E{len(ledger)}" if ledger else "no entry"
        raise InputError(f"there is no {given.evidence_id}; the ledger holds {held}")
    figures: dict[str, Json] = {
        "about": item.resource.name,
        "from": item.window.start.isoformat(),
        "to": item.window.end.isoformat(),
        "read_at": item.collected_at.isoformat(),
        "quoted_detail": item.detail.model_dump(mode="json", exclude_none=True),
        "data_sha256": item.data_hash,
    }
    return told(item, None, figures)


LIST_EVIDENCE = Tool(
    name="list_evidence",
    title="Evidence",
    description=(
        "The entries of this incident's ledger: id, resource, source, and the finding in one "
        "sentence. Call it before reading anything anew."
    ),
    arguments=ListArguments,
    run=_list,
)

SHOW_EVIDENCE = Tool(
    name="show_evidence",
    title="Evidence entry",
    description="One entry of the ledger with its figures. The detail quotes data from outside.",
    arguments=ShowArguments,
    run=_show,
)
