"""What a session keeps on disk: list it, describe it, heal it, collect what is superseded.

Reads files only; nothing here imports DataDreamer.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dreambolt_steps.errors import UnknownNameError
from dreambolt_steps.log import Receipt
from dreambolt_steps.session.session_vectors import collect_vectors
from dreambolt_steps.session.step_cache import (
    BACKUPS,
    JOURNALS,
    PARTS,
    RECEIPT_FILE,
    STEP_FILE,
    heal_step,
    read_receipt,
    read_step_file,
)
from dreambolt_steps.unknown_names import tell_known


@dataclass(frozen=True)
class StoredStep:
    """A finished step of a session.

    Args:
        name: the step's name.
        kind: its class.
        fingerprint: of its result.
        finished: when it was run.
        rows: of its result.
        bytes: on disk.
        receipt: of its run, if the step is one of this package.
    """

    name: str
    kind: str
    fingerprint: str
    finished: datetime
    rows: int | None
    bytes: int
    receipt: Receipt | None


@dataclass(frozen=True)
class StoredSession:
    """A session's folder: its finished steps, and what is superseded."""

    folder: Path
    steps: list[StoredStep]
    bytes: int
    superseded: int
    superseded_bytes: int


def find_sessions(root: Path) -> list[Path]:
    """Folders below `root` (and `root` itself) that hold a session, sorted.

    A session is a folder with at least one finished step, or one that was opened by this package.
    """
    if not root.is_dir():
        return []
    candidates = [root, *sorted(entry for entry in root.iterdir() if entry.is_dir())]
    return [folder for folder in candidates if is_session(folder)]


def is_session(folder: Path) -> bool:
    """Whether the folder holds a DataDreamer session."""
    return (folder / ".session.lock").is_file() or any(folder.glob(f"*/{STEP_FILE}"))


def describe_session(folder: Path) -> StoredSession:
    """Everything the session keeps.

    Raises:
        UsageError: the folder is no session.
    """
    _require_session(folder)
    steps = [_describe_step(found) for found in _find_step_folders(folder)]
    backups = list((folder / BACKUPS).glob(f"**/{STEP_FILE}"))
    unused = collect_parts(folder, dry_run=True) + _collect_vectors(folder, dry_run=True)
    return StoredSession(
        folder=folder,
        steps=sorted((step for step in steps if step), key=lambda step: step.finished),
        bytes=measure_folder(folder),
        superseded=len(backups),
        superseded_bytes=measure_folder(folder / BACKUPS) + unused,
    )


def heal_session(folder: Path) -> list[Path]:
    """Make damaged step folders look like steps that never ran, and remove what a killed run left
    of single files.

    Returns: the folders that had to be healed.
    """
    for partial in (folder / PARTS).glob("*.partial"):
        partial.unlink(missing_ok=True)
    return [found for found in _find_step_folders(folder) if heal_step(found)]


def collect_superseded(folder: Path, *, dry_run: bool = False) -> int:
    """Delete superseded results, parts of files and vectors that are not in use, and leftovers of
    killed runs.

    Args:
        folder: the session.
        dry_run: only measure.

    Returns: bytes freed (or that would be freed).
    """
    _require_session(folder)
    doomed = [folder / BACKUPS, *folder.glob("**/.*.doomed-*")]
    freed = sum(measure_folder(path) for path in doomed)
    if not dry_run:
        for path in doomed:
            shutil.rmtree(path, ignore_errors=True)
    freed += _collect_vectors(folder, dry_run=dry_run)
    return freed + collect_parts(folder, dry_run=dry_run)


def collect_parts(folder: Path, *, dry_run: bool = False) -> int:
    """Delete what is kept of single source files that no step's last run refers to.

    Returns: bytes freed (or that would be freed).
    """
    parts = folder / PARTS
    if not parts.is_dir():
        return 0
    from dreambolt_steps.readers.cache.file_cache import FileCache
    from dreambolt_steps.sources.journal import Journal

    newest: dict[Path, Path] = {}  # a step has a journal for each source it ever read
    for journal in sorted(
        (folder / JOURNALS).glob("**/*.json"), key=lambda one: one.stat().st_mtime
    ):
        newest[journal.parent] = journal
    keys: set[str] = set()
    for journal in newest.values():
        keys |= Journal.load(journal).list_keys()
    return FileCache(parts).remove_others(keys, dry_run=dry_run)


def find_staged(folder: Path) -> list[str]:
    """Places on S3 where loads of the session, superseded ones too, left files until `gc`."""
    _require_session(folder)
    receipts = (read_receipt(file.parent) for file in folder.glob(f"**/{RECEIPT_FILE}"))
    staged = [receipt.report.get("staged", {}) for receipt in receipts if receipt]
    return sorted({told["url"] for told in staged if told.get("until") == "gc"})


def measure_folder(folder: Path) -> int:
    """Bytes of all files below the folder; 0 if it is missing."""
    return sum(file.stat().st_size for file in folder.glob("**/*") if file.is_file())


def _collect_vectors(folder: Path, *, dry_run: bool) -> int:
    receipts = (read_receipt(found) for found in _find_step_folders(folder))
    return collect_vectors(folder, receipts, dry_run=dry_run)


def _require_session(folder: Path) -> None:
    if not is_session(folder):
        there = tell_known(folder, find_sessions(folder.parent))
        raise UnknownNameError(
            f"{folder} is no session; {there}; `dreambolt session ls` lists them"
        )


def _find_step_folders(session: Path) -> Iterator[Path]:
    """Folders of steps that DataDreamer began to save (it puts data in `_dataset`, then writes
    step.json)."""
    found = {file.parent for file in session.glob(f"**/{STEP_FILE}")}
    found |= {data.parent for data in session.glob("**/_dataset")}
    found |= {spool.parent for spool in session.glob("**/.table.arrow")}
    yield from sorted(path for path in found if BACKUPS not in path.relative_to(session).parts)


def _describe_step(folder: Path) -> StoredStep | None:
    metadata = read_step_file(folder)
    if metadata is None:
        return None
    receipt = read_receipt(folder)
    return StoredStep(
        name=str(metadata.get("name", folder.name)),
        kind=str(metadata.get("type", "")),
        fingerprint=str(metadata["fingerprint"]),
        finished=datetime.fromisoformat(str(metadata["datetime"])),
        rows=receipt.rows_out if receipt else _count_rows(folder),
        bytes=measure_folder(folder),
        receipt=receipt,
    )


def _count_rows(folder: Path) -> int | None:
    """Rows of a step of DataDreamer's own, from the files `save_to_disk` wrote."""
    import pyarrow as pa

    state = json.loads((folder / "_dataset" / "state.json").read_text(encoding="utf-8"))
    rows = 0
    for entry in state["_data_files"]:
        with pa.memory_map(str(folder / "_dataset" / entry["filename"])) as source:
            rows += sum(batch.num_rows for batch in pa.ipc.open_stream(source))
    return rows
