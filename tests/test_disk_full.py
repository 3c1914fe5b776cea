"""A full disk is called one, whichever library finds it out."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import duckdb
import pytest

from dreambolt_steps.disk_full import is_disk_full
from dreambolt_steps.errors import ExportError, TerminalError
from dreambolt_steps.recipes.recipe import load_recipe


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        sqlite3.OperationalError("database or disk is full"),
        duckdb.TransactionException("Failed to commit: Could not write: No space left on device"),
    ],
)
def test_every_librarys_words_for_a_full_disk_are_known(error: Exception) -> None:
    assert is_disk_full(error)
    outer = RuntimeError("the step failed")
    outer.__cause__ = error
    assert is_disk_full(outer)


def test_other_errors_are_no_full_disk() -> None:
    assert not is_disk_full(OSError(errno.EACCES, "Permission denied"))
    assert not is_disk_full(None)


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ("sqlite3.OperationalError('database or disk is full')", ExportError, "disk .* is full"),
        ("sqlite3.OperationalError('no such table')", TerminalError, "no such table"),
    ],
)
def test_a_recipe_ends_with_what_it_was(
    tmp_path: Path, words: str, kind: type[Exception], told: str
) -> None:
    path = tmp_path / "own.py"
    path.write_text(f"import sqlite3\ndef recipe() -> None:\n    raise {words}\n")
    with pytest.raises(kind, match=told):
        load_recipe(path).run({})
