"""A file is hashed again exactly when it may have changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dreambolt_steps.sources.known_hashes import KnownHashes
from dreambolt_steps.sources.source import hash_file

TEXT = "id\n" + "1" * (1 << 20)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was written long enough ago."""
    path = tmp_path / "a.csv"
    path.write_text(TEXT)
    while path.stat().st_ctime_ns > time.time_ns() - 2_100_000_000:
        time.sleep(0.1)
    return path


def identify(file: Path, *, trust: bool = True) -> tuple[str, bool]:
    """The hash of the file, and whether its content was read for it."""
    hashes = KnownHashes(file.parent / "hashes.json", trust=trust)
    before = count_read_bytes()
    identity = hashes.identify(file)
    read = count_read_bytes() - before
    hashes.save()
    return identity, read >= file.stat().st_size


def count_read_bytes() -> int:
    """Bytes this process has asked the kernel for."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("rchar:"):
            return int(line.split()[1])
    raise AssertionError("no rchar")


def replace_by_move(file: Path) -> None:
    other = file.with_name("other")
    other.write_text(TEXT[:-1] + "2")
    stamp = file.stat()
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(file)


def change_under_its_old_date(file: Path) -> None:
    stamp = file.stat()
    file.write_text(TEXT[:-1] + "2")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


CHANGES: list[Callable[[Path], object]] = [
    lambda file: file.write_text(TEXT + "1"),
    lambda file: file.write_text(TEXT[:-1] + "2"),
    change_under_its_old_date,
    replace_by_move,
]


@pytest.mark.slow
def test_a_file_is_hashed_again_exactly_when_it_may_have_changed(file: Path) -> None:
    first, read = identify(file)
    assert (first, read) == (hash_file(file), True)
    assert identify(file) == (first, False)
    assert identify(file, trust=False) == (first, True)
    assert identify(file) == (first, False)
    for change in CHANGES:
        change(file)
        assert identify(file) == (hash_file(file), True)
        assert identify(file) == (hash_file(file), True)  # it is too young to be known by its times


def test_a_damaged_memory_is_an_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(TEXT)
    for text in ("", "[1]", '{"a": 3}', '{"a": [[1], 2, 3]}'):
        (tmp_path / "hashes.json").write_text(text)
        assert identify(file) == (hash_file(file), True)
