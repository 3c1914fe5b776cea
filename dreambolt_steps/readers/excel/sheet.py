"""The rows of one sheet: chosen, cut to a range, merged cells filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from dreambolt_steps.errors import SourceError, UnknownNameError
from dreambolt_steps.readers.excel.cells import read_ods_time
from dreambolt_steps.readers.excel.grid import CellRange
from dreambolt_steps.unknown_names import tell_known

BLANK = ("", None)


class SheetRows:
    """The rows of a sheet, or of a range on it, read again each time they are asked for."""

    def __init__(self, sheet: CalamineSheet, area: CellRange, *, is_ods: bool) -> None:
        """Args: the loaded sheet, the part of it that counts, whether durations need reading."""
        self._sheet, self._is_ods = sheet, is_ods
        offset = sheet.start[1] if sheet.start else 0
        self.top, self.left = area.top, max(area.left, offset)
        self._bottom = area.bottom
        right = offset + sheet.width - 1 if area.right is None else area.right
        self._slice = slice(self.left - offset, max(right - offset + 1, 0))

    def __iter__(self) -> Iterator[list[Any]]:
        for number, row in enumerate(self._sheet.iter_rows()):
            if self._bottom is not None and number > self._bottom:
                return
            if number >= self.top:
                cut = row[self._slice]
                yield [read_ods_time(cell) for cell in cut] if self._is_ods else cut

    def iterate(self, first: int, last: int) -> Iterator[list[Any]]:
        """The rows from index `first` to `last`."""
        for number, row in enumerate(self):
            if number > last:
                return
            if number >= first:
                yield row

    def read_row(self, number: int) -> list[Any]:
        """One row."""
        return next(self.iterate(number, number))

    def iterate_filled(self, first: int, last: int) -> Iterator[list[Any]]:
        """The rows from `first` to `last`, each merged range filled with its value."""
        waiting = sorted(self._list_merged(first, last))
        active: list[tuple[int, slice, Any]] = []
        for number, row in enumerate(self.iterate(first, last), first):
            while waiting and waiting[0][0] <= number:
                top, left, bottom, right = waiting.pop(0)
                value = row[left] if top == number else ""
                active.append((bottom, slice(left, right + 1), value))
            if active:
                row = list(row)
                for _, columns, value in active:
                    row[columns] = [value] * len(row[columns])
                active = [one for one in active if one[0] > number]
            yield row

    def count_merged(self, first: int, last: int) -> int:
        """How many merged ranges begin between two rows."""
        return len(self._list_merged(first, last))

    def _list_merged(self, first: int, last: int) -> list[tuple[int, int, int, int]]:
        found = []
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or []:
            if first <= top - self.top <= last and left >= self.left:
                found.append(
                    (top - self.top, left - self.left, bottom - self.top, right - self.left)
                )
        return found


def choose_sheet(
    book: CalamineWorkbook, sheet: str | int | None, area: CellRange, path: Path
) -> tuple[str, SheetRows]:
    """Choose the sheet that is named or numbered (from 1); else the first visible one with two
    filled cells in a row, else the first with any.

    Raises: UsageError for a sheet that is not there, SourceError when all are empty.
    """
    names = book.sheet_names
    is_ods = _is_ods(path)
    if sheet is not None:
        name = str(sheet)
        if name not in names and name.isdigit() and 1 <= int(name) <= len(names):
            name = names[int(name) - 1]
        if name not in names:
            raise UnknownNameError(f"{path}: has no sheet {sheet!r}; {tell_known(sheet, names)}")
        return name, SheetRows(book.get_sheet_by_name(name), area, is_ods=is_ods)
    narrow: tuple[str, SheetRows] | None = None
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
            continue
        rows = SheetRows(book.get_sheet_by_name(about.name), area, is_ods=is_ods)
        widest = max((sum(c not in BLANK for c in row) for row in rows), default=0)
        if widest > 1:
            return about.name, rows
        narrow = narrow or ((about.name, rows) if widest else None)
    if narrow is None:
        raise SourceError(f"{path}: holds no values on any visible sheet ({', '.join(names)})")
    return narrow


def _is_ods(path: Path) -> bool:
    with path.open("rb") as handle:
        return b"opendocument" in handle.read(100)
