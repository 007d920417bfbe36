"""Where a running embedded account listens: `address.json` in its state folder."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

_NAME = "address.json"


@dataclass(frozen=True, slots=True)
class Address:
    """Endpoint URL, process id, account id and region."""

    url: str
    pid: int
    account_id: str
    region: str


def write_address(state_dir: Path, address: Address) -> None:
    """Write the file in one step, so that nobody reads half of it."""
    temporary = state_dir / f"{_NAME}.{address.pid}"
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(asdict(address), stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(state_dir / _NAME)


def read_address(state_dir: Path) -> Address | None:
    """The address that the folder's account wrote last; None when none can be read."""
    try:
        content = cast("dict[str, Any]", json.loads((state_dir / _NAME).read_text("utf-8")))
        return Address(
            str(content["url"]),
            int(content["pid"]),
            str(content["account_id"]),
            str(content["region"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
