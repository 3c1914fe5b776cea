"""Paths on this machine, as they are written: `~` is a home, and another scheme is no file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dreambolt_steps.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def read_local_path(text: str | os.PathLike[str], what: str, hint: str = "") -> Path:
    """Read a path; a URI is refused, as it would make a file of that name.

    Args:
        text: as it was written; `~` and `~name` at its beginning are homes.
        what: it is for, for the error: "a database file".
        hint: what else may be written.

    Raises: UsageError: nothing, or another scheme than none.

    >>> read_local_path("out/a.parquet", "an export").as_posix()
    'out/a.parquet'
    """
    written = os.fspath(text)
    if not written.strip():
        raise UsageError(f"the path of {what} is empty; give one such as out/x")
    scheme = _SCHEME.match(written)
    if scheme is not None:
        raise UsageError(
            f"{written!r} is no path of {what}: nothing is known of {scheme[1]}:{hint}; a file of"
            f" that name is written ./{written}"
        )
    try:
        return Path(written).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{written!r}: there is no such home; write the path out") from error
