# ruff: noqa: S608 (the format is written as a literal)
"""Days and moments in a format that was told, such as `%d %b %Y - %H:%M`, as DuckDB reads it."""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.sql import open_cursor, quote_literal
from dreambolt_steps.tables.text.timestamp_parts import END_MICRO, FIRST_MICRO

_DIRECTIVE = re.compile(r"%-?[a-zA-Z]|%%")
_YEARS, _MONTHS, _DAYS = {"Y", "y"}, {"m", "b", "B"}, {"d"}
_CLOCK = {"H", "I"}
_FINER = {"n", "g"}
_LISTED = "%d %m %b %B %Y %y %j, %H %I %M %S %f %p, %z"


def check_format(word: str, written: str) -> None:
    """Fail for a format that can't give a value of the type.

    Args:
        word: date, time, timestamp or timestamptz.
        written: the format.

    Raises: UsageError with what is missing.

    >>> check_format("timestamp", "%d %b %Y - %H:%M")
    """
    named = {one[-1] for one in _DIRECTIVE.findall(written)} - {"%"}
    told = f"{word}({written})"
    try:
        open_cursor().execute(f"SELECT try_strptime('', {quote_literal(written)})").fetchall()
    except duckdb.Error as error:
        raise UsageError(f"{told}: no date format; it may hold {_LISTED}") from error
    if named & _FINER:
        raise UsageError(f"{told}: seconds have six decimals at most, %f")
    has_day = bool(named & _YEARS) and bool("j" in named or (named & _MONTHS and named & _DAYS))
    if word != "time" and not has_day:
        raise UsageError(f"{told}: names no day; it needs a year, a month and a day: {_LISTED}")
    if word == "date" and named & {"H", "I", "M", "S", "z"}:
        raise UsageError(f"{told}: a date has no time of day; write timestamp({written})")
    if word == "time" and (not named & _CLOCK or has_day):
        raise UsageError(f"{told}: a time of day is %H:%M or %I:%M %p, and has no day")
    if (word == "timestamptz") != ("z" in named):
        other = "timestamptz" if "z" in named else "timestamp"
        raise UsageError(f"{told}: an offset from UTC, %z, is for timestamptz; write {other}")


def cast_format(
    text: pa.Array, kind: pa.DataType, written: str
) -> tuple[pa.Array, pa.BooleanArray]:
    """Read text in a format; each distinct text is read once.

    Args:
        text: the values; NULLs stay NULL.
        kind: the date, time or timestamp type.
        written: the format, one that `check_format` lets pass.

    Returns: the values, NULL where a text is written otherwise or is of no year from 1 to 9999; and
        which are good (NULLs are not).

    >>> cast_format(pa.array(["13.07.30", "x"]), pa.date32(), "%d.%m.%y")[1].to_pylist()
    [True, False]
    """
    coded = text.dictionary_encode()
    with open_cursor() as cursor:
        places = pa.array(range(len(coded.dictionary)), pa.int64())
        distinct = pa.table({"place": places, "written": coded.dictionary})
        cursor.register("distinct_texts", distinct)
        read = f"try_strptime(written, {quote_literal(written)})"
        sql = f"SELECT {read} AS moment FROM distinct_texts ORDER BY place"
        found = cursor.sql(sql).to_arrow_table()
    values = _cast(found.column("moment").combine_chunks(), kind)
    good = pc.fill_null(pc.take(pc.is_valid(values), coded.indices), False)
    return pc.take(values, coded.indices), good


def _cast(moments: pa.Array, kind: pa.DataType) -> pa.Array:
    micros = moments.cast(pa.timestamp("us", tz=getattr(kind, "tz", None)))
    number = micros.cast(pa.int64())
    in_range = pc.and_(pc.greater_equal(number, FIRST_MICRO), pc.less(number, END_MICRO))
    micros = pc.if_else(in_range, micros, pa.scalar(None, micros.type))
    return (
        micros.cast(pa.timestamp("s")).cast(kind) if pa.types.is_date(kind) else micros.cast(kind)
    )
