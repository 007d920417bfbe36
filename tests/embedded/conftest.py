"""Accounts on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opspilot.embedded.clock import ManualClock
from opspilot.embedded.server import EmbeddedAccount
from tests.embedded.aws import Aws


@pytest.fixture
def healthy() -> Iterator[Aws]:
    """An account on which nothing is wrong."""
    with EmbeddedAccount(clock=ManualClock()) as account:
        yield Aws(account)


@pytest.fixture
def failing() -> Iterator[Aws]:
    """An account whose payments became slow ten minutes ago."""
    with EmbeddedAccount(clock=ManualClock(), fault="slow-dependency", fault_age_s=600) as account:
        yield Aws(account)
