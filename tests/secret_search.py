"""A pytest plugin: whatever tests are run, no secret of theirs is in what they leave behind.

Searched are all files below the folder for temporary files (sessions, exports, logs, crashes), once
the last test is done, and what each test printed or logged.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.standins.firebolt import CLIENT_SECRET
from tests.standins.s3_server import FOLDER, SECRET_KEY

SECRETS = (SECRET_KEY, CLIENT_SECRET)


def search_files(root: Path, secrets: Iterable[str] = SECRETS) -> list[Path]:
    """Files below a folder that hold a secret; the S3 server's own are passed over."""
    wanted = [secret.encode() for secret in secrets]
    return [path for path in _list_files(root) if _holds(path, wanted)]


def _list_files(root: Path) -> Iterator[Path]:
    try:
        entries = list(root.iterdir())
    except OSError:  # a folder that a test made unreadable, or that is gone meanwhile
        return
    for entry in entries:
        if entry.is_symlink() or entry.name.startswith(FOLDER):
            continue
        if entry.is_dir():
            yield from _list_files(entry)
        elif entry.is_file():
            yield entry


def _holds(path: Path, wanted: list[bytes]) -> bool:
    try:
        with path.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return any(content.find(secret) >= 0 for secret in wanted)
    except OSError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fails, at the end of the run, for files that hold a secret."""
    yield
    assert search_files(tmp_path_factory.getbasetemp()) == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    for name, text in report.sections:
        if report.outcome == "passed" and any(secret in text for secret in SECRETS):
            report.outcome = "failed"
            report.longrepr = f"a secret of the tests is in what was written: {name}"
    return report
