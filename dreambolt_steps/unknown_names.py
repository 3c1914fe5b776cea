"""How an error about an unknown name goes on: what was probably meant, and what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 20
_ALIKE = 0.65  # "cvs" is csv; "replace" is not create


def find_closest(name: object, known: Iterable[object]) -> str | None:
    """The known name that was probably meant; case, blanks and signs count little.

    >>> find_closest("Player Nam", ["player_name", "team"])
    'player_name'
    """
    by_letters: dict[str, str] = {}
    for one in known:
        by_letters.setdefault(_reduce(str(one)), str(one))
    close = difflib.get_close_matches(_reduce(str(name)), by_letters, n=1, cutoff=_ALIKE)
    return by_letters[close[0]] if close else None


def tell_known(name: object, known: Iterable[object]) -> str:
    """What was probably meant, and the names there are.

    >>> tell_known("yeer", ["year", "winner"])
    "did you mean 'year'? there are year, winner"
    >>> tell_known("x", [])
    'there are none'
    """
    names = [str(one) for one in known]
    if not names:
        return "there are none"
    close = find_closest(name, names)
    meant = "" if close is None else f"did you mean {close!r}? "
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"{meant}there are {', '.join(names[:_LISTED])}{more}"


def _reduce(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold())) or name
