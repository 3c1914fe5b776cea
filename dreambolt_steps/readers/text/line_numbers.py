"""On which line of a file a byte stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_CHUNK_BYTES = 1 << 20
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")


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
    line, done, begin, chunk, has_cr = 1, 0, 0, b"", False
    with path.open("rb") as handle:
        for offset in offsets:
            while done < offset:
                if done >= begin + len(chunk):
                    begin, chunk = done, handle.read(_CHUNK_BYTES)
                    chunk += handle.read(1) if chunk.endswith(b"\r") else b""
                    has_cr = b"\r" in chunk
                    if not chunk:
                        break
                start, stop = done - begin, min(offset - begin, len(chunk))
                line += chunk.count(b"\n", start, stop)
                if has_cr:
                    line += chunk.count(b"\r", start, stop) - chunk.count(b"\r\n", start, stop)
                done = begin + stop
            yield line


def count_lines(path: Path, offset: int) -> int:
    """Count the lines from a byte offset to the end of a file, the last one too if it has no
    end."""
    with path.open("rb") as handle:
        handle.seek(offset)
        rest = handle.read()
    return count_line_ends(rest) + (bool(rest) and not rest.endswith((b"\n", b"\r")))


def pass_lines(text: str, lines: int) -> int:
    """Return the index behind so many lines."""
    at = 0
    for _ in range(lines):
        match = _LINE.match(text, at)
        if match is None or match.end() == at:
            break
        at = match.end()
    return at
