"""Small files that are written once, whole, and readable to their owner only."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from opspilot.errors import StoreUnavailable


@contextmanager
def errors_named(path: Path) -> Generator[None]:
    """Failures of the file system as ours.

    Raises:
        StoreUnavailable: With the path and what the system said.
    """
    try:
        yield
    except OSError as exc:
        raise StoreUnavailable(
            f"{path} cannot be used: {exc.strerror or exc}.",
            hint="Check that the folder exists, has space, and that this user may write there.",
        ) from exc


def make_folder(folder: Path) -> None:
    """The folder, made for its owner only when there is none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def create_once(path: Path, content: bytes) -> bytes:
    """The file's content: `content` if it was not there yet, else what was.

    Of two processes that create it at the same moment one wins, and both return what the winner
    wrote: the file appears whole or not at all.
    """
    if not path.exists():
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _claim_name(draft, path)
        finally:
            draft.unlink()
        sync_folder(path.parent)
    return path.read_bytes()


def _claim_name(draft: Path, path: Path) -> None:
    # A link, unlike a rename, never replaces what is there.
    try:
        os.link(draft, path)
    except FileExistsError:
        return


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
