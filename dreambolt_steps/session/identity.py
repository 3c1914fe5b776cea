"""Which session a folder is: an id that it keeps when it is moved, and its place."""

from __future__ import annotations

import socket
from pathlib import Path
from secrets import token_hex

from dreambolt_steps.warehouses.load import Owner

_FILE = ".session.id"


def identify_session(folder: Path) -> Owner:
    """Read who a session is, and give it an id if it has none yet.

    Args:
        folder: of the session; it exists.
    """
    file = folder / _FILE
    if not _read_id(file):
        aside = file.with_name(f"{_FILE}.partial")
        aside.write_text(token_hex(16), encoding="utf-8")
        aside.replace(file)
    return Owner(_read_id(file), _name_place(folder))


def find_identity(folder: Path) -> Owner:
    """Read who a session is, or would be: nothing is written, and the folder need not exist."""
    return Owner(_read_id(folder / _FILE), _name_place(folder))


def _read_id(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _name_place(folder: Path) -> str:
    return f"{socket.gethostname()}:{folder.resolve()}"
