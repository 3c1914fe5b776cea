"""How the rows of a sheet's table are laid out: years as names, groups above the names, a row of
units below them, another table further down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from dreambolt_steps.readers.excel.cells import name_kind, show_cell
from dreambolt_steps.readers.excel.grid import Cells, is_blank, looks_like_header

_YEARS = range(1800, 2201)
_FEWEST_YEARS = 2
_UNIT_LENGTH = 12


def has_names(row: Cells, below: Cells) -> bool:
    """Tell whether a table's first row holds names: text, or ascending years or dates beside some
    text, where the row below them holds none.

    >>> has_names(["country", 2019.0, 2020.0], ["NL", 1.5, 2.5])
    True
    """
    if looks_like_header(row):
        return True
    marks = [(at, cell) for at, cell in enumerate(row) if not isinstance(cell, str)]
    marks = [(at, cell) for at, cell in marks if not is_blank(cell)]
    has_text = any(isinstance(cell, str) and cell.strip() for cell in row)
    cells = [cell for _, cell in marks]
    if not has_text or len(cells) < _FEWEST_YEARS or not _are_marks(cells):
        return False
    under = [below[at] for at, _ in marks if at < len(below) and not is_blank(below[at])]
    return bool(under) and not _are_marks(under)


def show_name(cell: Any) -> str:
    """Write a cell that is a name; midnights as days."""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return "" if is_blank(cell) else show_cell(cell)


def join_names(rows: Sequence[Cells]) -> list[str]:
    """Join header rows, each name behind those of its groups; a group's name counts for the blank
    cells to its right.

    >>> join_names([["", "2019", ""], ["team", "won", "lost"]])
    ['team', '2019 won', '2019 lost']
    """
    *groups, names = [[show_name(cell) for cell in row] for row in rows]
    for row in groups:
        for at in range(1, len(row)):
            row[at] = row[at] or (row[at - 1] if names[at] or at + 1 < len(row) else "")
    joined = []
    for at, name in enumerate(names):
        parts = [*(row[at] for row in groups), name]
        joined.append(" ".join(dict.fromkeys(part for part in parts if part)))
    return joined


def count_header_rows(rows: Sequence[Cells]) -> int:
    """Count the header rows at the end of some rows without a blank one: the last one, and those
    above it that tell names apart which repeat below.

    Args:
        rows: filled where cells are merged; the last one holds the names.
    """
    height, distinct = 1, _count_names([rows[-1]])
    for more in range(2, len(rows) + 1):
        if distinct[0] == distinct[1]:
            break
        found = _count_names(rows[-more:])
        is_title = len({show_name(cell) for cell in rows[-more] if not is_blank(cell)}) < 2
        if found[0] > distinct[0] and not is_title:
            height, distinct = more, (found[0], distinct[1])
    return height


def _count_names(rows: Sequence[Cells]) -> tuple[int, int]:
    """How many of the joined names are different, and how many columns there are."""
    names = [name for name in join_names(rows) if name]
    return len(set(names)), len(names)


def is_unit_row(row: Cells, kinds: Sequence[set[str]]) -> bool:
    """Whether the first row below the names holds units: short text over columns that hold numbers
    from there on.

    Args:
        row: the row.
        kinds: of the cells below it, column by column.
    """
    filled = [(cell, kinds[at]) for at, cell in enumerate(row) if not is_blank(cell)]
    if len(filled) < 2 or not all(isinstance(cell, str) for cell, _ in filled):
        return False
    numeric = [one for one in filled if one[1] and one[1] <= {"integer", "float"}]
    return 2 * len(numeric) > len(filled) and all(len(cell) <= _UNIT_LENGTH for cell, _ in filled)


def find_next_table(rows: Iterator[tuple[int, Cells]]) -> int | None:
    """Find where another table begins: behind a blank row, perhaps below a title, a row of text
    where the columns held numbers above and hold others below.

    Args:
        rows: of the table, with their numbers.

    Returns: the number of its first row, a title's if it has one; None for no other table.
    """
    seen: list[set[str]] = []
    start: int | None = None
    candidate: tuple[int, Cells] | None = None
    was_blank = False
    for number, row in rows:
        filled = [cell for cell in row if not is_blank(cell)]
        if not filled:
            was_blank, start, candidate = True, None, None
            continue
        kinds = [name_kind(cell) for cell in row]
        if candidate is not None:
            if any(kind not in (None, "text") for kind in kinds):
                return start
            candidate = None
        if was_blank and len(filled) == 1:
            start = number if start is None else start
            continue
        clashes = any(
            kind == "text" and at < len(seen) and seen[at] and "text" not in seen[at]
            for at, kind in enumerate(kinds)
        )
        if was_blank and len(filled) > 1 and looks_like_header(row) and clashes:
            start = number if start is None else start
            candidate = (number, row)
            continue
        was_blank, start = False, None
        seen += [set() for _ in range(len(row) - len(seen))]
        for at, kind in enumerate(kinds):
            if kind is not None:
                seen[at].add(kind)
    return None


def _are_marks(cells: Sequence[Any]) -> bool:
    """Whether cells are years, or days, that ascend or descend."""
    is_years = all(name_kind(cell) == "integer" and int(cell) in _YEARS for cell in cells)
    is_days = all(isinstance(cell, dt.date) for cell in cells)
    if not (is_years or is_days):
        return False
    ordered = sorted(set(cells))
    return len(ordered) == len(cells) and list(cells) in (ordered, ordered[::-1])
