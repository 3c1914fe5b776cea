"""Where in a spreadsheet's grid the table is: its header row, its columns, its first and last
row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dreambolt_steps.errors import UsageError

Cells = Sequence[Any]
_SAMPLE_ROWS = 500
_FULL_ENOUGH = 0.6
_MAX_NOTES = 20
_RANGE = re.compile(r"([A-Z]{1,3})(\d+)(?::([A-Z]{1,3})(\d+)?)?", re.IGNORECASE)


@dataclass(frozen=True)
class CellRange:
    """Part of a sheet, counted from 0; `bottom` and `right` are the last ones, None: to the end."""

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None


def parse_cells(text: str) -> CellRange:
    """Read a range such as "B3:F20", "B3:F" (to the last row) or "B3" (to the end).

    >>> parse_cells("B3:F")
    CellRange(top=2, left=1, bottom=None, right=5)

    Raises: UsageError.
    """
    match = _RANGE.fullmatch(text.strip().replace("$", ""))
    if match is None or int(match[2]) < 1:
        raise UsageError(f"cells={text!r} is no range; write B3:F20, B3:F or B3")
    left, top = _count_letters(match[1]), int(match[2]) - 1
    right = _count_letters(match[3]) if match[3] else None
    bottom = int(match[4]) - 1 if match[4] else None
    if (right is not None and right < left) or (bottom is not None and bottom < top):
        raise UsageError(f"cells={text!r} ends before it begins; write the upper left cell first")
    return CellRange(top, left, bottom, right)


def name_cell(row: int, column: int) -> str:
    """Name a cell, counted from 0, as spreadsheets do.

    >>> name_cell(2, 27)
    'AB3'
    """
    letters, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def find_start(counts: Sequence[int]) -> int:
    """Find the row with which a table begins: the first that is about as full as most rows are;
    titles above it are narrower.

    Args:
        counts: filled cells of each row; not all 0.
    """
    sample = [count for count in counts[:_SAMPLE_ROWS] if count] or [max(counts)]
    wide = [count for count in sample if count > 1] or sample
    usual = max(Counter(wide).items(), key=lambda item: (item[1] * item[0], item[0]))[0]
    return next(i for i, count in enumerate(counts) if count >= _FULL_ENOUGH * usual)


def find_last(counts: Sequence[int], first: int) -> int:
    """Find the last row of values, from `first` on; `first` - 1 when there is none.

    Up to 20 rows at the end, behind a blank row and at most half as full as the table's, are
    notes, not values.
    """
    last = len(counts) - 1
    while last >= first and not counts[last]:
        last -= 1
    block = last
    while block >= first and counts[block]:
        block -= 1
    above = [count for count in counts[first : max(block, first)] if count]
    behind = counts[block + 1 : last + 1]
    if above and len(behind) <= _MAX_NOTES and 2 * max(behind) <= max(above):
        return find_last(counts[:block], first)
    return last


def looks_like_header(row: Cells) -> bool:
    """Tell whether a table's first row holds names: no number, date or boolean among its cells."""
    return all(isinstance(cell, str) for cell in row if not is_blank(cell))


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing, or only blanks."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _count_letters(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
