"""Dates and moments that Arrow has and Python has not: before the year 1, after 9999, infinite.

Hugging Face datasets and many warehouses know the years 1 to 9999 only. A column that holds others
is carried as text.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from dreambolt_steps.tables.column_types import find_plain_type

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31
_TICKS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def may_be_far(kind: pa.DataType) -> bool:
    """Whether a type holds dates or moments that Python has not; nanoseconds do not reach so far.

    >>> may_be_far(pa.date32()), may_be_far(pa.timestamp("ns")), may_be_far(pa.int64())
    (True, False, False)
    """
    return bool(kinds.is_date(kind) or (kinds.is_timestamp(kind) and kind.unit != "ns"))


def list_leaves(kind: pa.DataType) -> list[pa.DataType]:
    """The types at the ends of a nested type, in order; of any other, itself."""
    if isinstance(kind, pa.BaseExtensionType):
        return list_leaves(kind.storage_type)
    if kinds.is_struct(kind):
        return [leaf for field in kind for leaf in list_leaves(field.type)]
    if kinds.is_map(kind):
        return [*list_leaves(kind.key_type), *list_leaves(kind.item_type)]
    if _is_list(kind):
        return list_leaves(kind.value_type)
    return [kind]


def iterate_leaves(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the values at the ends of a nested array; of any other, itself."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if kinds.is_struct(array.type):
        for child in array.flatten():
            yield from iterate_leaves(child)
    elif kinds.is_map(array.type):
        entry = pa.struct([("key", array.type.key_type), ("value", array.type.item_type)])
        yield from iterate_leaves(array.cast(pa.list_(entry)))
    elif _is_list(array.type):
        yield from iterate_leaves(array.flatten())
    else:
        yield array


def is_far(kind: pa.DataType, low: int, high: int) -> bool:
    """Whether the smallest or the largest of some values, as they are stored, is too far."""
    unit = kind.unit if kinds.is_timestamp(kind) else "ms"
    day = 1 if kinds.is_date32(kind) else _TICKS[unit]
    return low < _FIRST_DAY * day or high >= (_LAST_DAY + 1) * day


def has_far(array: pa.Array) -> bool:
    """Whether any value of an array, nested ones too, is too far."""
    for leaf in iterate_leaves(array):
        if may_be_far(leaf.type):
            whole = pa.int32() if kinds.is_date32(leaf.type) else pa.int64()
            bounds = pc.min_max(leaf.cast(whole))
            low, high = bounds["min"].as_py(), bounds["max"].as_py()
            if low is not None and is_far(leaf.type, low, high):
                return True
    return False


def write_dates(array: pa.Array) -> pa.Array:
    """Write dates or moments as text, as DuckDB shows them: years before the first with "(BC)",
    the largest and smallest values as "infinity" and "-infinity".

    >>> write_dates(pa.array([-735_103, 2**31 - 1], pa.date32())).to_pylist()
    ['0044-05-11 (BC)', 'infinity']
    """
    whole = pa.int32() if kinds.is_date32(array.type) else pa.int64()
    values = array.cast(whole).to_pylist()
    largest = (1 << (whole.bit_width - 1)) - 1
    return pa.array([_write(one, array.type, largest) for one in values], pa.string())


def _write(value: int | None, kind: pa.DataType, largest: int) -> str | None:
    if value is None:
        return None
    if abs(value) >= largest:
        return "infinity" if value > 0 else "-infinity"
    unit = kind.unit if kinds.is_timestamp(kind) else "D" if kinds.is_date32(kind) else "ms"
    shown = str(np.array(value).astype(f"datetime64[{unit}]"))
    day, _, clock = shown.partition("T")
    day = _name_year(day)
    if kinds.is_date(kind):
        return day
    if "." in clock:
        clock = clock.rstrip("0").rstrip(".")
    return f"{day} {clock}" + ("+00" if kind.tz else "")


def _name_year(day: str) -> str:
    """Write the year as people do: numpy writes the year 1 BC as 0, and 2 BC as -1."""
    sign = "-" if day.startswith("-") else ""
    year, rest = day[len(sign) :].split("-", 1)
    number = int(sign + year)
    return f"{number:04}-{rest}" if number > 0 else f"{1 - number:04}-{rest} (BC)"


def _is_list(kind: pa.DataType) -> bool:
    plain = find_plain_type(kind) if not kinds.is_map(kind) else kind
    return bool(kinds.is_list(plain) or kinds.is_fixed_size_list(plain))
