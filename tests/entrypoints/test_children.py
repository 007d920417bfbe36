"""Child processes: revived when they die, given up when they keep dying, ended when told."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opspilot.adapters.memory import HandClock
from opspilot.config import child_environment
from opspilot.entrypoints.children import Child
from opspilot.errors import OpsPilotError

FAILS = (sys.executable, "-S", "-c", "import sys; sys.stderr.write('no luck\\n'); sys.exit(3)")
STAYS = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('deaf', flush=True); time.sleep(60)",
)


@pytest.fixture
def clock() -> HandClock:
    """Wall time, moved by hand."""
    return HandClock(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))


def child(clock: HandClock, tmp_path: Path, command: tuple[str, ...]) -> Child:
    return Child("worker", command, {}, tmp_path / "logs" / "worker.log", clock.now)


def ended(one: Child) -> None:
    assert one.process is not None
    one.process.wait(20)


def test_a_child_that_lives_is_left_alone_and_ends_when_told(
    clock: HandClock, tmp_path: Path
) -> None:
    one = child(clock, tmp_path, STAYS)
    one.start()
    assert one.alive()
    assert one.revive() is False
    one.stop()
    assert not one.alive()


def test_a_child_that_will_not_leave_is_killed(clock: HandClock, tmp_path: Path) -> None:
    one = child(clock, tmp_path, STUBBORN)
    one.start()
    while one.last_words() != "deaf":
        assert one.alive()
    one.stop(patience=0.1)
    assert not one.alive()


def test_a_child_that_keeps_dying_is_given_up_with_its_last_words(
    clock: HandClock, tmp_path: Path
) -> None:
    one = child(clock, tmp_path, FAILS)
    one.start()
    ended(one)
    for _ in range(5):
        assert one.revive()
        ended(one)
    with pytest.raises(OpsPilotError, match="keeps ending: no luck") as caught:
        one.revive()
    assert str(one.log) in caught.value.hint
    clock.advance(timedelta(minutes=2))
    assert one.revive()
    ended(one)


def test_a_child_of_the_demo_inherits_nothing_of_a_real_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = {
        "AWS_PROFILE": "work",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ROLE_ARN": "arn:aws:iam::1:role/admin",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/",
        "AWS_ENDPOINT_URL_LAMBDA": "https://lambda.eu-west-1.amazonaws.com",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_CONFIG_FILE": "/root/.aws/config",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    pinned = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    given = child_environment(pinned, embedded=True)
    assert not set(foreign.values()) & set(given.values())
    assert {name: value for name, value in given.items() if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
    }
    assert child_environment({}, embedded=False).items() >= foreign.items()
