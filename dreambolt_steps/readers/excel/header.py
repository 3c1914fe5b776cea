"""Which rows of a sheet hold the names of its table."""

from __future__ import annotations

from dreambolt_steps.readers.excel.grid import is_blank, looks_like_header
from dreambolt_steps.readers.excel.layout import count_header_rows, has_names
from dreambolt_steps.readers.excel.sheet import SheetRows

MOST_HEADER_ROWS = 4


def find_header(
    rows: SheetRows, counts: list[int], start: int, header: bool | None, header_rows: int | None
) -> tuple[int, int]:
    """Find the header rows of a table.

    Args:
        rows: of the sheet.
        counts: filled cells of each.
        start: the row with which the table begins, groups above it apart.
        header, header_rows: what is told of them.

    Returns: the first header row, and how many there are; none where the table has no names.
    """
    if header_rows is None:
        if header is None:
            below = pass_blank(counts, start + 1)
            under = rows.read_row(below) if below < len(counts) else []
            header = has_names(rows.read_row(start), under)
        if not header:
            return start, 0
        start = _pass_groups(rows, counts, start)
        above = start
        while above > 0 and counts[above - 1] and start - above < MOST_HEADER_ROWS - 1:
            above -= 1
        height = count_header_rows(list(rows.iterate_filled(above, start)))
        return start - height + 1, height
    top = start
    while start - top < header_rows - 1 and top > 0 and counts[top - 1] > 1:
        if not looks_like_header(rows.read_row(top - 1)):
            break
        top -= 1
    return top, header_rows


def _pass_groups(rows: SheetRows, counts: list[int], start: int) -> int:
    """Go down from a row of groups, whose merged cells repeat, to the names below it: the last row
    of text above one that is not all text."""
    end = min(start + MOST_HEADER_ROWS, len(counts))
    head = list(rows.iterate_filled(start, end - 1))
    shown = [str(cell) for cell in head[0] if not is_blank(cell)]
    if len(set(shown)) == len(shown):
        return start
    texts = 0
    while texts < len(head) and counts[start + texts] and looks_like_header(head[texts]):
        texts += 1
    return start + texts - 1 if 0 < texts < len(head) and counts[start + texts] else start


def pass_blank(counts: list[int], number: int) -> int:
    """The first row from `number` on that is not blank."""
    return next((i for i in range(number, len(counts)) if counts[i]), len(counts))
