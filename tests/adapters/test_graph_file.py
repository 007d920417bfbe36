"""The file of a declared graph: what it may say, and how it is told what it may not."""

import json
from pathlib import Path

import pytest

from opspilot.adapters.graph_file import read_graph
from opspilot.errors import InputError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(text)
    return path


def refusal(tmp_path: Path, text: str) -> str:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_graph(path)
    assert str(path) in caught.value.message
    assert "docs/connect.md" in caught.value.hint
    return caught.value.message.removeprefix(str(path))


def test_a_yaml_file_gives_its_edges_with_their_lines(tmp_path):
    graph = read_graph(
        written(
            tmp_path,
            "edges:\n"
            "  - caller: relay\n"
            "    callee: queue:jobs\n"
            "  # asked for by its live alias\n"
            "  - {caller: function:relay, callee: function:mailer, relation: invokes, "
            "through: live}\n",
        )
    )
    assert graph.file == "shop.yaml"
    assert [
        (one.caller, one.callee, one.relation, one.through, one.line) for one in graph.edges
    ] == [
        ("relay", "queue:jobs", None, "", 2),
        ("function:relay", "function:mailer", "invokes", "live", 5),
    ]


def test_the_same_in_json_is_the_same(tmp_path):
    text = json.dumps({"edges": [{"caller": "a", "callee": "b"}]}, indent=2)
    (edge,) = read_graph(written(tmp_path, text)).edges
    assert (edge.caller, edge.callee, edge.line) == ("a", "b", 3)


@pytest.mark.parametrize("text", ["", "edges:\n", "edges: []\n", "# nothing yet\n"])
def test_a_file_that_declares_nothing_is_no_error(tmp_path, text):
    assert read_graph(written(tmp_path, text)).edges == ()


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("- caller: a\n", 1, "the file must be a mapping"),
        ("nodes: []\n", 1, "has 'nodes', which is none of edges"),
        ("edges: a\n", 1, "edges must be a list"),
        ("edges:\n  - a\n", 2, "edges[0] must be a mapping with caller and callee"),
        ("edges:\n  - caller: a\n", 2, "edges[0] lacks callee"),
        ("edges:\n  - caller: a\n    calle: b\n", 3, "edges[0] has 'calle', which is none of"),
        ("edges:\n  - caller: a\n    caller: b\n", 3, "edges[0] has 'caller' twice"),
        ("edges:\n  - caller: a\n    callee:\n", 3, "edges[0].callee must be a text"),
        ("edges:\n  - caller: a\n    callee: [b]\n", 3, "edges[0].callee must be a text"),
        (
            "edges:\n  - caller: a\n    callee: b\n    relation: calls\n",
            4,
            "edges[0].relation is 'calls'; one of invokes, reads_writes",
        ),
        ("edges:\n  - caller: a\n    callee: topic:b\n", 3, "'topic' is no kind; one of function"),
        ("edges:\n  - caller: a\n    callee: 'queue:'\n", 3, "the name is missing"),
        ("edges:\n  - caller: a\n    callee: a\n", 2, "says that 'a' calls itself"),
        ("edges:\n  - caller: a\n   callee: b\n", 3, "neither YAML nor JSON"),
        ('{"edges": [{"caller": "a",, }]}', 1, "neither YAML nor JSON"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_key(tmp_path, text, line, says):
    message = refusal(tmp_path, text)
    assert message.startswith(f", line {line}: ")
    assert says in message


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.yaml cannot be read: No such file"):
        read_graph(tmp_path / "gone.yaml")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_bytes(b"edges: \xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_graph(path)


def test_a_file_beyond_all_bounds_is_not_read(tmp_path):
    assert "larger than" in refusal(tmp_path, "#" * 1_000_001)


def test_no_object_is_built_from_the_file(tmp_path):
    text = "edges:\n  - caller: !!python/object/apply:os.system ['true']\n    callee: b\n"
    assert "must be a text" in refusal(tmp_path, text)
