"""Where a table ends: lines behind its last row, and further tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter
from dreambolt_steps.readers.csv.sniff.header import is_like_header
from dreambolt_steps.readers.csv.sniff.layout import Layout
from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind

_FOOTER = re.compile(
    r"\W*(?:(?:(?:grand |sub ?)?totals?|sum|sources?|notes?|footnotes?|records?|rows?|count|end|eof"
    r"|generated|exported|created|printed|reports?|copyright|\d[\d,.]* (?:rows?|records?|lines?))"
    r"\b|©(?:\s*(?:19|20)\d\d\b|\s+[^\W\d]{2})).*|[-=*_#~. ]{3,}",
    re.IGNORECASE | re.DOTALL,
)
_LOOKED_AT = 3


class Boundaries:
    """Tells rows of one table from what follows it."""

    def __init__(self, layout: Layout, splitter: RecordSplitter) -> None:
        """Take the table's layout."""
        self._layout, self._splitter = layout, splitter
        self._names = [name.strip() for name in layout.names] if layout.write_header(",") else []

    def may_be_footer(self, record: Record) -> bool:
        """Tell whether a row of the table's width could belong to a footer: nothing or only one
        line of text in its first field, where other values belong."""
        if len(record.fields) < 2 or any(map(str.strip, record.fields[1:])):
            return False
        kind = self._layout.profile[0]
        text = record.fields[0].strip()
        if not text:
            return True
        odd = kind not in ("", "text") and find_kind(text) != kind
        return odd or _FOOTER.fullmatch(text) is not None

    def is_footer(self, record: Record, after_blank: bool) -> bool:
        """Tell whether an odd row at the end of a file belongs to a footer."""
        if len(record.fields) == self._layout.width:
            return self.may_be_footer(record)
        if after_blank:
            return True
        return len(record.fields) == 1 and _FOOTER.fullmatch(record.fields[0]) is not None

    def repeats_header(self, record: Record) -> bool:
        """Tell whether the header comes again, as where files were joined: rows go on behind it."""
        if not self._names or record.quoting is not Quoting.SOUND:
            return False
        return [field.strip() for field in record.fields] == self._names

    def starts_table(self, text: str, record: Record, after_blank: bool) -> bool:
        """Tell whether another table begins with this record.

        It does where rows of another width follow, with a header of their own or a blank line
        before; where a blank line and a row of names come.
        """
        fields = [field.strip() for field in record.fields]
        width = len(fields)
        if record.quoting is not Quoting.SOUND or width < 2:
            return False
        below = [row.fields for row in self._look_ahead(text, record.next)]
        if width == self._layout.width:
            like = after_blank and bool(below) and is_like_header(fields, self._layout.profile)
            return like and not is_like_header(below[0], self._layout.profile)
        if not below or any(len(row) != width for row in below):
            return False
        if after_blank:
            return len(below) == _LOOKED_AT or _names_columns(fields, below)
        return len(below) >= _LOOKED_AT - 1 and _names_columns(fields, below)

    def _look_ahead(self, text: str, start: int) -> Iterator[Record]:
        count = 0
        for record in self._splitter.split(text, start):
            if count == _LOOKED_AT or (record.is_blank and count):
                return
            if not record.is_blank:
                count += 1
                yield record


def _names_columns(fields: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row holds nothing but words, each once, and the rows below it do not."""
    words = [field for field in fields if field]
    kinds = [find_kind(word) for word in words]
    if len(set(words)) < len(words) or not all(k == "text" or k[:4] == "code" for k in kinds):
        return False
    return any(find_kind(cell) not in ("", "text") for row in below for cell in row)
