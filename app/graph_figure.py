"""The call graph as a figure: a box for each resource, an arrow for each step of the work."""

from app.call_graph import Graph, Node, Part
from app.palette import Palette
from app.plotting import FONT, Figure, Piece, escaped
from opspilot.domain.resource import ResourceKind

KINDS = {
    ResourceKind.FUNCTION: "function",
    ResourceKind.API: "API",
    ResourceKind.TABLE: "table",
    ResourceKind.QUEUE: "queue",
    ResourceKind.STREAM: "stream",
    ResourceKind.ACCOUNT: "account",
}
HOT: frozenset[Part] = frozenset({"cause", "lead", "first failure", "harmed"})

_WIDTH, _HEIGHT, _ACROSS, _DOWN = 0.78, 0.62, 1.0, 1.0
_ROW_PX, _EDGE_PX = 74, 24
_LEAST_COLUMNS = 4
_LONGEST_NAME = 24


def graph_figure(graph: Graph, palette: Palette) -> Figure:
    """Columns from left to right in the direction of the work."""
    columns = max(_LEAST_COLUMNS, 1 + max(node.column for node in graph.nodes))
    rows = 1 + max(node.row for node in graph.nodes)
    places = {node.resource: node for node in graph.nodes}
    arrows = [_arrow(places[one], places[other], palette) for one, other in graph.arrows]
    names = [piece for node in graph.nodes for piece in _texts(node, palette)]
    hidden: Piece = {"visible": False, "fixedrange": True}
    return {
        "data": [_hovers(graph, palette)],
        "layout": {
            "height": rows * _ROW_PX + _EDGE_PX,
            "margin": {"l": 0, "r": 0, "t": 4, "b": 4},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": False,
            "hovermode": "closest",
            "dragmode": False,
            "font": {"color": palette.text, "size": 13, "family": FONT},
            "xaxis": {**hidden, "range": [-0.02, columns * _ACROSS - (_ACROSS - _WIDTH) + 0.02]},
            "yaxis": {**hidden, "range": [rows * _DOWN - (_DOWN - _HEIGHT) + 0.1, -0.1]},
            "shapes": [_box(node, palette) for node in graph.nodes],
            "annotations": [*arrows, *names],
        },
    }


def tone(part: Part, palette: Palette) -> str:
    """The colour that stands for a part."""
    return {
        "cause": palette.breach,
        "lead": palette.action,
        "first failure": palette.change,
        "harmed": palette.waiting,
        "quiet": palette.rule,
        "unread": palette.rule,
    }[part]


def _corner(node: Node) -> tuple[float, float]:
    return node.column * _ACROSS, node.row * _DOWN


def _box(node: Node, palette: Palette) -> Piece:
    x, y = _corner(node)
    colour = tone(node.part, palette)
    hot = node.part in HOT
    return {
        "type": "rect",
        "x0": x,
        "y0": y,
        "x1": x + _WIDTH,
        "y1": y + _HEIGHT,
        "line": {
            "color": colour,
            "width": 2 if hot else 1.25,
            "dash": "dot" if node.part == "unread" else "solid",
        },
        "fillcolor": palette.faint(colour, 0.12) if hot else palette.raised,
        "layer": "below",
    }


def _texts(node: Node, palette: Palette) -> list[Piece]:
    x, y = _corner(node)
    name = node.resource.name
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    kind = KINDS.get(node.resource.kind, "resource")
    part = f", {node.part}" if node.part in HOT else ", not read" if node.part == "unread" else ""
    own = " (opened on this)" if node.symptom else ""
    common: Piece = {"x": x + 0.03, "xanchor": "left", "showarrow": False, "align": "left"}
    return [
        {**common, "y": y + 0.21, "text": f"<b>{escaped(short)}</b>", "font": {"size": 13}},
        {
            **common,
            "y": y + 0.44,
            "text": f"{kind}{part}{own}",
            "font": {"size": 11, "color": palette.secondary},
        },
    ]


def _arrow(one: Node, other: Node, palette: Palette) -> Piece:
    """From the right edge of one to the left of the other; to its right edge for a way back."""
    x1, y1 = _corner(one)
    x2, y2 = _corner(other)
    hot = one.part in HOT and other.part in HOT
    back = other.column <= one.column
    return {
        "x": x2 + (_WIDTH if back else 0.0),
        "y": y2 + _HEIGHT / 2,
        "ax": x1 + (0.0 if back else _WIDTH),
        "ay": y1 + _HEIGHT / 2,
        "xref": "x",
        "yref": "y",
        "axref": "x",
        "ayref": "y",
        "showarrow": True,
        "arrowhead": 2,
        "arrowsize": 1.1,
        "arrowwidth": 2 if hot else 1.25,
        "arrowcolor": palette.breach if hot else palette.secondary,
        "opacity": 0.9 if hot else 0.55,
        "text": "",
    }


def _hovers(graph: Graph, palette: Palette) -> Piece:
    """An invisible point in the middle of each box tells what stands out there."""
    corners = [_corner(node) for node in graph.nodes]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x + _WIDTH / 2 for x, _ in corners],
        "y": [y + _HEIGHT / 2 for _, y in corners],
        "marker": {"size": 46, "color": palette.faint(palette.ground, 0.01)},
        "text": [
            escaped(f"{node.resource.name}: {node.says or node.part}") for node in graph.nodes
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
