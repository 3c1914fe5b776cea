"""Puts away what DuckDB would misread: rows with broken quotes, and line ends that differ."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np

from dreambolt_steps.dialects.dialect import Dialect
from dreambolt_steps.dialects.line_numbers import count_line_ends

_CHUNK_BYTES = 4 << 20
_MAX_ROW_BYTES = 64 << 20


@dataclass
class Screening:
    """What `screen_rows` put away.

    Attributes:
        rows: (byte offset in the original, text) of every row with broken quotes.
        cuts: (byte offset in the copy, lines left out there), ascending.
    """

    rows: list[tuple[int, str]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)

    def count_cut_lines(self, offsets: Sequence[int]) -> list[int]:
        """Return, for ascending byte offsets of the copy, how many lines were left out before."""
        places = [place for place, _ in self.cuts]
        totals = [0, *accumulate(lines for _, lines in self.cuts)]
        return [totals[bisect_right(places, offset)] for offset in offsets]


def has_odd_quotes(path: Path, dialect: Dialect) -> bool:
    """Tell whether any quote stands where a well-formed file has none.

    Counted from the start, every even quote opens a field and every odd one closes it (a doubled
    quote closes and opens again), so the byte before or behind it is known. May say yes for a file
    that is sound (quotes within unquoted text, blanks around quotes), never no for one that is not.
    """
    if not dialect.quote:
        return False
    quote, escape = dialect.quote.encode(), dialect.escape.encode()
    seen, last = 0, b"\n"
    with path.open("rb") as handle:
        if handle.read(3) != b"\xef\xbb\xbf":
            handle.seek(0)
        while chunk := handle.read(_CHUNK_BYTES):
            if chunk.endswith(quote):  # what is behind a quote decides
                chunk += handle.read(1)
            if quote in chunk:
                if escape != quote and escape and escape + quote in chunk:
                    return True
                count = _count_sound_quotes(last + chunk, quote, dialect.delimiter.encode(), seen)
                if count is None:
                    return True
                seen += count
            last = chunk[-1:]
    return seen % 2 == 1


def screen_rows(path: Path, target: Path, dialect: Dialect) -> Screening:
    """Copy the rows whose quotes are sound, each ending in LF; put the others away.

    DuckDB 2.0 stops at a file whose line ends differ, and after a row with two broken quotes it
    can take the row's rest for a row of its own. Here LF, CR LF and CR outside quotes each end a
    row, as in Python's csv module. A row with text behind a closing quote goes as far as the end
    of that line; one with a quote that nothing closes (within 64 MiB) is its first line only.

    Args:
        path: a UTF-8 file.
        target: the copy to write.
        dialect: how the file is written.

    Returns: the rows put away.
    """
    pattern = _compile_tokens(dialect)
    screening = Screening()
    carry, done = b"", 0
    with path.open("rb") as source, target.open("wb") as sink:
        if source.read(3) != b"\xef\xbb\xbf":
            source.seek(0)
        else:
            done = 3
        while True:
            chunk = source.read(_CHUNK_BYTES)
            buffer = carry + chunk
            hold = bool(chunk) and len(buffer) < _MAX_ROW_BYTES
            begin, broken = 0, False
            pieces: list[bytes] = []
            length = sink.tell()
            for match in pattern.finditer(buffer):
                if match.lastgroup == "unclosed" and hold:
                    break
                if match.lastgroup in ("unclosed", "broken"):
                    broken = True
                elif match.lastgroup == "end":
                    if chunk and match.end() == len(buffer):
                        break
                    row = buffer[begin : match.start()]
                    if broken:
                        screening.rows.append((done + begin, row.decode(errors="replace")))
                        screening.cuts.append((length, count_line_ends(row) + 1))
                    else:
                        pieces.append(row)
                        length += len(row) + 1
                    begin, broken = match.end(), False
            sink.writelines(piece + b"\n" for piece in pieces)
            carry, done = buffer[begin:], done + begin
            if not chunk:
                break
        if carry and broken:
            screening.rows.append((done, carry.decode(errors="replace")))
        else:
            sink.write(carry)
    return screening


def _count_sound_quotes(text: bytes, quote: bytes, delimiter: bytes, seen: int) -> int | None:
    """Count the quotes of `text` behind its first byte, or return None when one stands oddly."""
    values = np.frombuffer(text, dtype=np.uint8)
    places = np.flatnonzero(values[1:] == quote[0]) + 1
    boundary = np.zeros(256, dtype=bool)
    boundary[[delimiter[0], 10, 13]] = True
    opening, closing = places[seen % 2 :: 2], places[(seen + 1) % 2 :: 2]
    before = values[opening - 1]
    after = values[np.minimum(closing + 1, len(values) - 1)]
    doubled_before = before == quote[0]
    doubled_before[:1] &= seen > 0
    sound_close = boundary[after] | (after == quote[0])
    sound_close |= closing == len(values) - 1
    return len(places) if (boundary[before] | doubled_before).all() and sound_close.all() else None


def _compile_tokens(dialect: Dialect) -> re.Pattern[bytes]:
    """Match a quoted field, sound or not, or a line end; unquoted fields are passed over."""
    line_end = rb"(?P<end>\r\n?|\n)"
    if not dialect.quote:
        return re.compile(line_end)
    escape = dialect.escape or dialect.quote
    q, e, d = (re.escape(text.encode()) for text in (dialect.quote, escape, dialect.delimiter))
    inside = rb"[^%b]|%b%b" % (q, q, q) if e == q else rb"%b.|[^%b%b]" % (e, e, q)
    start = rb"(?:\A|(?<=[\r\n])|(?<=%b)) *+%b" % (d, q)
    quoted = rb"(?P<sound>%b(?:%b)*+%b *+(?=%b|[\r\n]|\Z))" % (start, inside, q, d)
    broken = rb"(?P<broken>%b(?:%b)*+%b[^\r\n]*+)" % (start, inside, q)
    unclosed = rb"(?P<unclosed>%b[^\r\n]*+)" % start
    return re.compile(b"|".join((quoted, broken, unclosed, line_end)), re.DOTALL)
