"""Finds and reads the table on one sheet of a spreadsheet: .xlsx, .xlsb, .xls or .ods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineWorkbook

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.excel.cells import (
    build_column,
    find_cell_type,
    name_kind,
    pad_numbers,
    show_cell,
)
from dreambolt_steps.readers.excel.encrypted import explain_damage, open_decrypted
from dreambolt_steps.readers.excel.grid import (
    CellRange,
    find_last,
    find_start,
    is_blank,
    looks_like_header,
    name_cell,
    parse_cells,
)
from dreambolt_steps.readers.excel.header import MOST_HEADER_ROWS, find_header, pass_blank
from dreambolt_steps.readers.excel.hidden_cells import check_zip_size, find_oddities
from dreambolt_steps.readers.excel.layout import (
    find_next_table,
    is_unit_row,
    join_names,
)
from dreambolt_steps.readers.excel.number_formats import find_padded_columns
from dreambolt_steps.readers.excel.sheet import BLANK, choose_sheet
from dreambolt_steps.tables.naming import unique_names

_BATCH_CELLS = 1 << 18


class ExcelTable:
    """One sheet of a spreadsheet, its table found, ready to be read.

    Numbers are int64 where all of a column are whole, float64 otherwise; dates, times and booleans
    keep their types; a column of several kinds is text. Formulas give the value they had when the
    file was saved. Blank rows are passed over.

    Attributes:
        original_names: the header's cells; "column_N" without one.
        schema: as found over all rows.
        preamble: text of the rows above the table.
        arguments: sheet, cells and header as they were found.
        findings: sheet and range, other sheets, merged cells, error cells, notes below the table.
    """

    def __init__(
        self,
        path: Path,
        *,
        sheet: str | int | None = None,
        cells: str | None = None,
        header: bool | None = None,
        skip: int | None = None,
        header_rows: int | None = None,
        max_expanded_bytes: int | None = None,
    ) -> None:
        """Load the sheet and find its table.

        Args:
            path: a local file.
            sheet: its name, or its number counted from 1; default: the first visible one with a
                table of at least two columns, else the first that is not empty.
            cells: the table's range, such as "B3:F20", "B3:F" or "B3"; default: found out.
            header: whether the first row holds names; default: found out.
            skip: rows of the sheet (or range) before the table; default: found out.
            header_rows: rows that the names are spread over, groups above names; default: found
                out.
            max_expanded_bytes: what the file may unpack to.

        Raises: SourceError (damaged, encrypted, no such sheet, no values), UsageError (`cells`).
        """
        self._path = path
        area = parse_cells(cells) if cells else CellRange()
        with explain_damage(path):
            check_zip_size(path, max_expanded_bytes)
            with open_decrypted(path) as handle:
                self._book = CalamineWorkbook.from_filelike(handle)
            self._name, self._rows = choose_sheet(self._book, sheet, area, path)
            counts = [sum(cell not in BLANK for cell in row) for row in self._rows]
        start = find_start(counts) if skip is None else pass_blank(counts, skip)
        if start >= len(counts):
            raise SourceError(f"{path}: sheet {self._name!r} holds nothing behind its first rows")
        if skip is None:
            start = self._pass_title(counts, start)
        if header_rows and cells:
            start = pass_blank(counts, 0)
        start, height = find_header(self._rows, counts, start, header, header_rows)
        self.has_header = height > 0
        self._notes: list[str] = []
        self._first = start + height
        self._last = find_last(counts, self._first)
        first_row = self._name_columns(start, height)
        kinds = self._survey(len(first_row))
        if self.has_header and header_rows is None:
            kinds = self._pass_units(kinds)
            kinds = self._pass_next_table(kinds, counts)
        used = [
            i
            for i, found in enumerate(kinds)
            if found or (self.has_header and not is_blank(first_row[i]))
        ]
        self._columns = used
        self.original_names = tuple(
            first_row[i] if self.has_header else f"column_{place}"
            for place, i in enumerate(used, 1)
        )
        names = unique_names(self.original_names)
        padded = find_padded_columns(path, self._name)
        self._widths = {
            i: padded[self._rows.left + i]
            for i in used
            if self._rows.left + i in padded and kinds[i] == {"integer"}
        }
        self.schema = pa.schema(
            [
                (name, pa.string() if i in self._widths else find_cell_type(kinds[i]))
                for name, i in zip(names, used, strict=True)
            ]
        )
        self.preamble = tuple(self._read_lines(0, start))
        top, left = self._rows.top, self._rows.left
        corner = name_cell(top + start, left + used[0])
        end = name_cell(top + max(self._last, start), left + used[-1])
        self.arguments = {
            "sheet": self._name,
            "cells": f"{corner}:{end}",
            "header": self.has_header,
        }
        if height > 1:
            self.arguments["header_rows"] = height
        self.findings = tuple(self._tell(start, len(counts), sheet is None))

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the sheet's order."""
        size = max(1, _BATCH_CELLS // max(len(self._columns), 1))
        rows = islice(self._iterate_values(), limit)
        while batch := list(islice(rows, size)):
            yield self._build_batch(batch)

    def _pass_title(self, counts: list[int], start: int) -> int:
        """Pass over a row such as "made by | Ann" above the header: the row behind it is fuller and
        all text, the one behind that is not all text."""
        second = pass_blank(counts, start + 1)
        third = pass_blank(counts, second + 1)
        if third >= len(counts) or counts[second] <= counts[start]:
            return start
        is_names = looks_like_header(self._rows.read_row(second))
        return second if is_names and not looks_like_header(self._rows.read_row(third)) else start

    def _name_columns(self, start: int, height: int) -> list[str]:
        """The names of all columns of the sheet, joined over the header rows."""
        if not height:
            return ["" for _ in self._rows.read_row(start)]
        above = max(start - MOST_HEADER_ROWS, 0)  # where cells merged from above begin
        rows = list(self._rows.iterate_filled(above, start + height - 1))
        names = join_names(rows[-height:])
        if height > 1:
            self._notes.append(f"{height} header rows, joined: {', '.join(filter(None, names))}")
        return names

    def _pass_units(self, kinds: list[set[str]]) -> list[set[str]]:
        """Leave out a row of units below the names."""
        row = next(self._rows.iterate_filled(self._first, self._last), [])
        self._first += 1
        below = self._survey(len(kinds))
        if not is_unit_row(row, below):
            self._first -= 1
            return kinds
        shown = ", ".join(show_cell(cell) for cell in row if not is_blank(cell))
        self._notes.append(f"a row of units below the names, left out: {shown}")
        return below

    def _pass_next_table(self, kinds: list[set[str]], counts: list[int]) -> list[set[str]]:
        """End the table where another one begins."""
        if not any("text" in found and len(found) > 1 for found in kinds):
            return kinds
        rows = self._rows.iterate_filled(self._first, self._last)
        place = find_next_table(enumerate(rows, self._first))
        if place is None:
            return kinds
        cell = name_cell(self._rows.top + place, self._rows.left)
        self._notes.append(f"another table below, not read: cells='{cell}' reads it")
        self._last = find_last(counts[:place], self._first)
        return self._survey(len(kinds))

    def _iterate_values(self) -> Iterator[list[Any]]:
        for row in self._rows.iterate_filled(self._first, self._last):
            if any(not is_blank(cell) for cell in row):
                yield row

    def _survey(self, width: int) -> list[set[str]]:
        kinds: list[set[str]] = [set() for _ in range(width)]
        for row in self._iterate_values():
            for found, cell in zip(kinds, row, strict=True):
                if (kind := name_kind(cell)) is not None:
                    found.add(kind)
        return kinds

    def _build_batch(self, rows: list[list[Any]]) -> pa.RecordBatch:
        columns = list(zip(*rows, strict=True))
        arrays = [
            pad_numbers(columns[i], self._widths[i])
            if i in self._widths
            else build_column(columns[i], field.type)
            for i, field in zip(self._columns, self.schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _read_lines(self, first: int, stop: int) -> Iterator[str]:
        for row in self._rows.iterate(first, stop - 1):
            if shown := " | ".join(show_cell(cell) for cell in row if not is_blank(cell)):
                yield shown

    def _tell(self, start: int, height: int, is_found: bool) -> Iterator[str]:
        if is_found or start:
            yield f"the table is {self.arguments['cells']} of sheet {self._name!r}"
        others = [name for name in self._book.sheet_names if name != self._name]
        if others and is_found:
            yield f"other sheets, not read: {', '.join(others)}; sheet=... names one"
        yield from self._notes
        for i, width in self._widths.items():
            name = self.original_names[self._columns.index(i)]
            yield f"column {name!r} is shown with {width} digits, zeros in front; read as text"
        if notes := list(self._read_lines(self._last + 1, height)):
            yield f"{len(notes)} rows below the table, not read: {'; '.join(notes)[:200]}"
        if count := self._rows.count_merged(self._first, self._last):
            yield f"{count:,} merged ranges filled with their one value"
        yield from find_oddities(self._path, self._name).tell()
