"""Who calls whom around the incident, the suspects marked and the harmed coloured."""

import streamlit as st

from app.call_graph import Graph, Node, graph_of
from app.components.figures import colours, draw
from app.components.linked import of_current
from app.graph_figure import KINDS, graph_figure
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import plural

_LEGEND = (
    ("cause", "cause"),
    ("lead", "strongest lead"),
    ("first failure", "first failure"),
    ("harmed", "harmed"),
    ("quiet", "nothing stands out"),
    ("unread", "not read"),
)


def call_graph_tab(view: IncidentView, desk: Desk) -> None:
    """The drawing, its legend, and the same in words."""
    verdict = view.investigation.verdict if view.investigation else None
    evidence = of_current(view)
    if not evidence:
        st.caption("Nothing has been read yet. Who calls whom appears here.")
        return
    graph = graph_of(view.incident, evidence, verdict)
    drawn = plural(len(graph.nodes), "resource")
    draw(graph_figure(graph, colours(desk)), "call-graph", f"Who calls whom: {drawn}")
    show(_legend(graph))
    if graph.left_out:
        st.caption(f"{plural(graph.left_out, 'resource')} further away are not drawn.")
    if not graph.arrows:
        st.caption("No call of this resource is known from its configuration or its callers'.")
    show(el("ul", *[_line(node) for node in graph.nodes if node.says], cls="op-list"))


def _legend(graph: Graph) -> Html:
    present = {node.part for node in graph.nodes}
    marks = [
        el("span", el("span", cls=f"op-key op-key-{part.replace(' ', '-')}"), words)
        for part, words in _LEGEND
        if part in present
    ]
    return el("p", *marks, cls="op-legend op-quiet-text")


def _line(node: Node) -> Html:
    kind = KINDS.get(node.resource.kind, "resource")
    return el("li", el("b", f"{node.resource.name} ({kind})"), f": {node.says}")
