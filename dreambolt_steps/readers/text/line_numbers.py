"""On which line of a file a byte stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def count_line_ends(text: bytes) -> int:
    """Count LF, CR LF and lone CR."""
    if b"\r" not in text:
        return text.count(b"\n")
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


def find_lines(path: Path, offsets: Sequence[int]) -> list[int]:
    """Return the 1-based line of each byte offset, which ascend and are starts of rows.

    DuckDB 2.0 numbers rows, not lines: a row with a line end inside quotes shifts its numbers.
    """
    return list(iterate_lines(path, offsets))


def iterate_lines(path: Path, offsets: Iterable[int]) -> Iterator[int]:
    """Yield the lines of `find_lines` one by one, for offsets that come one by one."""
    line, done = 1, 0
    with path.open("rb") as handle:
        for offset in offsets:
            while done < offset:
                chunk = handle.read(min(offset - done, _CHUNK_BYTES))
                if chunk.endswith(b"\r") and done + len(chunk) < offset:
                    chunk += handle.read(1)
                line += count_line_ends(chunk)
                done += len(chunk)
            yield line


def count_lines(path: Path, offset: int) -> int:
    """Count the lines from a byte offset to the end of a file, the last one too if it has no
    end."""
    with path.open("rb") as handle:
        handle.seek(offset)
        rest = handle.read()
    return count_line_ends(rest) + (bool(rest) and not rest.endswith((b"\n", b"\r")))
