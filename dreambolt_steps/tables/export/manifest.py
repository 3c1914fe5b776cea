"""How an export knows its own files: a manifest in each folder, a mark in each file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dreambolt_steps.errors import ExportError

METADATA_PREFIX = "dreambolt."
FORMAT_KEY = METADATA_PREFIX + "format"  # every exported file has it
MANIFEST_NAME = "_manifest.json"  # readers of a folder leave out names that begin with "_"


def write_manifest(
    folder: Path, files: Sequence[Mapping[str, Any]], metadata: Mapping[str, str]
) -> None:
    """Write the list of a folder's files: name (`path`), rows, bytes, fingerprint."""
    with (folder / MANIFEST_NAME).open("x", encoding="utf-8") as manifest:
        json.dump({"metadata": dict(metadata), "files": list(files)}, manifest, indent=1)
        manifest.flush()
        os.fsync(manifest.fileno())


def check_file(target: Path) -> None:
    """Refuse a target that is a folder, or a file that no export wrote.

    Raises:
        ExportError: as said.
    """
    if not target.exists():
        return
    if target.is_dir():
        raise ExportError(f"{target} is a folder; give a path without .parquet to write a folder")
    try:
        own = FORMAT_KEY.encode() in (pq.read_metadata(target).metadata or {})
    except pa.ArrowInvalid:
        own = False
    if not own:
        raise ExportError(
            f"{target} exists and is no export of this package; move it or give another path"
        )


def check_folder(target: Path) -> None:
    """Refuse a target that is a file, a mount point, or a folder with files no export wrote.

    Raises:
        ExportError: as said; it names the first such file.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise ExportError(f"{target} is a file; give a folder, or a file name ending in .parquet")
    if target.is_mount():
        raise ExportError(f"{target} is a mount point and can't be exchanged; give a folder in it")
    try:
        listed = json.loads((target / MANIFEST_NAME).read_text(encoding="utf-8"))["files"]
        own = {MANIFEST_NAME, *(file["path"] for file in listed)}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        own = set()
    foreign = sorted(entry.name for entry in target.iterdir() if entry.name not in own)
    if foreign:
        raise ExportError(
            f"{target} holds {foreign[0]!r}, which is not of an export of this package"
            f" ({len(foreign)} such in all); give an empty folder or a new one"
        )
