"""Which files of a source the next run takes, so that after any interruption the same command takes
each row once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import xxhash

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.journal import Increment, Journal, State
from dreambolt_steps.sources.source import SourceFile, fingerprint_source


@dataclass(frozen=True)
class PlannedIncrement:
    """The rows of the next run.

    Attributes:
        increment: them.
        files: that they come from.
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
    by_cursor: bool = False,
) -> PlannedIncrement:
    """Take the files that are new or changed.

    An increment that was interrupted below is finished as it was, as long as its files are what
    they were: some of it may be in a table already. Without anything new it is the last increment
    again, whose steps are all in the cache.

    Args:
        files: all of the source.
        journal: of the step.
        is_stored: whether the session holds the step's result for a content.
        by_cursor: whether only rows beyond the largest cursor so far are taken.

    Raises: SourceError when the last increment would have to be read again, but can't.
    """
    by_uri = {file.uri: file for file in files}
    settled, pending = journal.settled, journal.pending
    if pending and is_stored(pending.increment.content):
        again = _find_same(pending, by_uri)
        if again is not None:
            known = pending.list_taken()
            waiting = [file for file in files if (file.uri, file.identity) not in known]
            return PlannedIncrement(pending.increment, again, tuple(waiting))
    if settled is None:
        return plan_all(files)
    known = settled.list_taken()
    taken = tuple(file for file in files if (file.uri, file.identity) not in known)
    if not taken:
        again = _find_same(settled, by_uri)
        if again is None and not is_stored(settled.increment.content):
            raise SourceError(
                "nothing is new, and the rows of the last run are neither in the session nor in "
                "its files any more; name another --session to take every file again"
            )
        return PlannedIncrement(settled.increment, again or ())
    since = settled.cursor if by_cursor else None
    told = "\0".join([fingerprint_source(taken), settled.increment.content, str(since)])
    content = xxhash.xxh3_128_hexdigest(told.encode())
    uris = tuple(file.uri for file in taken)
    return PlannedIncrement(Increment(content, uris, settled.increment.content, since), taken)


def _find_same(state: State, by_uri: dict[str, SourceFile]) -> tuple[SourceFile, ...] | None:
    """The files of a state's increment, if they are what they were."""
    known = {file.uri: file.identity for file in state.files}
    found = [by_uri.get(uri) for uri in state.increment.uris]
    same = [file for file in found if file and known.get(file.uri) == file.identity]
    return tuple(same) if len(same) == len(found) else None
