"""Arrays of any Arrow type in the plain type that carries their values (`find_plain_type`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from dreambolt_steps.tables.column_types import find_plain_type

_DASHES = (8, 12, 16, 20)  # hexadecimal digits of a UUID before which one stands
_NANOS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}
_UUID_LENGTH = 36


def make_plain(array: pa.Array) -> pa.Array:
    """Put an array into its plain type; the very same array when it is of that type.

    Raises: pa.ArrowInvalid for a value that the plain type can't hold, such as a date64 that is
        not the beginning of a day.

    >>> make_plain(pa.array([b"ab"], pa.binary(2))).type
    DataType(binary)
    """
    kind, plain = array.type, find_plain_type(array.type)
    if kind == plain:
        return array
    if kinds.is_null(plain):
        return pa.nulls(len(array))
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return _write_uuids(array.storage)
        return make_plain(array.storage).cast(plain)
    if kinds.is_map(kind):  # a list of its entries, their types as they are
        entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return make_plain(array.cast(pa.list_(entry)))
    for is_one, convert in _CONVERSIONS:
        if is_one(kind):
            return convert(array, plain)
    return array.cast(plain)


def write_interval(months: int, days: int, nanos: int) -> str:
    """Write an interval as ISO 8601 does.

    >>> write_interval(14, -3, 1_500_000_000), write_interval(0, 0, 0)
    ('P14M-3DT1.5S', 'PT0S')
    """
    text = "P" + (f"{months}M" if months else "") + (f"{days}D" if days else "")
    if nanos or text == "P":
        whole, part = divmod(abs(nanos), 1_000_000_000)
        shown = f"{whole}.{part:09d}".rstrip("0").rstrip(".")
        text += f"T{'-' if nanos < 0 else ''}{shown}S"
    return text


def _write_uuids(storage: pa.Array) -> pa.Array:
    """Bytes as 01234567-89ab-cdef-0123-456789abcdef."""
    flat = pc.fill_null(storage, bytes(16)) if storage.null_count else storage
    digits = np.frombuffer(b"".join(flat.to_pylist()).hex().encode(), "S1").reshape(-1, 32)
    text = np.insert(digits, _DASHES, b"-", axis=1).tobytes()
    offsets = np.arange(len(flat) + 1, dtype=np.int32) * _UUID_LENGTH
    written = pa.StringArray.from_buffers(len(flat), pa.py_buffer(offsets), pa.py_buffer(text))
    if not storage.null_count:
        return written
    return pc.if_else(storage.is_valid(), written, pa.scalar(None, pa.string()))


def _open_struct(array: pa.Array, plain: pa.DataType) -> pa.Array:
    children = [make_plain(child) for child in array.flatten()]
    return pa.StructArray.from_arrays(children, fields=list(plain), mask=_find_nulls(array))


def _open_list(array: pa.Array, plain: pa.DataType) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    ends = pc.cumulative_sum(lengths.cast(pa.int64())).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    values = make_plain(array.flatten())
    return pa.ListArray.from_arrays(offsets, values, type=plain, mask=_find_nulls(array))


def _open_fixed_list(array: pa.Array, plain: pa.DataType) -> pa.Array:
    size = array.type.list_size
    if not size:
        return pa.array([None if one is None else [] for one in array.to_pylist()], plain)
    values = make_plain(array.values.slice(array.offset * size, len(array) * size))
    return pa.FixedSizeListArray.from_arrays(values, type=plain, mask=_find_nulls(array))


def _write_intervals(array: pa.Array, plain: pa.DataType) -> pa.Array:
    values = [None if one is None else write_interval(*one) for one in array.to_pylist()]
    return pa.array(values, plain)


def _write_durations(array: pa.Array, plain: pa.DataType) -> pa.Array:
    factor = _NANOS[array.type.unit]
    values = [
        None if one is None else write_interval(0, *_split_days(one * factor))
        for one in array.cast(pa.int64()).to_pylist()
    ]
    return pa.array(values, plain)


def _split_days(nanos: int) -> tuple[int, int]:
    """Whole days, and the rest with the same sign."""
    days, rest = divmod(abs(nanos), 86_400_000_000_000)
    return (days, rest) if nanos >= 0 else (-days, -rest)


def _write_digits(array: pa.Array, plain: pa.DataType) -> pa.Array:
    """Decimals of more than 38 digits as text, without an exponent."""
    if not kinds.is_string(plain):
        return array.cast(plain)
    values = [None if one is None else format(one, "f") for one in array.to_pylist()]
    return pa.array(values, plain)


def _write_union(array: pa.Array, plain: pa.DataType) -> pa.Array:
    """Text as it is, anything else as JSON."""
    values = [
        one if one is None or isinstance(one, str) else json.dumps(one, default=str)
        for one in array.to_pylist()
    ]
    return pa.array(values, plain)


def _find_nulls(array: pa.Array) -> pa.BooleanArray | None:
    return array.is_null() if array.null_count else None


_Conversion = tuple[Callable[[pa.DataType], bool], Callable[[Any, pa.DataType], pa.Array]]
_CONVERSIONS: tuple[_Conversion, ...] = (
    (kinds.is_dictionary, lambda array, _: make_plain(array.dictionary_decode())),
    (kinds.is_run_end_encoded, lambda array, _: make_plain(pc.run_end_decode(array))),
    (kinds.is_struct, _open_struct),
    (kinds.is_fixed_size_list, _open_fixed_list),
    (
        lambda kind: kinds.is_list(kind) or kinds.is_large_list(kind) or _is_view(kind),
        _open_list,
    ),
    (kinds.is_interval, _write_intervals),
    (kinds.is_duration, _write_durations),
    (kinds.is_union, _write_union),
    (kinds.is_decimal256, _write_digits),
)


def _is_view(kind: pa.DataType) -> bool:
    return bool(kinds.is_list_view(kind) or kinds.is_large_list_view(kind))
