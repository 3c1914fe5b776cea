"""Which columns a clean table has, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeVar

from dreambolt_steps.errors import UnknownColumnError, UsageError
from dreambolt_steps.tables.naming import Naming, name_columns
from dreambolt_steps.unknown_names import tell_known

_T = TypeVar("_T")


@dataclass(frozen=True)
class ChosenColumn:
    """One column that is kept.

    Attributes:
        at: its place in the source, 0-based.
        source: its name there.
        name: its new one.
    """

    at: int
    source: str
    name: str


def choose_columns(
    sources: Sequence[str],
    *,
    naming: Naming = "snake_case",
    rename: Mapping[str, str] | None = None,
    keep: Sequence[str] | None = None,
    drop: Sequence[str] | None = None,
) -> list[ChosenColumn]:
    """Choose columns and their names.

    Args:
        sources: names in the source.
        naming: how columns are named that are not renamed.
        rename: source or clean name -> wanted name.
        keep: source or clean names, or patterns of them ("home_*"), of the columns to keep; None:
            all.
        drop: the same of columns to leave out; goes before `keep`.

    Returns: the columns, in the order of the source.
    Raises: UsageError for a name or pattern that no column has, for no column left, or for two of
        one name.

    >>> [c.name for c in choose_columns(["Id", "Home Team", "Away Team"], keep=["id", "home_*"])]
    ['id', 'home_team']
    """
    wanted = rename or {}
    usual = name_columns(sources, naming)
    columns = [ChosenColumn(at, source, usual[at]) for at, source in enumerate(sources)]
    for name in wanted:
        _check_known(name, columns, "to rename")
    kept = columns if keep is None else _match(columns, keep, "to keep")
    dropped = set(_match(columns, drop or (), "to drop"))
    left = [column for column in kept if column not in dropped]
    if sources and not left:
        raise UsageError("keep and drop leave no column")
    # Names are made anew for what is left, so that none is numbered after one that is gone.
    free = [column for column in left if not {column.source, column.name} & set(wanted)]
    fresh = dict(zip(free, name_columns([c.source for c in free], naming), strict=True))
    named = [
        ChosenColumn(
            column.at,
            column.source,
            fresh[column]
            if column in fresh
            else wanted.get(column.source, wanted.get(column.name, "")),
        )
        for column in left
    ]
    _check_unique([column.name for column in named])
    return named


def look_up(
    columns: Sequence[ChosenColumn],
    given: Mapping[str, _T] | None,
    purpose: str,
    default: _T,
) -> list[_T]:
    """What was given for each column.

    Args:
        columns: of the table.
        given: by source or clean name; "*" is for all columns not named.
        purpose: what for, for errors: "to type".
        default: without a "*".

    Raises: UsageError for a name that no column has.
    """
    by_name = given or {}
    for name in by_name:
        if name != "*":
            _check_known(name, columns, purpose)
    rest = by_name.get("*", default)
    return [by_name.get(column.source, by_name.get(column.name, rest)) for column in columns]


def _match(
    columns: Sequence[ChosenColumn], patterns: Sequence[str], purpose: str
) -> list[ChosenColumn]:
    if isinstance(patterns, str):
        raise UsageError(f"columns {purpose} are a list, not {patterns!r}")
    found = set()
    for pattern in patterns:
        same = [c for c in columns if pattern in (c.source, c.name)]
        alike = same or [
            c for c in columns if fnmatchcase(c.source, pattern) or fnmatchcase(c.name, pattern)
        ]
        if not alike:
            _fail(pattern, columns, purpose)
        found.update(alike)
    return [column for column in columns if column in found]


def _check_known(name: str, columns: Sequence[ChosenColumn], purpose: str) -> None:
    if not any(name in (column.source, column.name) for column in columns):
        _fail(name, columns, purpose)


def _fail(name: str, columns: Sequence[ChosenColumn], purpose: str) -> None:
    known = [column.name for column in columns]
    raise UnknownColumnError(f"no column {name!r} {purpose}; {tell_known(name, known)}")


def _check_unique(names: Sequence[str]) -> None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise UsageError(f"two columns would be called {name!r}; choose another name for one")
    if "" in names:
        raise UsageError("a column would have no name; rename it to something")
