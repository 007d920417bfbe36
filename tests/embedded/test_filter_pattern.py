"""The filter pattern language of CloudWatch Logs."""

import json

import pytest

from opspilot.embedded.errors import AwsError
from opspilot.embedded.telemetry.filter_pattern import compile_filter

PLAIN = "2026-03-04T12:00:00Z [ERROR] KeyError: task timed out, code=42"
EVENT = json.dumps(
    {
        "level": "ERROR",
        "latency": 120,
        "ok": False,
        "none": None,
        "user": {"name": "Ann Lee", "tags": ["a", "b"]},
        "items": [{"n": 1}, {"n": 5}],
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("ERROR", True),
        ("error", False),
        ("Key", False),
        ("KeyError", True),
        ("task code", True),
        ("task absent", False),
        ('"timed out"', True),
        ('"timed  out"', False),
        ("?absent ?ERROR", True),
        ("?absent ?missing", False),
        ("ERROR -timed", False),
        ("ERROR -absent", True),
        ("-ERROR", False),
        ('"task timed" -"out of memory"', True),
        (r"%code=\d+%", True),
        (r"%code=[a-z]+%", False),
        ('"[ERROR]"', True),
        ("timed out, code=42", True),
        ("42", True),
        ("4", False),
    ],
)
def test_terms(pattern: str, matches: bool) -> None:
    assert compile_filter(pattern)(PLAIN) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "ERR*" }', True),
        ("{ $.level = ERROR }", True),
        ('{ $.level != "ERROR" }', False),
        ("{ $.latency > 100 }", True),
        ("{ $.latency > 120 }", False),
        ("{ $.latency >= 120 && $.ok IS FALSE }", True),
        ('{ $.latency < 10 || $.level = "ERROR" }', True),
        ('{ ($.latency < 10 || $.latency > 100) && $.level = "INFO" }', False),
        ('{ $.user.name = "Ann Lee" }', True),
        ('{ $.user.tags[1] = "b" }', True),
        ('{ $.user.tags[*] = "b" }', True),
        ("{ $.items[*].n = 5 }", True),
        ("{ $.items[0].n = 5 }", False),
        ("{ $.none IS NULL }", True),
        ("{ $.absent NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ('{ $.absent = "x" }', False),
        ("{ $.level = %^ERR% }", True),
        ("{ $.ok = false }", True),
        ('{ $["level"] = "ERROR" }', True),
    ],
)
def test_json(pattern: str, matches: bool) -> None:
    assert compile_filter(pattern)(EVENT) is matches


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("[ip, user, status]", "1.2.3.4 ann 500", True),
        ("[ip, user, status]", "1.2.3.4 ann 500 more", False),
        ("[ip, user, status = 5*]", "1.2.3.4 ann 500", True),
        ("[ip, user, status > 499]", "1.2.3.4 ann 500", True),
        ("[ip, user != ann, status]", "1.2.3.4 ann 500", False),
        ("[first, ..., last = end]", "a b c d end", True),
        ("[first, ..., last]", "one", False),
        ('[a, when, text = "GET *"]', '1 [4/Mar/2026 12:00] "GET /x"', True),
    ],
)
def test_space_delimited(pattern: str, message: str, matches: bool) -> None:
    assert compile_filter(pattern)(message) is matches


def test_a_json_pattern_matches_no_plain_text() -> None:
    assert not compile_filter('{ $.level = "ERROR" }')(PLAIN)
    assert not compile_filter("{ $.absent NOT EXISTS }")("{ not json")


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.level = }",
        '{ $.level "x" }',
        '{ $.level = "x"',
        "{ level = 1 }",
        "{ ($.a = 1 }",
        "{ $.a IS MAYBE }",
        "{ $.a > word }",
        "{ $.a..b = 1 }",
        '"unclosed',
        "%(%",
        "[a, b",
        "[a b]",
        "x" * 1025,
    ],
)
def test_what_cannot_be_read_is_refused(pattern: str) -> None:
    with pytest.raises(AwsError) as caught:
        compile_filter(pattern)
    assert caught.value.code == "InvalidParameterException"
