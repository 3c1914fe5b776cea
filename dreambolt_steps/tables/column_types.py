"""The types a clean table may have, and the words a user writes for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from dreambolt_steps.errors import UsageError
from dreambolt_steps.unknown_names import tell_known

TIMESTAMP = pa.timestamp("us")
TIMESTAMPTZ = pa.timestamp("us", tz="UTC")
TIME = pa.time64("us")
_TYPE_WORDS: dict[str, pa.DataType] = {
    "text": pa.string(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": TIME,
    "timestamp": TIMESTAMP,
    "timestamptz": TIMESTAMPTZ,
}
_MEASURED_WORDS = ("decimal", "currency", "percent")
_SEMANTIC_WORDS = ("uuid", "json", "category")
_FORMATTED = ("date(%d.%m.%Y)", "timestamp(%d %b %Y %H:%M)")
TYPE_WORDS = (*_TYPE_WORDS, "decimal(p,s)", *_FORMATTED, *_MEASURED_WORDS, *_SEMANTIC_WORDS)
FORMAT = re.compile(r"\s*(date|time|timestamp|timestamptz)\((.+)\)\s*", re.I)
"""A type with the format that its values are written in."""
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")


@dataclass(frozen=True)
class WantedType:
    """A type that was asked for.

    Attributes:
        word: as it was written.
        type: the Arrow type; None for decimal, currency and percent, whose digits are found.
        semantic: what the text has to be: uuid, json or category.
        sign: what stands around the numbers: currency or percent.
        format: how days and moments are written, as `strptime` has it; None to find it.
    """

    word: str
    type: pa.DataType | None
    semantic: str | None = None
    sign: str | None = None
    format: str | None = None


def read_type(word: str) -> WantedType:
    """Read a type word, or a type with a format: `date(%d.%m.%y)`, `timestamp(%d %b %Y - %H:%M)`.

    >>> read_type("uuid").type, read_type("currency").type
    (DataType(string), None)

    Raises: UsageError listing the words there are, or for a format that can't give the type.
    """
    text = word.strip().lower()
    if formatted := FORMAT.fullmatch(word):
        from dreambolt_steps.tables.text.timestamp_format import check_format

        name, written = formatted[1].lower(), formatted[2]
        check_format(name, written)
        return WantedType(f"{name}({written})", _TYPE_WORDS[name], format=written)
    if text in _MEASURED_WORDS:
        return WantedType(text, None, sign=None if text == "decimal" else text)
    if text in _SEMANTIC_WORDS:
        return WantedType(text, pa.string(), semantic=text)
    return WantedType(text, parse_type(word))


def parse_type(word: str) -> pa.DataType:
    """Return the Arrow type of a type word.

    >>> parse_type("decimal(9,2)")
    Decimal128Type(decimal128(9, 2))

    Raises: UsageError listing the words there are, or for one that stands for several types.
    """
    text = word.strip().lower()
    if text in _TYPE_WORDS:
        return _TYPE_WORDS[text]
    if text in _SEMANTIC_WORDS:
        return pa.string()
    if text in _MEASURED_WORDS:
        raise UsageError(f"{word!r} is a type for CleanTable to find; write decimal(p,s) here")
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2])
        if 1 <= precision <= 38 and scale <= precision:
            return pa.decimal128(precision, scale)
        raise UsageError(f"{word!r}: precision is 1 to 38 and scale at most the precision")
    raise UsageError(f"unknown type {word!r}; {tell_known(word, TYPE_WORDS)}")


def is_number(kind: pa.DataType) -> bool:
    """Tell whether a type is one of integers, decimals or floats."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    )


def choose_measured(wanted: WantedType, found: pa.DataType) -> pa.DataType:
    """Choose the type of a column that is to be decimal, currency or percent.

    Args:
        wanted: which of them.
        found: the narrowest type that holds its numbers; text when there are none.

    >>> choose_measured(read_type("currency"), pa.int16())
    Decimal128Type(decimal128(18, 2))
    """
    if wanted.word == "percent" and is_number(found):
        return found
    digits, scale = 18, 2
    if pa.types.is_decimal(found):
        digits, scale = found.precision - found.scale, found.scale
    elif pa.types.is_integer(found):
        digits, scale = len(str(1 << (found.bit_width - 1))), 0
    if wanted.word == "currency":
        scale = max(scale, 2)
        return pa.decimal128(18 if digits + scale <= 18 else 38, scale)
    return pa.decimal128(min(digits + scale, 38), scale)


def name_type(kind: pa.DataType) -> str:
    """Return the type word of an Arrow type, or Arrow's own name where there is none."""
    if pa.types.is_decimal128(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return next((word for word, known in _TYPE_WORDS.items() if known == kind), str(kind))


def find_plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type to carry a column in: one that Hugging Face datasets, DuckDB and Parquet all
    have. No dictionary, view, large, run-end encoded, map, fixed-size binary or extension type; a
    UUID, JSON, an interval, a duration, a union and a number of more than 38 digits are text. A
    struct without fields is null.

    >>> find_plain_type(pa.uuid()), find_plain_type(pa.float16())
    (DataType(string), DataType(float))
    """
    if isinstance(kind, pa.BaseExtensionType):
        known = _EXTENSIONS.get(kind.extension_name)
        return find_plain_type(kind.storage_type) if known is None else known
    if pa.types.is_struct(kind):
        if not kind.num_fields:  # which Parquet has no place for
            return pa.null()
        return pa.struct([(field.name, find_plain_type(field.type)) for field in kind])
    if pa.types.is_map(kind):
        entry = [
            ("key", find_plain_type(kind.key_type)),
            ("value", find_plain_type(kind.item_type)),
        ]
        return pa.list_(pa.struct(entry))
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return find_plain_type(kind.value_type)
    if pa.types.is_fixed_size_list(kind) and kind.list_size:
        return pa.list_(find_plain_type(kind.value_type), kind.list_size)
    if any(is_one(kind) for is_one in _LISTS):
        return pa.list_(find_plain_type(kind.value_type))
    if pa.types.is_decimal(kind) and not pa.types.is_decimal128(kind):
        return pa.decimal128(kind.precision, kind.scale) if kind.precision <= 38 else pa.string()
    return next((plain for is_one, plain in _PLAIN if is_one(kind)), kind)


_EXTENSIONS = {"arrow.uuid": pa.string(), "arrow.json": pa.string(), "arrow.bool8": pa.bool_()}
_LISTS = (
    *(pa.types.is_list, pa.types.is_large_list),
    *(pa.types.is_list_view, pa.types.is_large_list_view, pa.types.is_fixed_size_list),
)
_PLAIN: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (pa.types.is_large_string, pa.string()),
    (pa.types.is_string_view, pa.string()),
    (pa.types.is_interval, pa.string()),
    (pa.types.is_duration, pa.string()),
    (pa.types.is_union, pa.string()),
    (pa.types.is_large_binary, pa.binary()),
    (pa.types.is_binary_view, pa.binary()),
    (pa.types.is_fixed_size_binary, pa.binary()),
    (pa.types.is_float16, pa.float32()),
    (pa.types.is_date64, pa.date32()),
)
