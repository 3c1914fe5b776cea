"""What a session settles only when its run has come to a good end.

A step that takes rows in increments may not count them as taken before every step below has
finished: a run that was killed has to give the same rows again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Commit = Callable[[], None]

_waiting: list[dict[str, Commit]] = []


def is_session_open() -> bool:
    """Whether somebody will settle things at the end of the run: `open_session` does, a plain
    `with DataDreamer(...)` does not."""
    return bool(_waiting)


def commit_at_end(name: str, commit: Commit) -> None:
    """Call `commit` when the run of the open session ends well; at once where there is none.

    Args:
        name: a later call of the same name replaces this one.
        commit: called once, or not at all.
    """
    if _waiting:
        _waiting[-1][name] = commit
    else:
        commit()


@contextmanager
def commit_when_done() -> Iterator[None]:
    """Hold commits back until the block ends, and drop them if it fails."""
    commits: dict[str, Commit] = {}
    _waiting.append(commits)
    try:
        yield
    finally:
        _waiting.pop()
    for commit in commits.values():
        commit()
