"""Cells of a spreadsheet as columns: one type where all cells of a column have it, text where they
differ."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dreambolt_steps.readers.excel.grid import is_blank

_MAX_EXACT = 2**53  # numbers of a spreadsheet are float64
_ODS_TIME = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,](\d+))?S")
_TYPES = {
    frozenset(): pa.string(),
    frozenset({"integer"}): pa.int64(),
    frozenset({"float"}): pa.float64(),
    frozenset({"integer", "float"}): pa.float64(),
    frozenset({"boolean"}): pa.bool_(),
    frozenset({"date"}): pa.date32(),
    frozenset({"timestamp"}): pa.timestamp("us"),
    frozenset({"date", "timestamp"}): pa.timestamp("us"),
    frozenset({"time"}): pa.time64("us"),
}


def name_kind(cell: Any) -> str | None:
    """Name what a cell holds: integer, float, boolean, date, timestamp, time, duration or text;
    None for a blank one."""
    if is_blank(cell):
        return None
    if isinstance(cell, bool):
        return "boolean"
    if isinstance(cell, float):
        return "integer" if cell.is_integer() and abs(cell) < _MAX_EXACT else "float"
    if isinstance(cell, int):
        return "integer" if abs(cell) < 2**63 else "text"
    if isinstance(cell, dt.datetime):
        return "timestamp"
    names = {dt.date: "date", dt.time: "time", dt.timedelta: "duration"}
    return names.get(type(cell), "text")


def find_cell_type(kinds: set[str]) -> pa.DataType:
    """The type of a column whose cells are of these kinds; text where no other holds them all."""
    return _TYPES.get(frozenset(kinds), pa.string())


def build_column(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build a column; blank cells are NULL, and whatever becomes text does so as it is shown
    without a format of its own: 1.5, 2024-01-31, TRUE, 26:30:00."""
    if pa.types.is_string(kind):
        return pa.array([None if is_blank(cell) else show_cell(cell) for cell in cells], kind)
    values: list[Any]
    if pa.types.is_timestamp(kind):
        values = [_as_datetime(cell) for cell in cells]
    elif pa.types.is_int64(kind):
        values = [None if is_blank(cell) else int(cell) for cell in cells]
    else:
        values = [None if is_blank(cell) else cell for cell in cells]
    return pa.array(values, kind)


def pad_numbers(cells: Sequence[Any], width: int) -> pa.Array:
    """Write whole numbers with zeros in front, as they are shown."""
    shown = [None if is_blank(cell) else f"{int(cell):0{width}}" for cell in cells]
    return pa.array(shown, pa.string())


def show_cell(cell: Any) -> str:
    """Write a cell as text."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _MAX_EXACT else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def read_ods_time(cell: Any) -> Any:
    """Turn a duration, which OpenDocument writes as PT01H02M03S, into a time of day, or into a
    duration from 24 hours on; other cells stay as they are."""
    match = _ODS_TIME.fullmatch(cell) if isinstance(cell, str) else None
    if match is None:
        return cell
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    micros = int((match[4] or "").ljust(6, "0")[:6])
    if hours < 24 and minutes < 60 and seconds < 60:
        return dt.time(hours, minutes, seconds, micros)
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)


def _as_datetime(cell: Any) -> dt.datetime | None:
    if is_blank(cell):
        return None
    return cell if isinstance(cell, dt.datetime) else dt.datetime.combine(cell, dt.time())
