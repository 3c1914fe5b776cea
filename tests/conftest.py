"""Fixtures of the whole suite: data that lies beside the project, sessions, child processes."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Several workers share the cores: threads of torch that wait for each other would only spin.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test speaks to the world, and to read its certificates takes each client 30 ms.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent / "standins")
# A shell starts what goes on in the background with Ctrl-C ignored, and so would the tests of it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes is a matter of what else the machine does.
settings.register_profile(
    "suite",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("suite")

pytest_plugins = ["tests.standins.s3_server", "tests.secret_search"]

ROOT = Path(__file__).resolve().parent.parent


SLOW = Path(__file__).with_name("slow_tests.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what was measured to be."""
    slow = set(SLOW.read_text(encoding="utf-8").splitlines())
    for item in items:
        if item.nodeid.partition("[")[0] in slow:
            item.add_marker(pytest.mark.slow)


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
def model_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of what is made of models, once in a run of the suite."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # which all workers of this run share
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "models"))
    return folder / "models"


@pytest.fixture
def mount_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many MiB."""
    disk = tmp_path / "disk"

    def mount(mebibytes: int) -> Path:
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(disk)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this user can't mount a small disk")
        return disk

    yield mount
    if disk.is_mount():
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def session(tmp_path: Path) -> Callable[..., Any]:
    """Opens the same session in the test's folder each time it is called."""
    from dreambolt_steps import open_session

    return lambda **options: open_session(tmp_path / "session", **options)
