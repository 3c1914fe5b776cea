"""JSON documents rewritten as JSON Lines: the elements of an array, or objects one behind the
other, each on a line of its own, every byte at its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_CHUNK_BYTES = 4 << 20
_QUOTE, _BACKSLASH, _COMMA, _FEED, _SPACE = 34, 92, 44, 10, 32
_SPECIAL = np.zeros(256, bool)
_SPECIAL[[*b'"{}[],\n']] = True
_STEPS = np.zeros(256, np.int8)
_STEPS[[*b"{["]] = 1
_STEPS[[*b"}]"]] = -1
_NO_CHARACTER = 1  # where a line end within a string would be taken for one between rows


def write_elements(path: Path, start: int, target: Path, *, in_array: bool) -> int | None:
    """Copy the elements that begin at `start`, as lines.

    Line ends within an element become blanks; the comma behind one becomes its line end. So the
    byte at an offset of the copy is that at `start` + offset of the original.

    Args:
        path: UTF-8 JSON.
        start: behind the array's opening bracket, or where the first object begins.
        target: the file to write.
        in_array: whether an array's elements are copied, up to its closing bracket; else objects
            one behind the other, each ending a line, up to the end.

    Returns: the offset behind the closing bracket; None when the file ends before it.
    """
    inside, depth, escapes = False, 0, 0
    done = start
    with path.open("rb") as source, target.open("wb") as sink:
        source.seek(start)
        while chunk := source.read(_CHUNK_BYTES):
            values = np.frombuffer(chunk, np.uint8).copy()
            places = np.flatnonzero(_SPECIAL[values])
            kinds = values[places]
            quotes = kinds == _QUOTE
            if b"\\" in chunk or escapes:
                quotes &= ~_find_escaped(values, places, escapes)
                escapes = _count_backslashes(chunk, escapes)
            seen = np.cumsum(quotes, dtype=np.int64)
            within = ((seen - quotes + inside) & 1).astype(bool)
            steps = np.where(within | quotes, 0, _STEPS[kinds])
            depths = np.cumsum(steps, dtype=np.int64) + depth
            feeds = kinds == _FEED
            values[places[feeds & within]] = _NO_CHARACTER
            outer = ~within & (depths == 0)
            if in_array:
                values[places[feeds & ~within]] = _SPACE
                values[places[outer & (kinds == _COMMA)]] = _FEED
                ends = np.flatnonzero(depths < 0)
                if len(ends):
                    end = int(places[ends[0]])
                    sink.write(values[:end].tobytes())
                    return done + end + 1
            else:
                values[places[feeds & ~within & ~outer]] = _SPACE
            sink.write(values.tobytes())
            inside = bool((int(seen[-1]) if len(seen) else 0) + inside & 1)
            depth = int(depths[-1]) if len(depths) else depth
            done += len(chunk)
    return None


def _find_escaped(values: np.ndarray, places: np.ndarray, before: int) -> np.ndarray:
    """Tell which places stand behind an odd number of backslashes."""
    index = np.arange(len(values))
    last_other = np.maximum.accumulate(np.where(values != _BACKSLASH, index, -1))
    previous = places - 1
    ends = np.where(previous >= 0, last_other[np.maximum(previous, 0)], -1)
    runs = np.where(previous >= 0, previous - ends, 0)
    runs = runs + np.where(ends < 0, before, 0)
    return (runs & 1).astype(bool)


def _count_backslashes(chunk: bytes, before: int) -> int:
    """Count the backslashes at the end of a chunk, those before it included if it is all of
    them."""
    count = len(chunk) - len(chunk.rstrip(b"\\"))
    return count + (before if count == len(chunk) else 0)
