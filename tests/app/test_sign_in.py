"""Who is in front of the screens of an account that is not the embedded one."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ENTRY, said

PROVIDER = {
    "redirect_uri": "http://127.0.0.1:8501/oauth2callback",
    "cookie_secret": "x" * 40,
    "client_id": "opspilot",
    "client_secret": "y" * 40,
    "server_metadata_url": "http://127.0.0.1:9/.well-known/openid-configuration",
}


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
    app.secrets["auth"] = PROVIDER
    app.run()
    assert not app.exception
    assert "Sign in" in buttons(app)
    assert "Sign in to do more than look." in said(app)
    assert app.button(key="open-send").disabled


def test_a_person_cannot_be_chosen_by_the_address_on_a_real_account() -> None:
    app = AppTest.from_file(str(ENTRY), default_timeout=30)
    app.query_params["as"] = "grace"
    app.run()
    assert "You look on as Viewer (viewer)" in said(app)
