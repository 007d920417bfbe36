"""The ledger: every entry with its exact query, window, hash and stored snapshot."""

import json
from collections.abc import Sequence
from typing import cast

import streamlit as st

from app import attacks, tables
from app.address import keep, seed
from app.answered import standing
from app.charts import linked_chart
from app.components.chips import EVIDENCE_KEY
from app.components.feed import feed
from app.components.figures import colours, draw
from app.components.linked import of_current
from app.formatting import Now, moment, stamp, words
from app.guard import guarded, sentence, show_notices
from app.markup import Html, el, show
from app.rows import row_of
from app.snapshots import fields_of
from app.state import Notice, put_notice
from app.wiring import Desk
from opspilot.domain.evidence import Evidence, GapDetail, LogDetail, MetricDetail
from opspilot.domain.incident import Incident
from opspilot.domain.views import IncidentView, attacks_of
from opspilot.engine.rerun import Rerun

_MOST_LINES = 200


def evidence_tab(view: IncidentView, desk: Desk, *, rerunnable: bool = True) -> None:
    """Choose an entry, read it, and below it the whole ledger as a table.

    `rerunnable`: the sources are there to be asked again, as those of a capsule are not.
    """
    evidence = view.evidence
    if not evidence:
        st.caption("Nothing has been read yet. Every answer of AWS is kept here with its query.")
        return
    by_id = {item.id: item for item in evidence}
    ids = list(by_id)
    seed(EVIDENCE_KEY, ids)
    chosen = st.selectbox(
        "Entry of the ledger",
        ids,
        format_func={item.id: f"{item.id}: {item.finding}" for item in evidence}.__getitem__,
        key=EVIDENCE_KEY,
    )
    keep(EVIDENCE_KEY, chosen, ids[0])
    _entry(by_id[chosen], view, desk, rerunnable=rerunnable)
    show(el("h2", "The whole ledger"))
    tables.table([_table_row(one) for one in evidence], key="ledger", widths={"finding": 560})
    with st.expander("How it was gathered"):
        show(feed(view, desk.now))


def _entry(item: Evidence, view: IncidentView, desk: Desk, *, rerunnable: bool) -> None:
    incident = view.incident
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show(el("p", el("b", f"{item.id} "), item.finding, cls="op-verdict"))
        _snapshot(item, incident, desk)
    with right:
        show(_facts(item, _why(item, view), desk.now))
        if rerunnable:
            _rerun(item, incident, desk)
        with st.expander("The exact query"):
            st.code(
                json.dumps(item.request.model_dump(mode="json"), indent=2),
                language=None,
                wrap_lines=True,
            )


def _rerun(item: Evidence, incident: Incident, desk: Desk) -> None:
    """Ask the source again, and hold the answer against what the ledger keeps."""
    place = f"rerun-{item.id}"
    if st.button("Run this query again", key=f"ask-{item.id}"):
        with guarded("asking again"), st.spinner("Asking AWS"):
            again = desk.bench.reruns.rerun(incident.id, item.id, actor=desk.actor)
            put_notice(place, _told(again, desk.now))
    show_notices(place)


def _told(again: Rerun, now: Now) -> Notice:
    at = stamp(again.at, now.account)
    if again.same:
        return Notice(f"The same data, by its hash, at {at}.", tone="healthy")
    if not again.answered:
        return Notice(f"The source did not answer at {at}: {sentence(again.finding)}")
    return Notice(
        f"The source says something else at {at}.",
        f"Now: {sentence(again.finding)}",
        "What the ledger keeps is what the verdict was drawn from; it stays as it is.",
    )


def _why(item: Evidence, view: IncidentView) -> str:
    """What the answer might have refuted; empty where every investigation asks it."""
    return next(
        (
            attacks.reason(one.task.why)
            for one in attacks_of(view.investigation, of_current(view))
            if one.evidence == item
        ),
        "",
    )


def _facts(item: Evidence, why: str, now: Now) -> Html:
    found = standing(item)
    window = f"{stamp(item.window.start, now.account)} to {stamp(item.window.end, now.account)}"
    facts: list[tuple[str, Html | str]] = [
        ("About", el("span", item.resource.name, title=item.resource.arn)),
        ("Source", words(item.request.source)),
        ("Asked by", _asker(item)),
        ("Window", window),
        ("Read at", moment(item.collected_at, now.account, now.zone)),
        ("Status", f"could not be read: {found}" if item.status == "gap" else found),
        ("SHA-256 of the data", el("code", item.data_hash, cls="op-hash")),
        ("AWS request ids", ", ".join(item.request_ids) or "none"),
    ]
    if isinstance(item.detail, GapDetail) and item.detail.iam_action:
        facts.append(("Missing permission", el("code", item.detail.iam_action)))
    if why:
        facts.append(("Why it was asked", why))
    return definitions(facts)


def _asker(item: Evidence) -> str:
    """An investigation by its number, or a conversation's turn."""
    origin, _, rest = item.task.partition("/")
    return f"chat, turn {rest.partition('/')[0]}" if origin == "chat" else f"investigation {origin}"


def definitions(facts: Sequence[tuple[str, Html | str]]) -> Html:
    """Names and values, one under the other."""
    pairs = [el("div", el("dt", name), el("dd", value)) for name, value in facts]
    return el("dl", *pairs, cls="op-facts")


def _snapshot(item: Evidence, incident: Incident, desk: Desk) -> None:
    row = row_of(item)
    if row is not None:
        figure = linked_chart(
            [row],
            (),
            baseline=incident.baseline,
            incident=incident.window,
            palette=colours(desk),
        )
        draw(figure, f"evidence-{item.id}", item.finding)
    elif isinstance(item.detail, MetricDetail):
        st.caption("The metric has no datapoint in this window. No data is not zero.")
    elif isinstance(item.detail, LogDetail):
        st.caption("A bounded sample of the lines, redacted before they were stored.")
        st.code(_lines(item), language=None, height=320)
    else:
        rows = [{"setting": name, "value": value} for name, value in fields_of(item.snapshot)]
        tables.table(rows, key=f"snapshot-{item.id}")
        with st.expander("As it was stored"):
            text = json.dumps(item.snapshot, indent=2, ensure_ascii=False)
            st.code(text, language=None, height=320, wrap_lines=True)


def _lines(item: Evidence) -> str:
    snapshot = cast("dict[str, list[list[str]]]", item.snapshot)
    parts: list[str] = []
    for name in ("incident", "baseline"):
        lines = snapshot.get(name, [])
        parts.append(f"--- {name}: {len(lines)} lines kept")
        parts += [f"{line[0]}  {line[2]}" for line in lines[:_MOST_LINES]]
    return "\n".join(parts)


def _table_row(item: Evidence) -> dict[str, tables.Cell]:
    return {
        "entry": item.id,
        "status": standing(item),
        "resource": item.resource.name,
        "source": item.request.source,
        "finding": item.finding,
        "read at (UTC)": f"{item.collected_at:%Y-%m-%d %H:%M:%S}",
        "hash": item.data_hash,
    }
