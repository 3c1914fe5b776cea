"""The one type that holds every value of several types, unchanged."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.types as kinds

from dreambolt_steps.tables.column_types import find_plain_type

_MAX_DIGITS = 38  # of a decimal in DuckDB and in most warehouses
_SAFE_FLOAT_DIGITS = 15  # a decimal of so many digits comes back from a float64 as it was
_UNITS = ("s", "ms", "us", "ns")
_SIGNED = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}
_UNSIGNED = {8: pa.uint8(), 16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}
_INTEGER_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


def unite_types(types: Sequence[pa.DataType]) -> pa.DataType | None:
    """Find the type that holds all values of `types`; their order does not matter.

    - no values at all (`null`) go with anything;
    - integers: the widest, decimal(20,0) for uint64 beside signed ones;
    - integers and floats: float64 (float32 where it holds them); a decimal goes with floats up to
      15 digits, beyond that it is text;
    - decimals: as many digits before and behind the point as any has; over 38 they are text;
    - dates and timestamps: a timestamp; times and timestamps: the finer unit; several zones: UTC;
    - text beside numbers, booleans, dates, times: text;
    - structs: their fields, united; lists: of the united values.

    Returns: the type, or None when there is none (a struct and a number, a boolean and a date,
    timestamps with and without zone).

    >>> unite_types([pa.int8(), pa.float64()])
    DataType(double)
    """
    distinct = list(dict.fromkeys(find_plain_type(kind) for kind in types))
    present = [kind for kind in distinct if not kinds.is_null(kind)]
    if len(present) <= 1:
        return present[0] if present else pa.null()
    families = {_name_family(kind) for kind in present}
    if "text" in families:
        return pa.string() if families <= _WRITABLE else None
    if families == {"date", "timestamp"}:
        present = [kind if kinds.is_timestamp(kind) else pa.timestamp("s") for kind in present]
        families = {"timestamp"}
    if len(families) > 1:
        return None
    return _UNITERS[families.pop()](present)


_WRITABLE = {"text", "boolean", "number", "date", "time", "timestamp", "timestamptz"}


def _name_family(kind: pa.DataType) -> str:
    if kinds.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    if kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind):
        return "number"
    tests = {
        "text": kinds.is_string,
        "boolean": kinds.is_boolean,
        "date": kinds.is_date,
        "time": kinds.is_time,
        "struct": kinds.is_struct,
        "binary": lambda k: kinds.is_binary(k) or kinds.is_fixed_size_binary(k),
        "list": lambda k: kinds.is_list(k) or kinds.is_fixed_size_list(k),
    }
    return next((name for name, test in tests.items() if test(kind)), str(kind))


def _unite_numbers(types: list[pa.DataType]) -> pa.DataType:
    integers = [kind for kind in types if kinds.is_integer(kind)]
    floats = [kind for kind in types if kinds.is_floating(kind)]
    decimals = [kind for kind in types if kinds.is_decimal(kind)]
    widest = max((kind.bit_width for kind in integers), default=0)
    if decimals and (floats or integers):
        if floats:
            digits = max(kind.precision for kind in decimals)
            return pa.float64() if digits <= _SAFE_FLOAT_DIGITS else pa.string()
        decimals += [pa.decimal128(_INTEGER_DIGITS[widest], 0)]
    if decimals:
        scale = max(kind.scale for kind in decimals)
        digits = scale + max(kind.precision - kind.scale for kind in decimals)
        return pa.decimal128(digits, scale) if digits <= _MAX_DIGITS else pa.string()
    if floats:
        bits = max(kind.bit_width for kind in floats)
        return pa.float64() if bits == 64 or widest > 16 else pa.float32()
    return _unite_integers(integers)


def _unite_integers(types: list[pa.DataType]) -> pa.DataType:
    signed = [kind.bit_width for kind in types if kinds.is_signed_integer(kind)]
    unsigned = [kind.bit_width for kind in types if kinds.is_unsigned_integer(kind)]
    if not signed:
        return _UNSIGNED[max(unsigned)]
    bits = max(*signed, *(2 * width for width in unsigned), 8)
    return _SIGNED.get(bits, pa.decimal128(20, 0))


def _unite_timestamps(types: list[pa.DataType]) -> pa.DataType:
    zones = {kind.tz for kind in types}
    return pa.timestamp(_find_finest(types), tz=zones.pop() if len(zones) == 1 else "UTC")


def _find_finest(types: list[pa.DataType]) -> str:
    return max((kind.unit for kind in types), key=_UNITS.index)


def _unite_times(types: list[pa.DataType]) -> pa.DataType:
    unit = _find_finest(types)
    return pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)


def _unite_structs(types: list[pa.DataType]) -> pa.DataType | None:
    fields: dict[str, list[pa.DataType]] = {}
    for kind in types:
        for field in kind:
            fields.setdefault(field.name, []).append(field.type)
    united = {name: unite_types(found) for name, found in fields.items()}
    return None if None in united.values() else pa.struct(list(united.items()))


def _unite_lists(types: list[pa.DataType]) -> pa.DataType | None:
    values = unite_types([kind.value_type for kind in types])
    sizes = {kind.list_size if kinds.is_fixed_size_list(kind) else -1 for kind in types}
    if values is None:
        return None
    return pa.list_(values, sizes.pop() if len(sizes) == 1 else -1)


_UNITERS = {
    "number": _unite_numbers,
    "timestamp": _unite_timestamps,
    "timestamptz": _unite_timestamps,
    "time": _unite_times,
    "date": lambda types: pa.date32(),
    "struct": _unite_structs,
    "list": _unite_lists,
    "binary": lambda types: pa.binary(),
}
