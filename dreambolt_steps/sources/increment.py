"""Which files of a source the next run takes, so that after any interruption the same command takes
each row once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import xxhash

from dreambolt_steps.errors import UsageError
from dreambolt_steps.sources.journal import Increment, Journal, State
from dreambolt_steps.sources.source import SourceFile, fingerprint_source


@dataclass(frozen=True)
class PlannedIncrement:
    """The rows of the next run.

    Attributes:
        increment: them.
        files: that they come from; none if they are not what they were, so that the rows can't be
            read again.
        waiting: files that the run after this one takes.
    """

    increment: Increment
    files: tuple[SourceFile, ...]
    waiting: tuple[SourceFile, ...] = ()


def plan_all(files: Sequence[SourceFile]) -> PlannedIncrement:
    """Take every file."""
    content = fingerprint_source(files)
    return PlannedIncrement(Increment(content, tuple(f.uri for f in files)), tuple(files))


def plan_new(
    files: Sequence[SourceFile],
    journal: Journal,
    is_stored: Callable[[str], bool],
    *,
    cursor: str | None = None,
    afresh: bool = False,
) -> PlannedIncrement:
    """Take the files that are new or changed.

    An increment that was interrupted below is finished as it was read then, whatever became of its
    files: some of it may be in a table already. Without anything new it is the last increment
    again, whose steps are all in the cache.

    Args:
        files: all of the source.
        journal: of the step.
        is_stored: whether the session holds the step's result for a content.
        cursor: a column; only rows beyond its largest value so far are taken.
        afresh: read an interrupted increment anew instead, as its files are now.

    Raises: UsageError when the largest value so far is not known.
    """
    settled, pending = journal.settled, journal.pending
    if pending and not afresh and is_stored(pending.increment.content):
        known = pending.list_taken()
        waiting = tuple(file for file in files if (file.uri, file.identity) not in known)
        return PlannedIncrement(pending.increment, _find_same(pending, files), waiting)
    if settled is None:
        return plan_all(files)
    known = settled.list_taken()
    taken = tuple(file for file in files if (file.uri, file.identity) not in known)
    if not taken:
        return PlannedIncrement(settled.increment, _find_same(settled, files))
    since = _find_largest(settled, cursor) if cursor else None
    told = "\0".join([fingerprint_source(taken), settled.increment.content, str(since)])
    content = xxhash.xxh3_128_hexdigest(told.encode())
    uris = tuple(file.uri for file in taken)
    return PlannedIncrement(Increment(content, uris, settled.increment.content, since), taken)


def _find_largest(state: State, cursor: str) -> str:
    column, value = state.cursor or ("", "")
    if column != cursor:
        raise UsageError(
            f"the last run of this session did not note the largest {cursor!r}; name another "
            f"--session to take every row, or tell a value to begin at once, with cursor={cursor!r}"
        )
    return value


def _find_same(state: State, files: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """The files of a state's increment; none if one is not what it was."""
    by_uri = {file.uri: file for file in files}
    known = {file.uri: file.identity for file in state.files}
    found = [by_uri.get(uri) for uri in state.increment.uris]
    same = [file for file in found if file and known.get(file.uri) == file.identity]
    return tuple(same) if len(same) == len(found) else ()
