"""A run without effects: `preview` and `--dry-run`.

Inside `rehearse()` pure steps (load, clean) really run; steps with effects outside the session or
costs (export, load into a warehouse, paid models; in a dry run of all rows models that embed, too)
only say what they would do, and are not recorded as finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Rehearsal:
    """A run in which nothing outside the session happens.

    Args:
        rows: how many rows a source gives at most; None for all.
    """

    rows: int | None = None


_current: list[Rehearsal | None] = [None]


def current_rehearsal() -> Rehearsal | None:
    """The rehearsal that is going on, or None in a real run."""
    return _current[-1]


def is_preview() -> bool:
    """Whether a rehearsal looks at the first rows only, in no session."""
    rehearsal = current_rehearsal()
    return rehearsal is not None and rehearsal.rows is not None


@contextmanager
def rehearse(rows: int | None = None) -> Iterator[Rehearsal]:
    """Rehearse every step inside the block.

    Args:
        rows: limit of rows per source; None for all.

    Example:
        >>> with rehearse(rows=5):
        ...     current_rehearsal()
        Rehearsal(rows=5)
    """
    rehearsal = Rehearsal(rows)
    _current.append(rehearsal)
    try:
        yield rehearsal
    finally:
        _current.remove(rehearsal)
