"""Every store under the same tests: a new implementation adds its opener here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Protocol

import pytest

from opspilot.adapters.memory import MemoryStore
from opspilot.adapters.sqlite import open_store
from opspilot.ports.store import Store
from tests.contract import dynamodb_server


class ClosableStore(Store, Protocol):
    """A store that a test opens and closes."""

    def close(self) -> None:
        """Let go of it."""
        ...


Opener = Callable[[Path], Callable[[], ClosableStore]]


def _sqlite(folder: Path) -> Callable[[], ClosableStore]:
    return lambda: open_store(folder / "store.db", account="000000000000/us-east-1")


def _memory(_: Path) -> Callable[[], ClosableStore]:
    store = MemoryStore()
    return lambda: store


def _dynamodb(_: Path) -> Callable[[], ClosableStore]:
    tables = dynamodb_server.new_tables()
    return lambda: dynamodb_server.opened(tables)


OPENERS: dict[str, Opener] = {"sqlite": _sqlite, "memory": _memory, "dynamodb": _dynamodb}


@pytest.fixture(scope="session", autouse=True)
def _dynamodb_stops() -> Iterator[None]:
    """End the DynamoDB server that the first test on it started."""
    yield
    dynamodb_server.stop()


@pytest.fixture(params=OPENERS)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same store once more, as another process would."""
    open_same = OPENERS[request.param](tmp_path)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(open_same()))


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    """An empty store."""
    return reopen()
