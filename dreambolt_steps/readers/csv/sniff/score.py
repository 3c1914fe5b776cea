"""How well a dialect fits a text: are its records as wide as each other, and do its columns hold
values of one kind?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dreambolt_steps.readers.csv.scan.records import Quoting, Record, RecordSplitter
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.csv.sniff.table_width import (
    drop_comments,
    find_width,
    leaves_out_last,
    read_hash_names,
)
from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind

_SCORED_COLUMNS = 60
_ONE_COLUMN = 0.55  # what a single column of text is worth: less than any table that fits
_FOREIGN = ";\t|\x1f\x01"
_COMMA = re.compile(r",(?! )")


@dataclass(frozen=True)
class Score:
    """How well one dialect fits.

    Attributes:
        dialect: the dialect.
        total: 0 to about 1; the higher, the better.
        width: columns of the first table.
        share: of the records that belong to a table.
        broken: share of the records whose quotes are broken.
        multiline: whether quotes hold line ends.
        enclosed: whether each record is one quoted field, but for the header perhaps.
    """

    dialect: Dialect
    total: float
    width: int
    share: float
    broken: float
    multiline: bool = False
    enclosed: bool = False

    @property
    def is_proven(self) -> bool:
        """Whether every record is as wide as the others, although quotes hold line ends or whole
        records: chance does not balance quotes so."""
        is_even = self.share == 1 and not self.broken
        return is_even and (self.enclosed or (self.multiline and self.width > 1))


def score_records(
    dialect: Dialect, prior: float, text: str, records: Sequence[Record], splitter: RecordSplitter
) -> Score:
    """Score the records that a dialect makes of a text.

    The share of the records that lie in tables (runs of one width), times how alike the values of
    each column are, times the prior; less where quotes stand oddly. One column counts less.
    """
    records = [record for record in records if not record.is_blank]
    rows = drop_comments(text, records)
    if not rows:
        return Score(dialect, 0.0, 1, 0.0, 0.0)
    fields = [row.fields for row in rows]
    width, share = find_width(fields)
    broken = sum(row.quoting is not Quoting.SOUND for row in rows) / len(rows)
    if share == 1 and width > 2 and read_hash_names(text, records, rows[0], splitter, width)[0]:
        prior = 1.0
    ragged = leaves_out_last(fields)
    table = [row + [""] * (width - len(row)) for row in fields if ragged or len(row) == width]
    likeness, typed = _measure_likeness(table, width, dialect)
    total = share**1.2 * likeness * prior * (1 - 0.4 * broken)
    total *= 0.5 + 0.5 * _measure_quotes(text, dialect)
    if width == 1:
        divided = any(
            _COMMA.search(row.fields[0]) for row in rows if find_kind(row.fields[0]) == "text"
        )
        total *= _ONE_COLUMN if divided or not typed else 1
    elif prior < 0.7 and typed < width / 2:
        total *= 0.6  # words between blanks or colons are a sentence sooner than a table
    multiline = any("\n" in cell or "\r" in cell for row in fields for cell in row)
    enclosed = width == 1 < len(rows) and all(
        text[row.start] == text[row.end - 1] == dialect.quote and row.end - row.start > 1
        for row in rows[1:]
    )
    return Score(dialect, total, width, share, broken, multiline, enclosed)


def _measure_likeness(
    table: Sequence[Sequence[str]], width: int, dialect: Dialect
) -> tuple[float, int]:
    """Return the mean likeness of the columns, 0 to 1, and how many hold one kind of value."""
    marks, typed = [], 0
    foreign = _FOREIGN.replace(dialect.delimiter, "") if dialect.delimiter else _FOREIGN
    led = 0
    for index in range(min(width, _SCORED_COLUMNS)):
        cells = [row[index] for row in table]
        kinds = Counter(map(find_kind, cells))
        empty = kinds.pop("", 0)
        led += index > 0 and sum(cell[:1] == " " for cell in cells) >= 0.9 * len(cells)
        if not kinds:
            marks.append(0.3 if any(map(str.strip, cells)) or index < width - 1 else 0.7)
            continue
        kind, count = kinds.most_common(1)[0]
        if kind != "text" and count >= 0.6 * (len(cells) - empty):
            typed += width > 1 or not kind.startswith("code")
            marks.append(0.75 + 0.25 * count / (len(cells) - empty))
            continue
        marks.append(sum(_mark_text(cell, foreign, width) for cell in cells) / len(cells))
    likeness = sum(marks) / len(marks)
    return likeness * (1 - 0.25 * led / max(len(marks) - 1, 1)), typed


def _mark_text(cell: str, foreign: str, width: int) -> float:
    """Mark one text: lower where it looks like several fields, or half of one."""
    if any(character in cell for character in foreign):
        return 0.5
    if width == 1 and cell.count(",") > cell.count(", "):
        return 0.5
    if cell[:1] in ('"', "'", " ") or cell[-1:] == '"':
        return 0.65
    return 0.85 if not cell or cell[0].isalnum() else 0.8


def _measure_quotes(text: str, dialect: Dialect) -> float:
    """Return the share of the double quotes that stand where a field begins or ends, or next to
    each other."""
    total, d = text.count('"'), dialect.delimiter
    if total < 2:
        return 1.0
    ends = 2 * text.count('""') + text.count('\n"') + text.count('"\n') + text.startswith('"')
    if d:
        ends += text.count(f'{d}"') + text.count(f'{d} "') + text.count(f'"{d}')
    return min(ends / total, 1.0)
