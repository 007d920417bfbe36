"""Who is in front of the screens of an account that is not the embedded one."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from tests import builders
from tests.app.conftest import ENTRY, said


@pytest.fixture(autouse=True)
def _a_real_account_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)


def buttons(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def test_where_nobody_can_sign_in_the_screens_say_how_to_set_it_up() -> None:
    app = AppTest.from_file(str(ENTRY), default_timeout=30).run()
    text = said(app)
    assert "You may look and change nothing." in text
    assert "OPSPILOT_OIDC_ROLE_MAP" in text
    assert "You look on as Viewer (viewer)" in text
    assert "Sign in" not in buttons(app)
    assert app.button(key="open-send").disabled


def test_where_a_provider_is_configured_a_visitor_is_asked_to_sign_in() -> None:
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    app.user = {"is_logged_in": False}
    app.run()
    assert "Sign in" in buttons(app)
    assert "Sign in to do more than look." in said(app)
    assert app.button(key="open-send").disabled


def signed_in(**more: object) -> AppTest:
    """The screens in front of Rosa, who signed in a minute ago."""
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    issued = (datetime.now(UTC) - timedelta(minutes=1)).timestamp()
    said_of_her = {"iss": "https://id.example.com", "sub": "7", "name": "Rosa", "iat": issued}
    app.user = {"is_logged_in": True, **said_of_her, **more}
    return app.run()


def test_a_signed_in_responder_may_act_and_sign_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSPILOT_OIDC_ROLE_MAP", '{"oncall": ["responder"]}')
    app = signed_in(groups=["oncall"])
    assert "You are Rosa (responder)" in said(app)
    assert "You may look and change nothing." not in said(app)
    assert not app.button(key="open-send").disabled
    app.button(key="sign-out").click().run()
    assert "Sign in" in buttons(app)
    assert app.button(key="open-send").disabled


def test_a_signed_in_visitor_without_a_role_looks_on_and_reads_why() -> None:
    app = signed_in(groups=["strangers"])
    assert "You are Rosa (viewer)" in said(app)
    assert "Your claim groups gives you no role here." in said(app)
    assert app.button(key="open-send").disabled


def test_a_name_is_shown_as_text() -> None:
    app = signed_in(name=builders.HOSTILE)
    assert "<img" not in said(app)


def test_a_person_cannot_be_chosen_by_the_address_on_a_real_account() -> None:
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    app.query_params["as"] = "grace"
    app.run()
    assert "You look on as Viewer (viewer)" in said(app)
