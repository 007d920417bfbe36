"""Failures on a screen: what happened, what was kept, what to do, and never a traceback."""

import logging

import pytest
from streamlit.testing.v1 import AppTest

from app.guard import notice_of, sentence
from opspilot.errors import AwsThrottled, NotFound


def _known_failure() -> None:
    from app.guard import guarded
    from opspilot.errors import NotFound

    with guarded("reading the incident"):
        raise NotFound("there is no <incident>", hint="use `opspilot incident list`")


def _unknown_failure() -> None:
    import streamlit as st

    from app.guard import guarded

    with guarded("reading the incident"):
        raise ZeroDivisionError("secret detail")
    st.text("the rest of the page")


def _refused_command() -> None:
    from app.guard import attempt, show_notices
    from opspilot.errors import NotFound

    def command() -> None:
        raise NotFound("there is no plan")

    attempt("here", "approving", command)
    show_notices("here")


def test_an_error_of_ours_is_shown_in_three_parts_and_escaped() -> None:
    app = AppTest.from_function(_known_failure).run()
    assert not app.exception
    body = app.get("html")[0].proto.body
    assert "There is no &lt;incident&gt;." in body
    assert "What is stored stays readable." in body
    assert "<code>opspilot incident list</code>" in body


def test_an_unknown_error_is_one_calm_sentence_and_goes_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        app = AppTest.from_function(_unknown_failure).run()
    assert not app.exception
    body = app.get("html")[0].proto.body
    assert "failed in a way that OpsPilot does not know" in body
    assert "secret detail" not in body
    assert app.text[0].value == "the rest of the page"
    assert "ZeroDivisionError: secret detail" in caplog.text


def test_a_refused_command_says_that_nothing_was_changed_until_it_is_closed() -> None:
    app = AppTest.from_function(_refused_command).run()
    assert "Nothing was changed." in app.get("html")[0].proto.body
    assert [one.label for one in app.button] == ["Close"]


def test_an_error_of_aws_keeps_its_request_id_in_the_details() -> None:
    error = AwsThrottled("slow down", operation="logs:FilterLogEvents", request_id="r-1")
    details = notice_of(error, "").details
    assert "operation: logs:FilterLogEvents" in details
    assert "request id: r-1" in details


def test_a_message_becomes_a_sentence() -> None:
    assert sentence("no plan: none fits") == "No plan: none fits."
    assert sentence("Done.") == "Done."
    assert sentence("") == ""
    assert notice_of(NotFound("gone"), "").todo == ""
