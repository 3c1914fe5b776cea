"""Where well-formed records begin and end, found without splitting them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

_BLOCK_BYTES = 4 << 20

Places = tuple[np.ndarray, np.ndarray]


def iterate_blocks(
    path: Path, start: int, end: int, line_end: bytes, quote: bytes
) -> Iterator[Places]:
    r"""Yield the byte offsets at which records begin, and those at which they end.

    Args:
        path: of the file.
        start, end: between which it holds nothing but records whose quotes are sound.
        line_end: how they end; the line end is not part of a record.
        quote: one byte, which encloses fields and is doubled in them; b"" for none.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.csv")
    >>> _ = path.write_bytes(b'n\n1\n"a\n""b"\n')
    >>> blocks = iterate_blocks(path, 2, 12, b"\n", b'"')
    >>> [(begins.tolist(), ends.tolist()) for begins, ends in blocks]
    [([2, 4], [3, 11])]
    """
    at = begun = start
    is_inside = 0
    with path.open("rb") as handle:
        handle.seek(start)
        while at < end and (block := handle.read(min(_BLOCK_BYTES, end - at))):
            values = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero(values == line_end[-1])
            if quote:
                quotes = np.flatnonzero(values == quote[0])
                ends = ends[(np.searchsorted(quotes, ends) + is_inside) % 2 == 0]
                is_inside = (is_inside + len(quotes)) % 2
            if len(ends):
                behind = ends + at + 1
                yield np.concatenate(([begun], behind[:-1])), behind - len(line_end)
                begun = int(behind[-1])
            at += len(block)
    if begun < end:
        yield np.array([begun]), np.array([end])


def find_records(blocks: Iterable[Places], rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield (begin, end) of records by their numbers: 0-based, ascending.

    >>> blocks = [(np.array([0, 2]), np.array([1, 3])), (np.array([4]), np.array([5]))]
    >>> list(find_records(blocks, [1, 2]))
    [(2, 3), (4, 5)]
    """
    waiting = iter(blocks)
    begins = ends = np.empty(0, np.int64)
    first = 0
    for row in rows:
        while row >= first + len(begins):
            first += len(begins)
            begins, ends = next(waiting)
        yield int(begins[row - first]), int(ends[row - first])


def count_records(blocks: Iterable[Places]) -> int:
    """Count them."""
    return sum(len(begins) for begins, _ in blocks)
