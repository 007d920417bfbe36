"""Account time that begins at a noon, so that traffic does not depend on when the tests run."""

import json
from datetime import UTC, datetime
from pathlib import Path

NOON = datetime(2026, 3, 4, 12, 0, 20, tzinfo=UTC)


def begin_at_noon(folder: Path) -> Path:
    """Set the clock of an embedded account that is still to begin; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"account_time": NOON.timestamp(), "speed": 1.0}
    (folder / "clock.json").write_text(json.dumps(content))
    return folder
