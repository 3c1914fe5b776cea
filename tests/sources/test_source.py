"""Local sources: files, globs, identities, and one clear line for each thing that can be wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import fingerprint_source, resolve_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "deep/c.csv", "note.txt", "odd[1].csv"):
        (tmp_path / "in" / name).write_text(f"x\n{name}\n")
    (tmp_path / "in" / "none").mkdir()
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.csv", ["a.csv"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "c.csv", "odd[1].csv"]),
        ("odd[1].csv", ["odd[1].csv"]),
    ],
)
def test_files_are_found_in_order(folder: Path, pattern: str, names: list[str]) -> None:
    assert [file.name for file in resolve_source(str(folder / pattern))] == names


def test_several_sources_name_each_file_once(folder: Path) -> None:
    files = resolve_source([str(folder / "b.csv"), str(folder / "*.csv"), str(folder / "a.csv")])
    assert [file.name for file in files] == ["a.csv", "b.csv", "odd[1].csv"]


def test_identity_follows_content_not_time(folder: Path) -> None:
    path = folder / "a.csv"
    before = resolve_source(path)
    os.utime(path, (1, 1))
    assert resolve_source(path) == before
    path.write_text("x\nb.csv\n")
    after = resolve_source(path)
    assert after[0].identity != before[0].identity
    assert after[0].size == before[0].size
    assert fingerprint_source(after) != fingerprint_source(before)


def test_fingerprint_counts_every_file_and_not_the_folder(folder: Path, tmp_path: Path) -> None:
    both = resolve_source(str(folder / "[ab].csv"))
    assert fingerprint_source(both) != fingerprint_source(both[:1])
    (folder / "a.csv").rename(tmp_path / "a.csv")
    (folder / "b.csv").rename(tmp_path / "b.csv")
    assert fingerprint_source(resolve_source(str(tmp_path / "*.csv"))) == fingerprint_source(both)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("missing.csv", "no such file"),
        ("*.tsv", "no file matches this glob"),
        ("none", r"is a folder without files of a known format; use a glob such as .*none/\*"),
        ("deep/c.csv/x", "can't be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder: Path, pattern: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        resolve_source(str(folder / pattern))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["gs://bucket/a.csv", "https://host/a.csv", []])
def test_other_sources_are_refused(source: str | list[str]) -> None:
    with pytest.raises(SourceError):
        resolve_source(source)


def test_a_file_without_permission_is_named(folder: Path) -> None:
    path = folder / "a.csv"
    path.chmod(0)
    for parent in (folder, *folder.parents[:-2]):
        parent.chmod(0o755)
    code = (
        "import os, sys\n"
        "from dreambolt_steps.sources.source import resolve_source\n"
        "from dreambolt_steps.errors import SourceError\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: resolve_source(sys.argv[1])\n"
        "except SourceError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{path}: may not be read; check its permissions\n"


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="not a regular file"):
        resolve_source(tmp_path / "pipe")


def test_local_files_are_not_copied(folder: Path, tmp_path: Path) -> None:
    file = resolve_source(folder / "a.csv")[0]
    assert fetch_file(file, tmp_path / "spool") == folder / "a.csv"
    assert not (tmp_path / "spool").exists()
