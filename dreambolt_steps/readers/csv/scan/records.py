"""Splits delimited text into records, and never loses step: a record whose quotes are broken ends
with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dreambolt_steps.readers.csv.sniff.dialect import Dialect

_LINE = re.compile(r"[^\r\n]*+")
_LINE_END = re.compile(r"\r\n?|\n|\Z")


class Quoting(Enum):
    """Whether a record's quotes can be believed."""

    SOUND = "sound"
    BROKEN = "text behind a closing quote"
    UNCLOSED = "a quote that nothing closes"


@dataclass(slots=True)
class Record:
    """One row of delimited text.

    Attributes:
        start: where it begins in the text.
        end: where it ends, its line end left out.
        next: where the following record begins.
        fields: its values, unquoted and unescaped. Of a record that is not sound: a guess.
        quoting: whether its quotes are sound.
        empty: the fields that are quoted and hold nothing.
    """

    start: int
    end: int
    next: int
    fields: list[str]
    quoting: Quoting = Quoting.SOUND
    empty: tuple[int, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether it is a line of nothing but blanks."""
        if len(self.fields) > 1 or self.fields[0].strip():
            return False
        return self.end - self.start == len(self.fields[0])  # no quotes around it


class RecordSplitter:
    """Splits text of one dialect. CR LF, LF and CR each end a record outside quotes, whatever the
    others do, as in Python's csv module; blanks around a quoted field do not count."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile the dialect's patterns."""
        self._delimiter = dialect.delimiter
        self._quote, self._escape = dialect.quote, dialect.escape
        d, q, e = map(re.escape, (dialect.delimiter, dialect.quote, dialect.escape))
        blanks = "" if dialect.delimiter[:1] in (" ", "") else " *+"
        behind = rf"{blanks}(?={d}|[\r\n]|\Z)" if d else rf"{blanks}(?=[\r\n]|\Z)"
        self._own_escape = bool(e) and e != q
        specials = (self._quote, self._escape if self._own_escape else "")
        self._specials = [character for character in specials if character]
        free = rf"[^{e}{q}]*+" if self._own_escape else rf"[^{q}]*+"
        inside = rf"{free}(?:{e}.{free})*+" if self._own_escape else rf"{free}(?:{q}{q}{free})*+"
        self._unescape = re.compile(rf"{e}({e}|{q}|{d})" if q else rf"{e}({e}|{d})")
        never = "(?!)"
        self._open = re.compile(f"{blanks}{q}" if q else never)
        sound = f"{blanks}{q}({inside}){q}{behind}" if q else never
        self._sound = re.compile(sound, re.DOTALL)
        self._closed = re.compile(rf"{blanks}{q}{inside}{q}" if q else never, re.DOTALL)
        self._lenient = re.compile(f"{blanks}{q}(.*?){q}{behind}" if q else never)
        character = rf"[^{d}\r\n]" if len(dialect.delimiter) == 1 else r"[^\r\n]"
        if len(dialect.delimiter) > 1:
            character = rf"(?!{d})[^\r\n]"
        if self._own_escape:
            character = rf"{e}[^\r\n]|{character}"
        self._plain = re.compile(rf"(?:{character})*+")
        self._cells = self._line = None
        if d and q and not self._own_escape:
            plain = rf"(?!{blanks}{q})(?:{character})*+"
            cell = rf"{blanks}{q}{inside}{q}{blanks}|{plain}"
            self._line = re.compile(rf"(?:{cell})(?:{d}(?:{cell}))*+")
            cell = rf"{blanks}({q})({inside}){q}{blanks}|({plain})"
            self._cells = re.compile(rf"(?:{cell})(?:{d}|\Z)")

    def split(self, text: str, start: int = 0, *, final: bool = True) -> Iterator[Record]:
        """Yield the records of `text` from `start` on.

        Args:
            final: whether the text ends here. If not, a last record that more text could change is
                left out.
        """
        size = len(text)
        while start < size:
            record = self.take(text, start)
            may_change = record.next >= size or record.quoting is Quoting.UNCLOSED
            if may_change and not final:
                return
            yield record
            start = record.next

    def take(self, text: str, start: int) -> Record:
        """Return the record that begins at `start`."""
        record = self.take_line(text, start)
        if not any(text.find(character, start, record.end) >= 0 for character in self._specials):
            return record
        if self._line and self._cells and self._line.fullmatch(text, start, record.end):
            return self._split_cells(record, self._cells.findall(text, start, record.end), text)
        return self._parse(text, record)

    def take_line(self, text: str, start: int) -> Record:
        """Return the line that begins at `start`, split at every delimiter whatever the quotes."""
        line = _LINE.match(text, start)
        end = line.end() if line else len(text)
        cells = text[start:end]
        fields = cells.split(self._delimiter) if self._delimiter else [cells]
        return Record(start, end, self._find_next(text, end), fields)

    def split_line(self, line: str) -> list[str]:
        """Split one line, closing each quote at the first place where it can be closed."""
        fields, at = [], 0
        while True:
            if match := self._lenient.match(line, at):
                fields.append(self._clean(match[1], quoted=True))
            else:
                match = self._plain.match(line, at)
                assert match is not None  # it matches nothing at all, too
                fields.append(self._clean(match[0], quoted=False))
            at = match.end()
            if at >= len(line) or not self._delimiter:
                return fields
            at += len(self._delimiter)

    def _split_cells(self, line: Record, cells: list[tuple[str, str, str]], text: str) -> Record:
        """Split a line whose quotes are all sound and closed: what most lines are."""
        if not text.endswith(self._delimiter, line.start, line.end):
            cells.pop()  # nothing, found behind the last field
        pair, quote = self._quote * 2, self._quote
        line.fields = [
            (inner.replace(pair, quote) if quote in inner else inner) if opened else plain
            for opened, inner, plain in cells
        ]
        if pair in text[line.start : line.end]:
            line.empty = tuple(
                i for i, (opened, inner, _) in enumerate(cells) if opened and not inner
            )
        return line

    def _parse(self, text: str, line: Record) -> Record:
        fields: list[str] = []
        empty: tuple[int, ...] = ()
        at = line.start
        while True:
            if self._open.match(text, at):
                match = self._sound.match(text, at)
                if match is None:
                    return self._break(text, line, at)
                if not match[1]:
                    empty = (*empty, len(fields))
                fields.append(self._clean(match[1], quoted=True))
            else:
                match = self._plain.match(text, at)
                assert match is not None  # it matches nothing at all, too
                fields.append(self._clean(match[0], quoted=False))
            at = match.end()
            if not (self._delimiter and text.startswith(self._delimiter, at)):
                behind = self._find_next(text, at)
                return Record(line.start, at, behind, fields, empty=empty)
            at += len(self._delimiter)

    def _break(self, text: str, line: Record, at: int) -> Record:
        fields = self.split_line(text[line.start : line.end])
        closed = self._closed.match(text, at)
        if closed is None:
            return Record(line.start, line.end, line.next, fields, Quoting.UNCLOSED)
        if closed.end() > line.end:  # the odd text stands on a later line
            last = self.take_line(text, closed.end())
            return Record(line.start, last.end, last.next, fields, Quoting.BROKEN)
        return Record(line.start, line.end, line.next, fields, Quoting.BROKEN)

    def _find_next(self, text: str, end: int) -> int:
        match = _LINE_END.match(text, end)
        return match.end() if match else len(text)

    def _clean(self, field: str, *, quoted: bool) -> str:
        if self._own_escape:
            return self._unescape.sub(r"\1", field) if self._escape in field else field
        if quoted and self._quote in field:
            return field.replace(self._quote * 2, self._quote)
        return field


def list_cells(record: Record) -> list[str | None]:
    """List the values of a sound record, None for a field with nothing in it, not even quotes."""
    return [
        cell if cell or index in record.empty else None for index, cell in enumerate(record.fields)
    ]
