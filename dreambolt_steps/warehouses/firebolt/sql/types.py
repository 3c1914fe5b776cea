"""Firebolt's types: from Arrow, as its catalog tells them, and which fits in which."""

from __future__ import annotations

import re

import pyarrow as pa

from dreambolt_steps.errors import SchemaError
from dreambolt_steps.warehouses import type_fit
from dreambolt_steps.warehouses.sql import quote_identifier

_PLAIN: dict[pa.DataType, str] = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "INTEGER",
    pa.int16(): "INTEGER",
    pa.int32(): "INTEGER",
    pa.uint8(): "INTEGER",
    pa.uint16(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint32(): "BIGINT",
    pa.uint64(): "NUMERIC(20, 0)",
    # REAL is unknown to firebolt-sdk 1.18.6, which would give its values as text.
    pa.float16(): "DOUBLE PRECISION",
    pa.float32(): "DOUBLE PRECISION",
    pa.float64(): "DOUBLE PRECISION",
    pa.string(): "TEXT",
    pa.large_string(): "TEXT",
    pa.string_view(): "TEXT",
    pa.binary(): "BYTEA",
    pa.large_binary(): "BYTEA",
    pa.binary_view(): "BYTEA",
    pa.date32(): "DATE",
    pa.date64(): "DATE",
    pa.null(): "TEXT",
}
_SYNONYMS = {
    "INT": "INTEGER",
    "LONG": "BIGINT",
    "DOUBLE": "DOUBLE PRECISION",
    "FLOAT8": "DOUBLE PRECISION",
    "STRING": "TEXT",
    "BOOL": "BOOLEAN",
    "PGDATE": "DATE",
    "TIMESTAMPNTZ": "TIMESTAMP",
    "DECIMAL": "NUMERIC",
}
_IN_DUCKDB = {"TEXT": "VARCHAR", "DOUBLE PRECISION": "DOUBLE"}
_NUMERIC = re.compile(r"NUMERIC\((\d+), (\d+)\)")
_MICROSECONDS = ("s", "ms", "us")
_WHY = {
    "map": "has no maps; make it a list of structs",
    "time": "has no time of day; make it text",
    "duration": "has no durations; make it a number",
    "timestamp": "keeps microseconds; cast it to timestamp[us]",
    "decimal": "keeps 38 digits; cast it to a narrower decimal",
}


def name_type(kind: pa.DataType, column: str = "") -> str:
    """Name the Firebolt type that holds every value of an Arrow type.

    Nested types spell NULL or NOT NULL for what they hold; vectors become arrays of DOUBLE
    PRECISION.

    Args:
        kind: the Arrow type.
        column: its column, for errors.

    Raises:
        SchemaError: Firebolt has no such type, or would change values.

    >>> name_type(pa.list_(pa.float32(), 3)), name_type(pa.decimal128(9, 2))
    ('ARRAY(DOUBLE PRECISION NULL)', 'NUMERIC(9, 2)')
    """
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, pa.ExtensionType):
        return name_type(kind.storage_type, column)
    if pa.types.is_dictionary(kind):
        return name_type(kind.value_type, column)
    if pa.types.is_fixed_size_binary(kind):
        return "BYTEA"
    if pa.types.is_decimal(kind) and kind.precision <= 38 and 0 <= kind.scale <= kind.precision:
        return f"NUMERIC({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind) and kind.unit in _MICROSECONDS:
        return "TIMESTAMPTZ" if kind.tz else "TIMESTAMP"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return f"ARRAY({_name_field(kind.value_field, column)})"
    if pa.types.is_struct(kind) and kind.num_fields:
        fields = [
            f"{quote_identifier(field.name)} {_name_field(field, column)}"
            for field in (kind.field(at) for at in range(kind.num_fields))
        ]
        return f"STRUCT({', '.join(fields)})"
    known = [word for word in _WHY if getattr(pa.types, f"is_{word}")(kind)]
    why = _WHY[known[0]] if known else "has no such type; cast it"
    raise SchemaError(f"column {column!r} is {kind}, and Firebolt {why} before exporting")


def _name_field(field: pa.Field, column: str) -> str:
    return f"{name_type(field.type, column)} {'NULL' if field.nullable else 'NOT NULL'}"


def read_type(told: str) -> str:
    """Read a type as the catalog tells it, in the words of `name_type`.

    >>> read_type("array(double precision null)"), read_type("numeric(38,9)"), read_type("long")
    ('ARRAY(DOUBLE PRECISION NULL)', 'NUMERIC(38, 9)', 'BIGINT')
    """
    words = re.split(r'("(?:[^"]|"")*")', told.strip())
    for at in range(0, len(words), 2):  # between quoted names of struct fields
        text = re.sub(r"\s+", " ", words[at].upper())
        text = re.sub(r"\s*,\s*", ", ", text)
        text = re.sub(r"\s*\(\s*", "(", text)
        text = re.sub(r"DOUBLE(?! PRECISION)", "DOUBLE PRECISION", text)
        words[at] = re.sub(r"\b\w+\b", lambda word: _SYNONYMS.get(word[0], word[0]), text)
    plain = "".join(words).replace("DOUBLE PRECISION PRECISION", "DOUBLE PRECISION")
    return re.sub(r"^(.*[^)\w ]?) NULL$", r"\1", plain) if _ends_nullable(plain) else plain


def _ends_nullable(text: str) -> bool:
    return text.endswith(" NULL") and not text.endswith(" NOT NULL")


def fits_type(source: str, target: str) -> bool:
    """Say whether every value of one Firebolt type is held by another without change.

    >>> fits_type("INTEGER", "BIGINT"), fits_type("BIGINT", "INTEGER")
    (True, False)
    """
    one, two = _forget_nested_null(source), _forget_nested_null(target)
    if one == two:
        return True
    digits = {"INTEGER": 10, "BIGINT": 19}
    into, decimal = _NUMERIC.fullmatch(two), _NUMERIC.fullmatch(one)
    if into:
        precision, scale = int(into[1]), int(into[2])
        if decimal:
            whole = int(decimal[1]) - int(decimal[2])
            return int(decimal[2]) <= scale and whole <= precision - scale
        return one in digits and digits[one] <= precision - scale
    return (one, two) in (("INTEGER", "BIGINT"), ("INTEGER", "DOUBLE PRECISION"))


def widen_type(source: str, target: str) -> str | None:
    """Choose the Firebolt type of a column that is to hold its own values and those of files, as
    `type_fit.widen_type` does; None also where files of their type can't be loaded into it.

    >>> widen_type("NUMERIC(4, 2)", "INTEGER"), widen_type("TEXT", "BIGINT")
    ('NUMERIC(12, 2)', 'TEXT')
    """
    wide = type_fit.widen_type(_name_in_duckdb(source), _name_in_duckdb(target))
    if wide is None:
        return None
    for known, other in _IN_DUCKDB.items():
        wide = known if wide == other else wide
    named = re.sub(r"DECIMAL\((\d+),(\d+)\)", r"NUMERIC(\1, \2)", wide)
    return named if fits_type(source, named) else None


def _name_in_duckdb(kind: str) -> str:
    named = _IN_DUCKDB.get(kind, kind)
    return _NUMERIC.sub(r"DECIMAL(\1,\2)", named)


def _forget_nested_null(kind: str) -> str:
    """What is in an array may be NULL or not: the catalog of older versions does not say."""
    return re.sub(r" (NOT )?NULL(?=[,)])", "", kind)


def is_vector(kind: str) -> bool:
    """Say whether a type is an array of numbers, as vectors are kept.

    >>> is_vector("ARRAY(DOUBLE PRECISION NULL)"), is_vector("ARRAY(TEXT NULL)")
    (True, False)
    """
    return _forget_nested_null(kind) in ("ARRAY(DOUBLE PRECISION)", "ARRAY(REAL)")
