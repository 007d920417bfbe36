"""Bad input: one clear error, as a document where asked for, and nothing is stored."""

import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.embedded.server import EmbeddedAccount
from tests.entrypoints.command_line import Opspilot

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = ("--resource", "checkout")
EMPTY = ["INSERT INTO \"meta\" VALUES('account','123456789012/eu-west-1');"]
"""All that an empty store holds."""


def store_of(tmp_path: Path) -> Path:
    """The store that belongs to the embedded account of a test."""
    return tmp_path / "state" / "embedded" / "opspilot.db"


def content_of(tmp_path: Path) -> list[str]:
    """Everything in the store, as SQL."""
    with closing(sqlite3.connect(store_of(tmp_path))) as connection:
        return list(connection.iterdump())


BAD: dict[str, tuple[tuple[str, ...], str, str]] = {
    "a misspelt function": (("investigate", "--resource", "chekout"), "unknown_resource",
        "checkout"),
    "an empty name": (("investigate", "--resource", ""), "unknown_resource", ""),
    "an ARN of another account": (
        ("investigate", "--resource", "arn:aws:lambda:eu-west-1:999999999999:function:checkout"),
        "unknown_resource", ""),
    "no resource": (("investigate",), "invalid_input", "--resource"),
    "no length of time": (("investigate", *CHECKOUT, "--window", "soon"), "invalid_window",
        "30m, 3h"),
    "a window off the calendar": (("investigate", *CHECKOUT, "--window", "999999d"),
        "invalid_window", "longer than any telemetry"),
    "a window past retention": (("investigate", *CHECKOUT, "--start", "2019-01-01T00:00:00Z",
        "--end", "2019-01-01T01:00:00Z"), "invalid_window", "retention of 455 days"),
    "the first year": (("investigate", *CHECKOUT, "--start", "0001-01-01"), "invalid_window",
        "retention"),
    "a window too short": (("investigate", *CHECKOUT, "--window", "10s"), "invalid_window",
        "5 minutes"),
    "a window and a start": (("investigate", *CHECKOUT, "--window", "30m", "--start",
        "2026-01-01T00:00:00Z"), "invalid_window", "without --start"),
    "a reversed window": (("investigate", *CHECKOUT, "--start", "2026-01-01T02:00:00Z", "--end",
        "2026-01-01T01:00:00Z"), "invalid_window", "reversed"),
    "the future": (("investigate", *CHECKOUT, "--start", "2999-01-01T00:00:00Z", "--end",
        "2999-01-01T01:00:00Z"), "invalid_window", "future"),
    "the future without an end": (("investigate", *CHECKOUT, "--start", "2999-01-01"),
        "invalid_window", "starts in the future"),
    "digits of another script": (("investigate", *CHECKOUT, "--window", "\u0663m"),
        "invalid_window", "30m, 3h"),
    "an unknown severity": (("incident", "create", *CHECKOUT, "--severity", "awful"),
        "invalid_input", "awful"),
    "an unknown signal": (("incident", "create", *CHECKOUT, "--signal", "api.5xx"),
        "invalid_input", "lambda.errors"),
    "a note on no incident": (("incident", "note", "INC-9999", "--text", "x"), "not_found",
        "INC-9999"),
    "an owner of no incident": (("incident", "assign", "INC-9999"), "not_found", "INC-9999"),
    "an owner who is a stranger": (("incident", "assign", "INC-9999", "--to", "mallory"),
        "invalid_input", "ada, grace, alan"),
    "to somebody and to nobody": (("incident", "assign", "INC-9999", "--to", "ada", "--release"),
        "invalid_input", "--release"),
    "a long title": (("incident", "create", *CHECKOUT, "--title", "x" * 201), "invalid_input",
        "201"),
    "a stranger": (("incident", "create", *CHECKOUT, "--actor", "mallory"), "invalid_input",
        "ada, grace, alan"),
    "an unknown incident": (("incident", "show", "INC-9999"), "not_found", "INC-9999"),
    "a plan for no incident": (("plan", "INC-9999"), "not_found", "INC-9999"),
    "closing no incident": (("incident", "close", "INC-9999", "--reason", "x"), "not_found", ""),
    "an unknown plan to approve": (("approve", "INC-1-P1", "--digest", "0"), "not_found",
        "INC-1-P1"),
    "an unknown plan to execute": (("execute", "INC-1-P1"), "not_found", "INC-1-P1"),
    "an unknown plan to withdraw": (("withdraw", "INC-1-P1"), "not_found", "INC-1-P1"),
    "an unknown fault": (("fault", "inject", "flood"), "invalid_input", "slow-dependency"),
    "a fault that is under way": (("fault", "inject", "slow-dependency"), "invalid_input",
        "already"),
    "an unknown status": (("incident", "list", "--status", "sad"), "invalid_input", "sad"),
    "a limit of nothing": (("incident", "list", "--limit", "0"), "invalid_input", "--limit"),
    "an unknown verb": (("explode",), "invalid_input", "explode"),
    "an unknown option": (("incident", "list", "--loud"), "invalid_input", "--loud"),
    "a port that is none": (("demo", "--port", "99999"), "invalid_input", "--port"),
    "a speed out of range": (("demo", "--speed", "31"), "invalid_input", "--speed"),
    "a missing trail": (("audit", "verify", "--file", "no-such-file"), "invalid_input",
        "no-such-file"),
    "a chain that is none": (("audit", "export", "--chain", "INC-9999"), "not_found", "INC-9999"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_clear_error_and_stores_nothing(
    opspilot: Opspilot, tmp_path: Path, what: str
) -> None:
    words, code, said = BAD[what]
    answer = opspilot(*words)
    assert answer.error[0] == code, answer.out
    assert said in answer.error[1]
    assert "Traceback" not in answer.err
    if store_of(tmp_path).exists():
        assert [line for line in content_of(tmp_path) if line.startswith("INSERT")] == EMPTY


def test_an_error_for_a_person_is_two_lines_on_standard_error(opspilot: Opspilot) -> None:
    words = ("incident", "create", "--resource", "chekout", "--actor", "ada")
    answer = opspilot(*words, as_json=False)
    assert (answer.status, answer.out) == (1, "")
    first, second, *rest = answer.err.splitlines()
    assert first.startswith("Error: ")
    assert "checkout" in second
    assert rest == []


GOOD: tuple[tuple[str, ...], ...] = (
    ("incident", "list"),
    ("incident", "create", *CHECKOUT, "--title", "a title"),
    ("inbox",),
    ("doctor",),
    ("fault", "list"),
    ("audit", "verify"),
    ("audit", "export"),
)


@pytest.mark.parametrize("words", GOOD, ids=" ".join)
def test_a_verb_prints_exactly_one_document_and_for_people_none(
    opspilot: Opspilot, words: tuple[str, ...]
) -> None:
    answer = opspilot(*words)
    assert answer.status == 0
    assert answer.document
    if words != ("audit", "export"):
        assert not opspilot(*words, as_json=False).out.lstrip().startswith("{")


def test_a_report_is_cared_for_from_the_command_line(opspilot: Opspilot) -> None:
    report = ("incident", "create", *CHECKOUT, "--severity", "low", "--title", "Carts fail")
    first, again = opspilot(*report).document, opspilot(*report, "--actor", "linus").document
    assert (first["incident_id"], first["severity"], first["joined"]) == ("INC-0001", "low", False)
    assert (again["incident_id"], again["joined"]) == ("INC-0001", True)
    assert opspilot("incident", "assign", "inc-0001", "--to", "Grace").document["owner"] == "grace"
    raised = opspilot("incident", "severity", " Inc-0001", "critical", "--reason", "all shops")
    assert raised.document["severity"] == "critical"
    note = opspilot("incident", "note", "inc-0001", "--text", "called the team").document
    assert (note["note_id"], note["author"]) == ("N2", "ada")
    shown = opspilot("incident", "show", "inc-0001").document
    assert [one["text"] for one in shown["notes"]] == ["Carts fail", "called the team"]
    (waiting,) = opspilot("inbox", "--actor", "grace").document["items"]
    assert (waiting["errand"], waiting["mine"]) == ("investigation_wanted", True)
    assert opspilot("inbox", "--actor", "ada").document["items"][0]["mine"] is False
    assert opspilot("incident", "assign", "INC-0001", "--release").document["owner"] is None
    people = opspilot("incident", "show", "inc-0001", as_json=False).out
    assert "N2" in people
    assert "INC-0001" in opspilot("inbox", as_json=False).out


def test_a_viewer_is_refused_at_the_command_line(opspilot: Opspilot) -> None:
    opspilot("incident", "create", *CHECKOUT)
    for words in (("note", "INC-0001", "--text", "x"), ("assign", "INC-0001"),
                  ("severity", "INC-0001", "low")):  # fmt: skip
        assert opspilot("incident", *words, "--actor", "vera").error[0] == "not_allowed"


def test_text_from_telemetry_does_not_steer_the_terminal(opspilot: Opspilot) -> None:
    opspilot("incident", "create", *CHECKOUT, "--title", "\x1b[2Jgone\u202e\r")
    shown = opspilot("incident", "list", as_json=False).out
    assert "gone" in shown
    assert not any(bad in shown for bad in ("\x1b", "\u202e", "\r"))


# --- the store, the settings, the account ---------------------------------------------------------


def test_a_store_of_a_newer_version_is_left_as_it_is(opspilot: Opspilot, tmp_path: Path) -> None:
    opspilot("incident", "create", *CHECKOUT)
    with closing(sqlite3.connect(store_of(tmp_path))) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.commit()
    before = content_of(tmp_path)
    for words in (("incident", "list"), ("investigate", *CHECKOUT), ("worker",)):
        code, said = opspilot(*words).error
        assert (code, "999" in said) == ("schema_too_new", True)
    assert content_of(tmp_path) == before


def test_a_file_that_is_no_store_is_not_touched(opspilot: Opspilot, tmp_path: Path) -> None:
    store_of(tmp_path).parent.mkdir(parents=True)
    store_of(tmp_path).write_text("my diary" * 1000)
    assert opspilot("incident", "list").error[0] == "store_unavailable"
    assert store_of(tmp_path).read_text() == "my diary" * 1000


def test_a_state_folder_that_is_a_file_is_a_clear_error(opspilot: Opspilot, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert opspilot("incident", "list").error[0] == "store_unavailable"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPSPILOT_ROLE_MAP", "no json"),
        ("OPSPILOT_ROLE_MAP", '{"x": 3}'),
        ("OPSPILOT_APPROVAL_MINUTES", "soon"),
        ("OPSPILOT_APPROVAL_MINUTES", "0"),
        ("OPSPILOT_ACCOUNT", "azure"),
        ("OPSPILOT_STORE", "paper"),
        ("OPSPILOT_API_CALL_BUDGET", "1"),
    ],
)
def test_a_malformed_setting_is_named(
    opspilot: Opspilot, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    code, said = opspilot("incident", "list").error
    assert code == "invalid_input"
    assert name.removeprefix("OPSPILOT_").lower() in said.lower()


NEEDS_THE_ACCOUNT: tuple[tuple[str, ...], ...] = (
    ("investigate", *CHECKOUT),
    ("incident", "create", *CHECKOUT),
    ("plan", "INC-0001"),
    ("execute", "INC-0001-P1"),
    ("undo", "INC-0001-P1"),
    ("fault", "list"),
    ("worker",),
)


@pytest.fixture
def stopped(offline: Opspilot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Opspilot:
    """The command line where an incident is stored and the account has been stopped."""
    with EmbeddedAccount(tmp_path / "state" / "embedded", speed=30) as account:
        monkeypatch.setenv("AWS_ENDPOINT_URL", account.url)
        assert offline("incident", "create", *CHECKOUT).status == 0
    return offline


@pytest.mark.parametrize("pinned", [True, False], ids=["by its address", "by its folder"])
def test_a_stopped_account_is_said_and_what_is_stored_stays_in_sight(
    stopped: Opspilot, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    if not pinned:
        monkeypatch.delenv("AWS_ENDPOINT_URL")
    for words in NEEDS_THE_ACCOUNT:
        code, said = stopped(*words).error
        assert (code, "opspilot demo" in said) == ("embedded_account_stopped", True), words
    (listed,) = stopped("incident", "list").document["incidents"]
    assert listed["incident_id"] == "INC-0001"
    assert stopped("incident", "show", "INC-0001").status == 0
    assert stopped("audit", "verify").document["ok"] is True
    report = stopped("doctor")
    assert report.status == 1
    assert report.document["ok"] is False
    assert report.document["account"]["problem"]
    assert not any(source["ok"] for source in report.document["sources"])


def test_nothing_of_this_machine_reaches_the_calls_to_the_embedded_account(
    opspilot: Opspilot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = "http://127.0.0.1:9"
    foreign = {
        "AWS_PROFILE": "of-a-real-account",
        "HTTP_PROXY": dead,
        "http_proxy": dead,
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_ENDPOINT_URL_LAMBDA": dead,
        "AWS_CA_BUNDLE": "/nowhere",
    }
    # moto, which runs in this process here, looks at the environment when it loads a service.
    assert opspilot("incident", "create", *CHECKOUT).status == opspilot("doctor").status == 0
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.delenv("no_proxy")
    assert opspilot("incident", "create", *CHECKOUT).status == 0
    report = opspilot("doctor").document
    assert [source["source"] for source in report["sources"] if not source["ok"]] == []


def test_a_denied_permission_is_named(opspilot: Opspilot, account: EmbeddedAccount) -> None:
    account.account.api_faults.arm("cloudwatch:GetMetricData", "AccessDenied", 1)
    report = opspilot("doctor")
    assert report.status == 1
    denied = [source for source in report.document["sources"] if not source["ok"]]
    assert [(one["source"], one["iam_action"]) for one in denied] == [
        ("metrics", "cloudwatch:GetMetricData")
    ]


# --- processes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["demo", "serve"])
def test_a_taken_port_is_refused_before_anything_is_started(
    offline: Opspilot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr("opspilot.entrypoints.supervisor._LEAVING_SECONDS", 0.1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = offline(verb, "--port", port).error
    assert (code, port in said) == ("port_in_use", True)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("verb", ["demo", "serve"])
def test_a_malformed_call_graph_is_told_before_anything_is_started(
    offline: Opspilot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """A worker that cannot start says why in its log only, and is started again and again."""
    graph = tmp_path / "graph.yaml"
    graph.write_text("edges:\n  - caller: checkout\n    calee: payments\n", encoding="utf-8")
    monkeypatch.setenv("OPSPILOT_GRAPH_FILE", str(graph))
    code, said = offline(verb).error
    assert code == "invalid_input"
    assert "line 3" in said
    assert "calee" in said
    assert not (tmp_path / "state").exists()


def test_the_installed_command_answers_in_one_document_and_with_its_status(
    account: EmbeddedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.url)
    ended = subprocess.run(
        [sys.executable, "-m", "opspilot", "incident", "show", "INC-9999", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timedelta(seconds=50).total_seconds(),
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == ""
    assert '"code": "not_found"' in ended.stdout


@pytest.mark.parametrize("group", [(), ("audit",), ("incident",)])
def test_a_group_without_a_verb_prints_its_help_and_no_empty_error(
    opspilot: Opspilot, group: tuple[str, ...]
) -> None:
    answered = opspilot(*group, as_json=False)
    assert answered.status == 2
    assert "Usage:" in answered.out
    assert "Error" not in answered.err


def test_a_word_that_is_no_severity_is_refused_in_plain_words(opspilot: Opspilot) -> None:
    answered = opspilot("incident", "severity", "INC-0001", "apocalyptic", as_json=False)
    assert answered.status == 2
    assert "'apocalyptic' is not one of 'critical', 'high', 'medium', 'low'" in answered.err
    assert "Value error" not in answered.err
