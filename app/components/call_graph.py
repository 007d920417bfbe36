"""Who calls whom around the incident, the suspects marked and the harmed coloured."""

import streamlit as st

from app.call_graph import Graph, Node, graph_of
from app.components.linked import of_current
from app.markup import Html, el, show
from opspilot.domain.resource import Resource, ResourceKind
from opspilot.domain.views import IncidentView
from opspilot.domain.wording import plural

_WIDTH, _HEIGHT, _ACROSS, _DOWN, _EDGE = 176, 46, 244, 70, 8
_LONGEST_NAME = 22
_KINDS = {
    ResourceKind.FUNCTION: "function",
    ResourceKind.API: "API",
    ResourceKind.TABLE: "table",
    ResourceKind.QUEUE: "queue",
    ResourceKind.STREAM: "stream",
    ResourceKind.ACCOUNT: "account",
}
_LEGEND = (
    ("cause", "cause"),
    ("lead", "strongest lead"),
    ("first failure", "first failure"),
    ("harmed", "harmed"),
    ("quiet", "nothing stands out"),
    ("unread", "not read"),
)


def call_graph_tab(view: IncidentView) -> None:
    """The drawing, its legend, and the same in words."""
    verdict = view.investigation.verdict if view.investigation else None
    evidence = of_current(view)
    if not evidence:
        st.caption("Nothing has been read yet. Who calls whom appears here.")
        return
    graph = graph_of(view.incident, evidence, verdict)
    show(_drawing(graph), _legend(graph))
    if graph.left_out:
        st.caption(f"{plural(graph.left_out, 'resource')} further away are not drawn.")
    if not graph.arrows:
        st.caption("No call of this resource is known from its configuration or its callers'.")
    show(el("ul", *[_line(node) for node in graph.nodes if node.says], cls="op-list"))


def _drawing(graph: Graph) -> Html:
    columns = 1 + max(node.column for node in graph.nodes)
    rows = 1 + max(node.row for node in graph.nodes)
    width = columns * _ACROSS - (_ACROSS - _WIDTH) + 2 * _EDGE
    height = rows * _DOWN - (_DOWN - _HEIGHT) + 2 * _EDGE
    places = {node.resource: node for node in graph.nodes}
    return el(
        "div",
        el(
            "svg",
            *[_arrow(places[one], places[other]) for one, other in graph.arrows],
            *map(_box, graph.nodes),
            viewBox=f"0 0 {width} {height}",
            width=f"{width}",
            height=f"{height}",
            role="img",
            aria_label=f"Call graph of {plural(len(graph.nodes), 'resource')}",
        ),
        cls="op-graph",
    )


def _corner(node: Node) -> tuple[int, int]:
    return _EDGE + node.column * _ACROSS, _EDGE + node.row * _DOWN


def _box(node: Node) -> Html:
    x, y = _corner(node)
    kind = _KINDS.get(node.resource.kind, "resource")
    what = f"{kind}, the incident's own" if node.symptom else kind
    name = node.resource.name
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    return el(
        "g",
        el("title", f"{name}: {node.part}. {node.says}"),
        el("rect", x=f"{x}", y=f"{y}", width=f"{_WIDTH}", height=f"{_HEIGHT}", rx="4"),
        el("text", short, x=f"{x + 10}", y=f"{y + 20}", cls="op-graph-name"),
        el("text", what, x=f"{x + 10}", y=f"{y + 37}", cls="op-graph-kind"),
        cls=f"op-node op-node-{node.part.replace(' ', '-')}" + (" op-own" if node.symptom else ""),
    )


def _arrow(one: Node, other: Node) -> Html:
    """From the right edge of one to the left of the other; back round for a loop."""
    x1, y1 = _corner(one)
    x2, y2 = _corner(other)
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    bend = max((x2 - x1) // 2, 30)
    path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    head = f"M{x2} {y2} l-7 -4 v8 z"
    hot = {"cause", "lead", "first failure", "harmed"}
    cls = "op-call op-call-hot" if {one.part, other.part} <= hot else "op-call"
    return el("g", el("path", d=path, fill="none"), el("path", d=head, cls="op-head"), cls=cls)


def _legend(graph: Graph) -> Html:
    present = {node.part for node in graph.nodes}
    marks = [
        el("span", el("span", cls=f"op-key op-key-{part.replace(' ', '-')}"), words)
        for part, words in _LEGEND
        if part in present
    ]
    return el("p", *marks, cls="op-legend op-quiet-text")


def _line(node: Node) -> Html:
    return el("li", el("b", _named(node.resource)), f": {node.says}")


def _named(resource: Resource) -> str:
    return f"{resource.name} ({_KINDS.get(resource.kind, 'resource')})"
