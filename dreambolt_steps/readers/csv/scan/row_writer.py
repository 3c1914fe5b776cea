"""Writes rows so that every CSV reader reads them alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dreambolt_steps.readers.csv.sniff.dialect import Dialect

_LONGEST_DELIMITER = 4  # bytes, in DuckDB 2.0
_NEVER_USED = "\x1f"
_NEVER_QUOTED = "\x1e"


class RowWriter:
    """Writes the rows of one table in a dialect of its own, near the file's: quotes are doubled, a
    delimiter is four bytes long at most.

    Attributes:
        dialect: what is written.
        copies_text: whether a row's own text can be what is written.
    """

    def __init__(self, dialect: Dialect) -> None:
        """Choose the dialect to write."""
        delimiter, quote = dialect.delimiter, dialect.quote
        own_escape = dialect.escape not in ("", quote)
        self.copies_text = len(delimiter.encode()) <= _LONGEST_DELIMITER
        if not delimiter or not self.copies_text:
            delimiter = _NEVER_USED
        if own_escape and not quote:
            quote = _NEVER_QUOTED
        self.dialect = Dialect(delimiter, quote, quote, header=False)
        self._escape = dialect.escape if own_escape else ""
        d, q = re.escape(delimiter), re.escape(quote)
        plain = rf"(?:(?!{d})[^\r\n{q}])*+" if quote else rf"(?:(?!{d})[^\r\n])*+"
        cell = rf"(?:{q}(?:[^{q}]|{q}{q})*+{q}|{plain})" if quote else plain
        self._plain = re.compile(rf"{cell}(?:{d}{cell})*+", re.DOTALL)
        self._special = [text for text in (delimiter, quote, "\r", "\n") if text]

    def is_plain(self, raw: str) -> bool:
        """Tell whether a row's text can be copied as it is."""
        if not self.copies_text or (self._escape and self._escape in raw):
            return False
        return self._plain.fullmatch(raw) is not None

    def write(self, cells: Sequence[str | None]) -> str | None:
        """Write a row, without line end; None where it can't be written because there is no
        quote."""
        written = []
        for cell in cells:
            if cell is None:
                written.append("")
            elif cell and not any(special in cell for special in self._special):
                written.append(cell)
            elif quote := self.dialect.quote:
                written.append(quote + cell.replace(quote, quote * 2) + quote)
            elif cell:
                return None
            else:
                written.append("")
        if written == [""] and self.dialect.quote:  # a blank line would be none
            return self.dialect.quote * 2 if cells == [""] else ""
        return self.dialect.delimiter.join(written)
