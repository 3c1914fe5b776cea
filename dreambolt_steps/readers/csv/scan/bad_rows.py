"""Rows that could not be read, as many as there may be."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from dreambolt_steps.tables.table_spool import TableSpool

_SCHEMA = pa.schema([("offset", pa.int64()), ("raw", pa.string()), ("reason", pa.string())])
_MOST_HELD = 4_096
_MOST_CHARACTERS = 4 << 20


@dataclass(frozen=True)
class OddRow:
    """A row that could not be read.

    Attributes:
        offset: where it begins, in bytes.
        raw: its text.
        reason: why not, in words.
    """

    offset: int
    raw: str
    reason: str


class OddRows:
    """Odd rows in the order they were met; beyond some MiB they are kept on disk.

    >>> rows = OddRows()
    >>> rows.append(OddRow(3, "a,b", "too long"))
    >>> len(rows), [row.offset for row in rows], rows.take_first(1)[0].raw
    (1, [3], 'a,b')
    """

    def __init__(self) -> None:
        """No row was met yet."""
        self._spool = TableSpool(_SCHEMA)
        self._held: tuple[list[int], list[str], list[str]] = ([], [], [])
        self._characters = 0

    def append(self, row: OddRow) -> None:
        """Keep one more."""
        self.extend([row.offset], [row.raw], [row.reason])

    def extend(self, offsets: list[int], raws: list[str], reasons: list[str]) -> None:
        """Keep several, by their columns."""
        self._held[0].extend(offsets)
        self._held[1].extend(raws)
        self._held[2].extend(reasons)
        self._characters += sum(map(len, raws))
        if len(self._held[0]) >= _MOST_HELD or self._characters > _MOST_CHARACTERS:
            self._spool.add(pa.table(list(self._held), schema=_SCHEMA))
            self._held, self._characters = ([], [], []), 0

    def __len__(self) -> int:
        return self._spool.num_rows + len(self._held[0])

    def __iter__(self) -> Iterator[OddRow]:
        for batch in self._spool.iterate_batches():
            yield from map(OddRow, *(column.to_pylist() for column in batch.columns))
        yield from map(OddRow, *self._held)

    def take_first(self, rows: int) -> list[OddRow]:
        """The first of them."""
        taken: list[OddRow] = []
        for row in self if rows else ():
            taken.append(row)
            if len(taken) == rows:
                break
        return taken


class Segments:
    """Where the copy of a file begins anew: 16 bytes for each place.

    >>> segments = Segments()
    >>> segments.append((0, 10)); segments.append((5, 40))
    >>> segments.find_original(4), segments.find_original(7), bool(segments)
    (14, 42, True)
    """

    def __init__(self) -> None:
        """The copy is empty."""
        self._copied, self._original = array("q"), array("q")

    def append(self, segment: tuple[int, int]) -> None:
        """From this offset in the copy on it goes on at that one in the file; ascending."""
        self._copied.append(segment[0])
        self._original.append(segment[1])

    def __len__(self) -> int:
        return len(self._copied)

    def find_original(self, offset: int) -> int:
        """Return the file's offset for one of the copy."""
        index = bisect_right(self._copied, offset) - 1
        if index < 0:
            return offset
        return self._original[index] + offset - self._copied[index]
