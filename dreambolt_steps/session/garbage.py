"""What a session keeps and needs no more: found first, deleted when that is wanted."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dreambolt_steps.session.step_cache import (
    BACKUPS,
    JOURNALS,
    LOCKS,
    PARTS,
    STEP_FILE,
    VECTORS,
    read_receipt,
    read_step_file,
)


@dataclass(frozen=True)
class Garbage:
    """Some of what is not needed any more.

    Attributes:
        what: in words, such as `2 superseded results of embed`.
        paths: files and folders.
        bytes: on disk.
    """

    what: str
    paths: tuple[Path, ...]
    bytes: int

    def delete(self) -> None:
        """Delete it."""
        for path in self.paths:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def find_garbage(
    session: Path, step_folders: Iterable[Path], *, unfinished: bool = False
) -> list[Garbage]:
    """Find what no step's last run needs.

    Superseded results always count. Vectors and parts of source files that no finished step refers
    to may be those of a step that was stopped: they count only while no step is unfinished.

    Args:
        session: its folder.
        step_folders: those of the finished steps.
        unfinished: count what an unfinished step may need, too.
    """
    found = _find_superseded(session)
    if unfinished or not find_unfinished(session):
        found += _find_vectors(session, step_folders) + _find_parts(session)
    return found


def find_unfinished(session: Path) -> list[str]:
    """Names of the folders of steps that were begun and have no result."""
    locks = session / LOCKS
    names = (lock.relative_to(locks).with_suffix("") for lock in sorted(locks.glob("**/*.lock")))
    begun = [name for name in names if (session / name).is_dir()]
    return [name.as_posix() for name in begun if read_step_file(session / name) is None]


def measure(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 if it is missing."""
    files = [path, *path.glob("**/*")] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _find_superseded(session: Path) -> list[Garbage]:
    backups = session / BACKUPS
    by_step: dict[str, list[Path]] = {}
    for file in sorted(backups.glob(f"**/{STEP_FILE}")):
        folder = file.parent
        by_step.setdefault(folder.parent.relative_to(backups).as_posix(), []).append(folder)
    found = [
        _describe(f"{len(folders):,} superseded result{'' if len(folders) == 1 else 's'} of {step}",
                  folders)
        for step, folders in by_step.items()
    ]  # fmt: skip
    rest = measure(backups) - sum(one.bytes for one in found)
    if backups.is_dir():  # it goes with all that is below it
        found.append(Garbage("leftovers of superseded results", (backups,), rest))
    doomed = sorted(session.glob("**/.*.doomed-*"))
    if doomed:
        found.append(_describe("leftovers of runs that were killed", doomed))
    return [one for one in found if one.bytes or one.paths]


def _find_vectors(session: Path, step_folders: Iterable[Path]) -> list[Garbage]:
    receipts = (read_receipt(folder) for folder in step_folders)
    used = {name for one in receipts if one for name in one.report.get("vector_stores", [])}
    folder = session / VECTORS
    stores = sorted(folder.iterdir()) if folder.is_dir() else []
    doomed = [store for store in stores if store.name not in used]
    return [_describe("vectors of models that no step uses any more", doomed)] if doomed else []


def _find_parts(session: Path) -> list[Garbage]:
    """What is kept of single source files that no step's last run refers to."""
    parts = session / PARTS
    if not parts.is_dir():
        return []
    from dreambolt_steps.readers.cache.file_cache import FileCache
    from dreambolt_steps.sources.journal import Journal

    newest: dict[Path, Path] = {}  # a step has a journal for each source it ever read
    journals = (session / JOURNALS).glob("**/*.json")
    for journal in sorted(journals, key=lambda one: one.stat().st_mtime):
        newest[journal.parent] = journal
    keys: set[str] = set()
    for journal in newest.values():
        keys |= Journal.load(journal).list_keys()
    doomed = FileCache(parts).find_others(keys)
    return [_describe("files as they were read, of no use any more", doomed)] if doomed else []


def _describe(what: str, paths: Iterable[Path]) -> Garbage:
    listed = tuple(paths)
    return Garbage(what, listed, sum(map(measure, listed)))
