"""The small account for every test of the engine."""

from pathlib import Path

import pytest

from tests.engine.scene import Scene, diagnosed_scene, scene


@pytest.fixture
def stage(tmp_path: Path) -> Scene:
    """The slow release is under way; the store is in memory."""
    return scene(tmp_path)


@pytest.fixture
def diagnosed(tmp_path: Path) -> Scene:
    """The same, and the first incident has its verdict."""
    return diagnosed_scene(tmp_path)
