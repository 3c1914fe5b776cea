"""Where a row stands in its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class RowPlace:
    """Where a row stands.

    Attributes:
        line: on which it begins, 1-based.
        byte_offset: of its first byte, 0-based; None where the encoding does not tell.
        raw: its text as it is in the file.
    """

    line: int
    byte_offset: int | None
    raw: str


@runtime_checkable
class PlacedRows(Protocol):
    """A reader of a format whose rows are lines of text."""

    def iterate_places(self, rows: Iterable[int], count: int) -> Iterator[RowPlace | None]:
        """Yield where rows stand; the file is read once more, as far as the last of them.

        Args:
            rows: numbers of rows that this reader gives, 0-based, ascending.
            count: how many rows it gave; where that is not what is found now, no place is told.
        """
