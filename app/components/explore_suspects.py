"""What stands out most around the chosen resources, as small charts in order of onset."""

import streamlit as st

from app import explore_queries, tables
from app.components.explore_around import gap_text
from app.components.explore_charts import view_key
from app.components.explore_look import Look
from app.components.figures import colours, draw
from app.explore_figures import multiples_chart
from app.explore_rows import suspect_cell, suspect_line
from app.guard import show_notice
from app.markup import el, show
from app.state import Notice
from app.wiring import Desk
from opspilot.domain.evidence import GapDetail
from opspilot.domain.wording import plural
from opspilot.engine.explore_suspects import Suspects


def suspects(look: Look, desk: Desk) -> None:
    """All signals of the chosen resources and their neighbours, those that stand out ranked.

    Raises:
        OpsPilotError: They could not be read.
    """
    if not look.resources:
        st.caption("Choose a resource: its neighbours are found by who calls whom.")
        return
    found = explore_queries.suspects(look.resources, look.window, look.baseline, _symptom(look))
    show(el("p", _said(found), cls="op-num"))
    _gaps(found)
    if not found.found:
        return
    in_order = sorted(found.found, key=lambda one: (one.onset, one.rank))
    figure = multiples_chart(
        [suspect_cell(one) for one in in_order],
        baseline=look.baseline,
        window=look.window,
        palette=colours(desk),
    )
    draw(figure, view_key(look, "suspects"), f"{len(in_order)} suspects in order of onset")
    lines = [suspect_line(one) for one in found.found]
    tables.table(lines, key="look-suspects", widths={"rank": 60, "signal": 320})
    st.download_button(
        "Download the suspects (CSV)",
        data=tables.csv_text(lines),
        file_name="opspilot-suspects.csv",
        mime="text/csv",
        key="look-suspects-csv",
    )


def _symptom(look: Look) -> tuple[str, str, str] | None:
    """The first chosen series: what the person looks at is where the trouble was seen."""
    for one in look.asked:
        if one.resource is not None:
            return one.resource.arn, one.query.metric, one.query.statistic
    return None


def _said(found: Suspects) -> str:
    names = ", ".join(one.name for one in found.searched)
    searched = f"{plural(found.series, 'signal')} of {names or 'no resource'} were compared"
    left = f"; {plural(found.left_out, 'neighbour')} left out" if found.left_out else ""
    if not found.found:
        return f"Nobody stands out: {searched}{left}."
    return (
        f"{searched}{left}. In order of onset; the number is the rank of suspicion, the effect is "
        "in robust standard deviations of the baseline."
    )


def _gaps(found: Suspects) -> None:
    if not found.gaps:
        return
    names = ", ".join(dict.fromkeys(name for name, _ in found.gaps))
    reasons = dict.fromkeys(
        gap_text(gap) if isinstance(gap, GapDetail) else gap for _, gap in found.gaps
    )
    show_notice(Notice(what=f"Not read: {names}.", todo=" ".join(reasons), tone="waiting"))
