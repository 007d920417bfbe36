"""Who calls whom around the incident, the suspects marked and the harmed coloured."""

import streamlit as st

from app.call_graph import Node, graph_of
from app.components.figures import colours, draw
from app.components.linked import of_current
from app.graph_figure import KINDS, graph_figure
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import plural


def call_graph_tab(view: IncidentView, desk: Desk) -> None:
    """The drawing, in which each box says its part, and what stands out in words."""
    verdict = view.investigation.verdict if view.investigation else None
    evidence = of_current(view)
    if not evidence:
        st.caption("Nothing has been read yet. Who calls whom appears here.")
        return
    graph = graph_of(view.incident, evidence, verdict)
    drawn = plural(len(graph.nodes), "resource")
    draw(graph_figure(graph, colours(desk)), "call-graph", f"Who calls whom: {drawn}")
    if graph.left_out:
        st.caption(f"{plural(graph.left_out, 'resource')} further away are not drawn.")
    if not graph.arrows:
        st.caption("No call of this resource is known from its configuration or its callers'.")
    show(el("ul", *[_line(node) for node in graph.nodes if node.says], cls="op-list"))


def _line(node: Node) -> Html:
    kind = KINDS.get(node.resource.kind, "resource")
    return el("li", el("b", f"{node.resource.name} ({kind})"), f": {node.says}")
