"""Which of the files of a folder, a glob or a zip are no part of the table, and are left out with a
word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dreambolt_steps.sources.source_file import SourceFile

_SHOWN_FILES = 5
_ABOUT = re.compile(
    r"(?:read[ _-]?me|licen[cs]e|copying|notice|change[ _-]?log|about|authors)(?:[ _.-].*)?\.txt",
    re.IGNORECASE,
)


def leave_out(files: Sequence[SourceFile]) -> list[SourceFile]:
    """Leave out files of 0 bytes, and texts that tell about the others, such as readme.txt; nothing
    where no other file would be left.

    Args:
        files: that were not named one by one.

    Returns: the others; the first of them has in its `notes` what was left out.
    """
    kept, notes = list(files), []
    for what, is_one in (
        ("files of 0 bytes", lambda file: not file.size),
        ("texts about the others", lambda file: _ABOUT.fullmatch(_name(file))),
    ):
        gone = [file for file in kept if is_one(file)]
        if gone and len(gone) < len(kept):
            kept = [file for file in kept if file not in gone]
            shown = ", ".join(_name(file) for file in gone[:_SHOWN_FILES])
            more = f" and {len(gone) - _SHOWN_FILES:,} more" if len(gone) > _SHOWN_FILES else ""
            notes.append(f"{what} left out: {shown}{more}")
    if notes:
        kept[0] = replace(kept[0], notes=(*kept[0].notes, *notes))
    return kept


def _name(file: SourceFile) -> str:
    return file.own_name.rsplit("/", 1)[-1]
