"""The small account for every test of the engine."""

from pathlib import Path

import pytest

from tests.engine.scene import Scene, scene


@pytest.fixture
def stage(tmp_path: Path) -> Scene:
    """The slow release is under way; the store is in memory."""
    return scene(tmp_path)
