"""Lines as they come: headers of many systems, records, tracebacks, odd characters."""

import json
import random
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opspilot.analysis import compare_logs, mine_templates

MESSAGES = [
    "order {n} paid",
    "order {n} refused by gateway",
    "cache miss for key {n}",
    "connection to {n} reset",
    "retrying in {n} ms",
    "shutting down",
]
HEADERS = {
    "logback": "2026-11-22 11:00:{s:02d},123 [http-nio-80-exec-{n}] INFO  c.acme.Orders - ",
    "python": "2026-11-22 11:00:{s:02d},123 - acme.orders - WARNING - ",
    "syslog": "Nov 22 11:00:{s:02d} web-1 orders[{n}]: ",
    "klog": "I1122 11:00:{s:02d}.000123       1 orders.go:{n}] ",
    "lambda": "2026-11-22T11:00:{s:02d}.123Z\t8f507cfc-0000-4697-b07a-ac58fc9{n:05d}\tINFO\t",
    "apache": "[Sun Nov 22 11:00:{s:02d} 2026] [error] ",
    "logcat": "11-22 11:00:{s:02d}.123  1702  2{n} D Orders: ",
    "console": "- 1117838{s:03d} 2026.11.22 R2-M1 2026-11-22-11.00.{s:02d}.67 R2-M1 RAS APP INFO ",
    "bars": "20261122-11:00:{s:02d}:606|Orders|3000{n}|",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_headers_neither_split_nor_join_messages(header: str) -> None:
    rng = random.Random(1)
    kinds = [rng.randrange(len(MESSAGES)) for _ in range(400)]
    lines = [
        (header + MESSAGES[kind]).format(n=rng.randint(10, 99_999), s=at % 60)
        for at, kind in enumerate(kinds)
    ]
    mined = mine_templates(lines)
    assert set(mined.templates.values()) == {text.format(n="<*>") for text in MESSAGES}
    assert len(set(zip(kinds, mined.assignments, strict=True))) == len(MESSAGES)


def test_a_record_is_told_by_its_message() -> None:
    lines = [
        json.dumps({"level": level, "ts": at, "msg": f"order {at} {what}", "id": f"r-{at}"})
        for at, (level, what) in enumerate([("info", "paid"), ("error", "lost")] * 20)
    ]
    assert set(mine_templates(lines).templates.values()) == {"order <*> paid", "order <*> lost"}


def test_a_record_without_a_message_is_told_by_its_keys() -> None:
    lines = [json.dumps({"took": n, "hits": 3}) for n in range(9)] + ['{"hits": 3, "took": 77}']
    (text,) = mine_templates(lines).templates.values()
    assert text == "hits=<*> took=<*>"


def test_a_traceback_in_one_entry_is_told_by_what_happened_not_where() -> None:
    entries = [
        "[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n"
        + "".join(
            f'  File "/var/task/{name}.py", line {n}, in run\n    x()\n' for n in range(depth)
        )
        for depth, name in ((2, "app"), (9, "retry"), (4, "app"))
    ]
    java = "java.io.IOException: reset\n\tat a.B.c(B.java:7)\n\tat a.B.d(B.java:9)\n\t... 3 more"
    mined = mine_templates([*entries, java, java.replace("\n\tat a.B.d(B.java:9)", "")])
    assert mined.assignments == (0, 0, 0, 1, 1)
    assert mined.templates[1] == "java.io.IOException: reset"


def test_a_split_traceback_gives_the_same_templates_each_time() -> None:
    trace = [
        "Traceback (most recent call last):",
        '  File "/var/task/a.py", line 7, in run',
        "KeyError: 'x'",
    ]
    mined = mine_templates([*trace, *(line.replace("7", "81") for line in trace)])
    assert mined.assignments == (0, 1, 2, 0, 1, 2)


def test_odd_characters_are_text_like_any_other() -> None:
    lines = [
        "\ud800 lost 7",
        "\x00lost\x00 7",
        "",
        "   ",
        "naïve 7 ☃",
        "\x1b[31mnaïve 9 ☃\x1b[0m",
        "a\rb 1",
    ]
    mined = mine_templates(lines)
    assert len(mined.assignments) == len(lines)
    assert mined.assignments[4] == mined.assignments[5]
    assert mined.assignments[2] == mined.assignments[3]


def test_what_is_no_list_of_texts_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"lines\[1\] must be a text, not int"):
        mine_templates(["a", 7])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="lines must be a sequence of texts, not one str"):
        mine_templates("one line")
    with pytest.raises(TypeError, match=r"incident\[0\] must be a text, not bytes"):
        compare_logs([], [b"x"])  # type: ignore[list-item]


def test_messages_that_begin_with_a_word_of_alarm_keep_it() -> None:
    lines = [f"node: Error {verb} file {n}" for n in range(9) for verb in ("reading", "closing")]
    assert set(mine_templates(lines).templates.values()) == {
        "node: Error reading file <*>",
        "node: Error closing file <*>",
    }


def test_nothing_gives_nothing() -> None:
    mined = mine_templates([])
    assert (mined.assignments, mined.templates, mined.counts) == ((), {}, {})


WORDS = st.sampled_from(
    ["user", "root", "paid", "10.0.0.7", "7", "x=3", "[a]", "12:00:01", "INFO", "-"]
)
LINES = st.lists(st.one_of(st.text(max_size=40), st.lists(WORDS).map(" ".join)), max_size=40)


@settings(deadline=None, max_examples=60)
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter_to_their_groups(
    lines: list[str], rng: random.Random
) -> None:
    order = list(range(len(lines)))
    rng.shuffle(order)
    straight, mixed = mine_templates(lines), mine_templates([lines[at] for at in order])
    pairs = {(straight.assignments[at], mixed.assignments[to]) for to, at in enumerate(order)}
    assert len(pairs) == len(straight.templates) == len(mixed.templates)


@settings(deadline=None, max_examples=60)
@given(LINES, LINES)
def test_examples_are_verbatim_and_rates_are_consistent(
    before: list[str], during: list[str]
) -> None:
    for change in compare_logs(before, during):
        assert set(change.examples) <= set(before if change.kind == "gone" else during)
        assert (change.baseline_count == 0) == (change.kind == "new")
        assert (change.incident_count == 0) == (change.kind == "gone")
        assert 0 <= change.p_value <= 0.02


@settings(deadline=None, max_examples=60)
@given(LINES)
def test_a_window_does_not_differ_from_itself(lines: list[str]) -> None:
    assert compare_logs(lines, lines) == []


def test_lines_of_nuls_and_empty_records_are_lines_like_any_other() -> None:
    lines = ["\0\0", "{}", '{"message": ""}', "", "disk sda1 full", "\0"]
    mined = mine_templates(lines)
    assert len(mined.assignments) == len(lines)
    assert len({mined.assignments[at] for at in (0, 3, 5)}) == 1


def test_titles_links_and_cursor_codes_of_a_terminal_do_not_make_a_template() -> None:
    plain = "build step 3 done"
    dressed = f"\x1b]0;build\x07\x1b[?25l\x1b[38;5;9m{plain}\x1b[0m\x1b[K"
    linked = f"\x1b]8;;https://example.com\x1b\\{plain}\x1b]8;;\x1b\\"
    assert len(set(mine_templates([plain, dressed, linked]).assignments)) == 1


def test_names_that_end_in_a_number_vary_together() -> None:
    lines = [f"no answer from source Rack_{letter}{n}" for letter in "ABCD" for n in range(1, 9)]
    assert mine_templates(lines).templates == {0: "no answer from source <*>"}


def test_hexadecimal_ids_of_letters_and_one_digit_are_ids() -> None:
    lines = [f"window {word} opened" for word in ("cbeeca8", "2f1a99c", "ac7dfb1", "0099aab")]
    assert mine_templates(lines).templates == {0: "window <*> opened"}


def test_a_value_that_few_lines_differ_in_is_shown_as_one() -> None:
    lines = [f"login from host={name} refused" for name in ("a.b", *["c.d"] * 6, "a.b")]
    assert mine_templates(lines).templates == {0: "login from host=<*> refused"}


def test_any_sequence_of_texts_will_do() -> None:
    lines = ["order 1 paid", "order 2 paid"]
    indexed = pd.Series(lines, index=[7, 9])
    assert mine_templates(indexed.to_numpy()) == mine_templates(indexed) == mine_templates(lines)


@pytest.mark.parametrize(
    "run", ["-", "~", "a-", "a.b+c-", "a_", "a", "#", "a-z.", "%", "a=", "a='", 'a="']
)
def test_a_line_made_to_be_slow_is_not(run: str) -> None:
    def seconds(lines: list[str]) -> float:
        begun = time.process_time()
        mine_templates(lines)
        return time.process_time() - begun

    hostile = [(run * 2_000)[at : at + 1_900] + f"{'x' * at}" for at in range(10)]
    usual = [("word " * 400)[at : at + 1_900] + f"{'x' * at}" for at in range(10)]
    assert seconds(hostile) < 0.1 + 20 * seconds(usual)


def test_numbers_in_the_digits_of_any_script_are_numbers() -> None:
    arabic, wide, hindi = "\u0663\u0664", "\uff11\uff17", "\u0969"
    lines = [f"order {number} paid" for number in (arabic, arabic[0], "12", wide, hindi)]
    assert mine_templates(lines).templates == {0: "order <*> paid"}


@pytest.mark.parametrize("header", ["", "2026-11-22T11:00:07Z INFO shop: "])
def test_the_mark_at_the_begin_of_a_file_makes_no_template(header: str) -> None:
    lines = [f"{header}order {at} paid" for at in range(20)]
    mined = mine_templates([f"\ufeff{lines[0]}", *lines[1:]])
    assert len(mined.templates) == 1
    record = mine_templates(['\ufeff{"msg": "order 1 paid"}', '{"msg": "order 2 paid"}'])
    assert record.templates == {0: "order <*> paid"}


def test_a_number_in_angle_brackets_keeps_both_of_them() -> None:
    assert mine_templates([f"SwitchX<{n}> is up" for n in (0, 1, 27)]).templates == {
        0: "SwitchX<<*>> is up"
    }
    assert mine_templates(["lived <1 sec", "lived <12 sec"]).templates == {0: "lived <*> sec"}


def test_a_quoted_value_is_one_variable_however_many_words_it_has() -> None:
    values = ("View Lock", "RILJ", "job of the night shift", "A B")
    lines = [f'{what} lock tag="{value}" uid=3' for what in ("took", "left") for value in values]
    assert set(mine_templates(lines).templates.values()) == {
        'took lock tag="<*>" uid=<*>',
        'left lock tag="<*>" uid=<*>',
    }


def test_quoted_text_that_says_what_happened_tells_statements_apart() -> None:
    logfmt = [
        f'level=info msg="{what}" pool="{pool} pool"'
        for what in ("worker started", "worker stopped", "cache is cold")
        for pool in ("blue", "old green")
    ]
    assert mine_templates(logfmt).assignments == (0, 0, 1, 1, 2, 2)
    records = ['{"what": "user logged in", "id": 3}', '{"what": "order was lost", "id": 4}']
    assert mine_templates(records).assignments == (0, 1)


def test_templates_and_counts_read_like_dictionaries() -> None:
    mined = mine_templates(["order 1 paid", "\ud800 lost", "order 2 paid"])
    assert dict(mined.templates) == {0: "order <*> paid", 1: "\ud800 lost"}
    assert dict(mined.counts) == {0: 2, 1: 1}
    assert repr(mined.counts) == "{0: 2, 1: 1}"
    assert (2 in mined.templates, -1 in mined.templates, 1 in mined.counts) == (False, False, True)
    with pytest.raises(KeyError):
        mined.templates[2]
