"""Which session a command is about: the one that is named, or the one that ran last."""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps.errors import UnknownNameError
from dreambolt_steps.session.session_store import find_sessions, is_session
from dreambolt_steps.unknown_names import tell_known

SESSIONS = Path("sessions")


def find_session(name: str | None, root: Path = SESSIONS) -> Path:
    """Find the folder of a session.

    Args:
        name: its folder, or its name below `root`; None for the session that ran last.
        root: where sessions are.

    Raises: UnknownNameError: there is none of that name, or none at all.

    Example:
        find_session("worldcup")  # sessions/worldcup
    """
    if name is not None:
        for folder in (Path(name).expanduser(), root / name):
            if is_session(folder):
                return folder
        parent = Path(name).parent if len(Path(name).parts) > 1 else root
        there = [one.name for one in find_sessions(parent)]
        raise UnknownNameError(f"no session {name!r}; {tell_known(Path(name).name, there)}")
    found = find_sessions(root)
    if not found:
        raise UnknownNameError(
            f"no session below {root}/; name one, or make one: dreambolt ingest FILE"
        )
    return max(found, key=_find_last_change)


def name_session(folder: Path) -> str:
    """The shortest name that `find_session` takes for a session.

    >>> name_session(Path("sessions/worldcup")), name_session(Path("/tmp/s"))
    ('worldcup', '/tmp/s')
    """
    return folder.name if folder.parent == SESSIONS else str(folder)


def _find_last_change(session: Path) -> float:
    """When a step was finished or a report written there last."""
    files = [*session.glob("*/step.json"), *session.glob("report.html")]
    return max((file.stat().st_mtime for file in files), default=0.0)
