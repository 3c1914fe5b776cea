"""The folder of one step inside a session: healed, set aside and restored by renames.

DataDreamer 0.46.0 keeps `<session>/<step>/{step.json,_dataset}` and moves superseded results to
`<session>/_backups/<step>/<fingerprint>` by copying file after file, writes step.json in place,
and never deletes a backup. A process killed in the middle leaves truncated JSON, or half a backup
that looks whole. Here the same layout is kept with renames, which are done or not done. Nothing in
this module imports DataDreamer.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from dreambolt_steps.log import Receipt

STEP_FILE = "step.json"
RECEIPT_FILE = "receipt.json"
BACKUPS = "_backups"
LOCKS = ".locks"
FILES = "_files"  # what is known of single source files
PARTS = f"{FILES}/parts"
JOURNALS = f"{FILES}/journals"
HASHES = f"{FILES}/hashes"
VECTORS = "_vectors"  # by model and text, for every step that embeds


def find_lock(session: Path, folder: Path) -> Path:
    """The lock file of a step, outside of its folder, which is renamed; its own folder is made."""
    lock = session / LOCKS / f"{folder.relative_to(session).as_posix()}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    return lock


def read_step_file(folder: Path) -> dict[str, object] | None:
    """The step's metadata, or None if it never finished or its file is damaged."""
    try:
        found = json.loads((folder / STEP_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    whole = isinstance(found, dict) and {"fingerprint", "pickled", "data_card"} <= found.keys()
    return found if whole else None


def read_receipt(folder: Path) -> Receipt | None:
    """The receipt of the run that produced the folder's result, if it was kept."""
    try:
        told = json.loads((folder / RECEIPT_FILE).read_text(encoding="utf-8"))
        return Receipt(**{"run_id": None, **told})
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Keep the receipt beside the step's result (written aside, then renamed)."""
    aside = folder / f".{RECEIPT_FILE}.partial"
    aside.write_text(json.dumps(receipt.to_dict(), indent=2, default=str), encoding="utf-8")
    aside.replace(folder / RECEIPT_FILE)


def heal_step(folder: Path) -> bool:
    """Make an unfinished or damaged step folder look like one that never ran.

    Returns: True if something had to be removed: a truncated step.json, or data of a run that was
    killed before its step.json was written.
    """
    if not folder.is_dir():
        return False
    metadata = read_step_file(folder)
    if metadata is not None and (folder / "_dataset" / "state.json").is_file():
        return False
    leftovers = [entry for entry in folder.iterdir() if entry.name in _OWN_ENTRIES]
    (folder / STEP_FILE).unlink(missing_ok=True)
    for entry in leftovers:
        _remove(entry)
    return bool(leftovers)


_OWN_ENTRIES = {
    STEP_FILE,
    RECEIPT_FILE,
    f".{RECEIPT_FILE}.partial",
    "_dataset",
    "rejects.parquet",
    ".table.arrow",
    ".unchanged.arrow",
    ".rejects.arrow",
    "profile.json",
    ".datadreamer_save_cache",
}


def prepare_step(session: Path, folder: Path, fingerprint: str, *, force: bool = False) -> None:
    """Bring the folder into the state in which DataDreamer only has to look: the wanted result, or
    none.

    A result of another fingerprint is set aside; a backup of the wanted fingerprint is put back,
    unless `force`.

    Args:
        session: the session's folder.
        folder: the step's folder inside it.
        fingerprint: of the result that is wanted now.
        force: set aside whatever is there.
    """
    backups = session / BACKUPS / folder.relative_to(session)
    heal_step(folder)
    metadata = read_step_file(folder)
    if metadata is not None and (force or metadata["fingerprint"] != fingerprint):
        set_aside(folder, backups / str(metadata["fingerprint"]))
        metadata = None
    wanted = backups / fingerprint
    if metadata is None and not force and wanted.is_dir():
        heal_step(wanted)
        if read_step_file(wanted) is not None:
            _remove(folder)
            folder.parent.mkdir(parents=True, exist_ok=True)
            wanted.replace(folder)
        else:
            _remove(wanted)


def holds_step(session: Path, name: str, fingerprint: str) -> bool:
    """Whether a step's finished result of a fingerprint is there, in its folder or set aside.

    Args:
        session: the session's folder.
        name: the step's folder below it.
        fingerprint: of the result.
    """
    found = map(read_step_file, (session / name, session / BACKUPS / name / fingerprint))
    return any(one is not None and one["fingerprint"] == fingerprint for one in found)


def set_aside(folder: Path, backup: Path) -> None:
    """Move a step's folder to `backup`, in place of an older backup of the same fingerprint."""
    backup.parent.mkdir(parents=True, exist_ok=True)
    _remove(backup)
    folder.replace(backup)
    folder.mkdir()


def _remove(path: Path) -> None:
    """Remove a file or folder; a folder disappears under its name at once, by a rename."""
    if path.is_dir() and not path.is_symlink():
        doomed = path.with_name(f".{path.name}.doomed-{os.getpid()}")
        shutil.rmtree(doomed, ignore_errors=True)
        path.replace(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
