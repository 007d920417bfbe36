"""The process: its address, one at a time, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from opspilot.embedded.client import World, handshake, list_faults, read_address
from opspilot.errors import EmbeddedAccountStopped
from tests.embedded.aws import client


class Process:
    """An embedded account in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        (folder / "address.json").unlink(missing_ok=True)
        self.folder = folder
        self.child = subprocess.Popen(
            [sys.executable, "-m", "opspilot.embedded", "--state-dir", str(folder), *words],
            stderr=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Its address, once it has written one."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            address = read_address(self.folder)
            if address is not None:
                assert address.pid == self.child.pid
                return address.url
            assert self.child.poll() is None, self.stderr()
            time.sleep(0.01)  # another process is starting: there is nothing to wait on
        raise AssertionError("the account did not start")

    def world(self) -> World:
        """Its handshake."""
        world = handshake(self.url())
        assert world is not None
        return world

    def kill(self) -> None:
        """Kill -9."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(timeout=10)
        self.close()

    def stderr(self) -> str:
        """All that it wrote, after its end."""
        assert self.child.stderr is not None
        return self.child.stderr.read()

    def close(self) -> None:
        """End it if it still runs."""
        if self.child.poll() is None:
            self.child.terminate()
            self.child.wait(timeout=10)
        if self.child.stderr is not None:
            self.child.stderr.close()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Process]:
    """A running account with a fault under way."""
    process = Process(tmp_path, "--fault", "slow-dependency", "--fault-age", "10m")
    yield process
    process.close()


@pytest.mark.kill
def test_a_killed_account_comes_back_as_it_was(started: Process, tmp_path: Path) -> None:
    before = started.world()
    functions = client("lambda", started.url())
    moved = functions.update_alias(FunctionName="payments", Name="live", FunctionVersion="17")
    started.kill()
    again = Process(tmp_path)
    try:
        after = again.world()
        assert after.account_now >= before.account_now
        assert after.account_now - before.account_now < timedelta(minutes=5)
        assert (after.seed, after.speed) == (before.seed, before.speed)
        alias = client("lambda", again.url()).get_alias(FunctionName="payments", Name="live")
        assert alias["RevisionId"] == moved["RevisionId"]
        assert alias["FunctionVersion"] == "17"
        assert list_faults(again.url())[0].active
    finally:
        again.close()


def test_an_alarm_is_already_firing_when_the_fault_began_before_the_start(
    started: Process,
) -> None:
    cloudwatch = client("cloudwatch", started.url())
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["checkout-errors"])["MetricAlarms"]
    assert alarm["StateValue"] == "ALARM"


def test_a_second_account_on_the_same_folder_is_refused(started: Process, tmp_path: Path) -> None:
    started.url()
    second = subprocess.run(
        [sys.executable, "-m", "opspilot.embedded", "--state-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 2
    assert "another embedded account runs on" in second.stderr
    assert second.stderr.count("\n") == 1
    assert handshake(started.url()) is not None


def test_a_port_in_use_is_named_in_one_line(started: Process, tmp_path: Path) -> None:
    port = started.url().rsplit(":", 1)[1]
    second = subprocess.run(
        [
            sys.executable,
            "-m",
            "opspilot.embedded",
            "--state-dir",
            str(tmp_path / "other"),
            "--port",
            port,
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 2
    assert f"port {port} is in use" in second.stderr
    assert second.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("--fault", "nonsense"), ("--speed", "99")])
def test_wrong_options_end_in_one_line(tmp_path: Path, words: tuple[str, str]) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "opspilot.embedded", "--state-dir", str(tmp_path), *words],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert refused.returncode == 2
    assert refused.stderr.startswith("embedded account: ")
    assert refused.stderr.count("\n") == 1


def test_a_stopped_account_ends_well_and_silently(started: Process) -> None:
    url = started.url()
    client("logs", url).describe_log_groups()
    started.child.terminate()
    assert started.child.wait(timeout=10) == 0
    assert started.stderr() == ""
    with pytest.raises(EmbeddedAccountStopped):
        handshake(url)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of Linux only")
@pytest.mark.kill
def test_it_ends_with_its_parent_when_asked_to(tmp_path: Path) -> None:
    words = ["-m", "opspilot.embedded", "--state-dir", str(tmp_path), "--die-with-parent"]
    script = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, *{words!r}])\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    deadline = time.monotonic() + 30
    while (address := read_address(tmp_path)) is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert address is not None
    parent.kill()
    parent.wait(timeout=10)
    while _is_alive(address.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_alive(address.pid)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")
