"""Fixtures of the whole suite: data that lies beside the project, sessions, child processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# A shell starts what goes on in the background with Ctrl-C ignored, and so would the tests of it.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.standins.s3_server", "tests.secret_search"]

ROOT = Path(__file__).resolve().parent.parent


def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are cores: tests wait half of the time, for servers and
    for commands that start."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files beside the project; tests that need them are skipped where they are missing."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data is missing: {folder.name}/ beside the project")
    return folder


@pytest.fixture
def players(shared_data: Path) -> Path:
    """37,784 World Cup players in CSV."""
    return shared_data / "worldcup_players.csv"


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., Any]:
    """Opens the same session in the test's folder each time it is called."""
    from dreambolt_steps import open_session

    return lambda **options: open_session(tmp_path / "session", **options)
