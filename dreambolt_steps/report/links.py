"""Links from a report to files beside it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


def link_file(session: Path, path: str | None) -> str:
    """The address of a file of this machine, seen from the report in a session's folder.

    Args:
        session: the folder that holds the report.
        path: of the file.

    Returns: "" for no file, one that is not there, and one elsewhere than on this machine.
    """
    if not path or "://" in path or not Path(path).is_file():
        return ""
    target, folder = Path(path).absolute(), session.absolute()
    if target.is_relative_to(folder):
        return quote(f"./{target.relative_to(folder)}")
    return target.as_uri()
