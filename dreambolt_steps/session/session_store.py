"""What a session keeps on disk: list it, describe it, heal it, collect what is superseded.

Reads files only; nothing here imports DataDreamer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dreambolt_steps.errors import UnknownNameError
from dreambolt_steps.log import Receipt
from dreambolt_steps.session.garbage import Garbage, find_garbage, measure
from dreambolt_steps.session.step_cache import (
    BACKUPS,
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
    return StoredSession(
        folder=folder,
        steps=sorted((step for step in steps if step), key=lambda step: step.finished),
        bytes=measure(folder),
        superseded=len(backups),
        superseded_bytes=sum(garbage.bytes for garbage in find_superseded(folder)),
    )


def heal_session(folder: Path) -> list[Path]:
    """Make damaged step folders look like steps that never ran, and remove what a killed run left
    of single files.

    Returns: the folders that had to be healed.
    """
    for partial in (folder / PARTS).glob("*.partial"):
        partial.unlink(missing_ok=True)
    return [found for found in _find_step_folders(folder) if heal_step(found)]


def find_superseded(folder: Path, *, unfinished: bool = False) -> list[Garbage]:
    """Find what a session needs no more: superseded results, leftovers of killed runs, and parts of
    files and vectors that nothing refers to, unless a step is unfinished that may need them.

    Args:
        folder: the session.
        unfinished: find what an unfinished step may need, too.
    """
    _require_session(folder)
    return find_garbage(folder, _find_step_folders(folder), unfinished=unfinished)


def collect_superseded(folder: Path, *, dry_run: bool = False, unfinished: bool = False) -> int:
    """Delete what `find_superseded` finds.

    Args:
        folder: the session.
        dry_run: only measure.
        unfinished: as `find_superseded`.

    Returns: bytes freed (or that would be freed).
    """
    found = find_superseded(folder, unfinished=unfinished)
    for garbage in found if not dry_run else []:
        garbage.delete()
    return sum(garbage.bytes for garbage in found)


def find_staged(folder: Path) -> list[str]:
    """Places on S3 where loads of the session, superseded ones too, left files until `gc`."""
    _require_session(folder)
    receipts = (read_receipt(file.parent) for file in folder.glob(f"**/{RECEIPT_FILE}"))
    staged = [receipt.report.get("staged", {}) for receipt in receipts if receipt]
    return sorted({told["url"] for told in staged if told.get("until") == "gc"})


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
        bytes=measure(folder),
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
