"""The parts of an incident's page, drawn from a capsule; nothing here gives a command."""

from collections.abc import Sequence

import streamlit as st

from app import queries, stages
from app.change_rows import onset_of
from app.charts import linked_chart
from app.components.call_graph import call_graph_tab
from app.components.changes import changes_tab
from app.components.chips import TAB_KEY
from app.components.evidence import evidence_tab
from app.components.figures import colours, draw
from app.components.history import audit_table, timeline_tab
from app.components.hypotheses import hypotheses_tab
from app.components.incident_header import facts, incident_header, stage_rail
from app.components.linked import marked_changes, of_current
from app.components.logs import logs_tab
from app.components.plan import plan_tab
from app.components.similar import similar_tab
from app.components.surroundings import trust, what_changed
from app.components.verdict import verdict_boxes
from app.components.verification import verified_plan
from app.formatting import Now
from app.guard import guarded, sentence
from app.markup import Html, el, show
from app.rows import most_telling, row_of, telling
from app.wiring import Desk
from opspilot.domain.capsule import Capsule, Replay
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import plural

MOST_MEGABYTES = 16
"""As much as reading takes in."""

TABS = (
    "Hypotheses", "Evidence", "Call graph", "Changes", "Logs diff", "Plan", "Verification",
    "Similar", "Notes", "Timeline", "Audit",
)  # fmt: skip


def chosen_file() -> bytes | None:
    """The file that a person gives; None while there is none."""
    given = st.file_uploader(
        "A capsule, as `opspilot capsule export` or the review page made it",
        type=["gz"],
        key="capsule-file",
        max_upload_size=MOST_MEGABYTES,
        help="It is read in memory, checked, shown, and forgotten with this session.",
    )
    return given.getvalue() if given is not None else None


def strip(capsule: Capsule) -> None:
    """Says that this is a capsule, whose it is, and how far it can be trusted."""
    title = "Capsule, read-only. Nothing here can be approved or run."
    _notice(title, _provenance(capsule), tone="waiting")


def _provenance(capsule: Capsule) -> str:
    manifest, trail = capsule.manifest, capsule.trail
    covered = "signed to its end"
    if trail.uncovered:
        covered = f"{plural(trail.uncovered, 'entry', 'entries')} of it not signed yet"
    gone = f" {plural(len(capsule.missing), 'entry', 'entries')} of the ledger had expired."
    return (
        f"{manifest.incident_id}, exported {manifest.exported_at:%Y-%m-%d %H:%M:%S} UTC by "
        f"OpsPilot {manifest.product_version}. Its audit trail of "
        f"{plural(trail.entries, 'entry', 'entries')} is intact, {covered}, with the key "
        f"{trail.key_id}. It is shown from the file; nothing here can be changed."
        f"{gone if capsule.missing else ''}"
    )


def _notice(title: str, text: str, *, tone: str, lines: Sequence[str] = ()) -> None:
    body = el(
        "div",
        el("p", title, cls="op-strong"),
        el("p", text),
        el("ul", *[el("li", line) for line in lines], cls="op-list") if lines else None,
    )
    mark = el("span", "✓" if tone == "healthy" else "◇", cls="op-mark", aria_hidden="true")
    show(el("div", mark, body, cls=f"op-notice op-{tone}", role="status"))


def replayed(content: bytes) -> None:
    """Draw the verdict again when it is asked for."""
    if st.button("Replay the verdict", key="capsule-replay"):
        with guarded("replaying the capsule", kept="The record stays as it is."):
            _told(queries.capsule_replay(content))


def _told(result: Replay) -> None:
    same = result.outcome == "same"
    rules = f" The rules were version {result.rules_recorded}, and are {result.rules_now} now."
    counted = (
        f"{plural(result.recomputed, 'finding')} computed again from the stored data, "
        f"{result.taken} taken as recorded."
    )
    findings = [f"{one.evidence_id} {field}" for one in result.findings for field in one.fields]
    _notice(
        "The same verdict, order and numbers." if same else "The verdict comes out otherwise.",
        counted + ("" if result.rules_recorded == result.rules_now else rules),
        tone="healthy" if same else "waiting",
        lines=[*result.differences, *findings],
    )


def record(capsule: Capsule, view: IncidentView, desk: Desk) -> None:
    """Head, verdict, what changed, charts and tabs, at the time of the export."""
    account = max((entry.at for entry in capsule.audit), default=None)
    now = Now(capsule.manifest.exported_at, account, desk.now.zone)
    there = Desk(desk.bench, desk.actor, now, desk.theme)
    show(
        incident_header(view.incident, now),
        facts(view.incident, now),
        stage_rail(stages.rail(view)),
    )
    left, right = st.columns([3, 2], gap="medium")
    evidence = of_current(view)
    with left:
        if view.investigation and view.investigation.verdict:
            cut_short = view.investigation.cut_short
            verdict_boxes(view.investigation.verdict, evidence, now, cut_short=cut_short)
        else:
            st.caption("It was exported before there was a verdict.")
    with right:
        verdict = view.investigation.verdict if view.investigation else None
        onset = onset_of(view.incident, verdict)
        show(what_changed(marked_changes(view), evidence, onset, now, over=True))
        trust(evidence, view.investigation, _account(view), now)
    _charts(view, there)
    _tabs(capsule, view, there)


def _account(view: IncidentView) -> Html:
    """The account that its resource lies in; of which kind it was is not in the file."""
    own = view.incident.resource
    said = f"Account {own.account} / {own.region}, as recorded; whether embedded is not recorded."
    return el("span", said, cls="op-num")


def _charts(view: IncidentView, desk: Desk) -> None:
    incident = view.incident
    shown = most_telling(telling(of_current(view), incident))
    rows = [row for item in shown if (row := row_of(item))]
    if not rows:
        return
    figure = linked_chart(
        rows,
        marked_changes(view),
        baseline=incident.baseline,
        incident=incident.window,
        palette=colours(desk),
    )
    draw(figure, "capsule-linked", f"{len(rows)} metrics on one time axis: {rows[0].title}")


def _tabs(capsule: Capsule, view: IncidentView, desk: Desk) -> None:
    tabs = st.tabs(TABS, key=TAB_KEY, bind="query-params")
    name, tab = next(((name, tab) for name, tab in zip(TABS, tabs, strict=True) if tab.open))
    with tab:
        _draw(name, capsule, view, desk)


def _draw(name: str, capsule: Capsule, view: IncidentView, desk: Desk) -> None:
    drawn = {
        "Hypotheses": lambda: hypotheses_tab(view),
        "Evidence": lambda: evidence_tab(view, desk, rerunnable=False),
        "Call graph": lambda: call_graph_tab(view, desk),
        "Changes": lambda: changes_tab(view, desk.now),
        "Similar": lambda: similar_tab(view, desk, queries.capsule_history(desk, capsule)),
        "Logs diff": lambda: logs_tab(of_current(view)),
        "Plan": lambda: plan_tab(view, desk, decide=False),
        "Verification": lambda: show(_measured(view)),
        "Notes": lambda: show(_notes(view)),
        "Timeline": lambda: timeline_tab(view, desk.now),
        "Audit": lambda: audit_table(view.audit),
    }
    drawn[name]()


def _measured(view: IncidentView) -> Html:
    plan = verified_plan(view)
    if plan is None or plan.verification is None:
        return el("p", "Nothing was executed and measured.", cls="op-quiet-text")
    outcome = plan.verification.outcome or "still observed"
    lines = [el("li", sentence(one.sentence)) for one in plan.verification.measurements]
    return el(
        "div",
        el("p", f"Plan {plan.number}: {outcome.replace('_', ' ')}", cls="op-verdict"),
        el("ul", *[el("li", sentence(one.text)) for one in plan.criteria], *lines, cls="op-list"),
    )


def _notes(view: IncidentView) -> Html:
    if not view.notes:
        return el("p", "Nobody wrote a note.", cls="op-quiet-text")
    lines = [el("li", el("b", f"{note.author.name}: "), note.text) for note in view.notes]
    return el("ul", *lines, cls="op-list")
