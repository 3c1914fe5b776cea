"""Values of a contract file as Arrow values of a column's type, with YAML's traps told apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa

from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.text.convert import convert_text


def read_scalar(value: Any, kind: pa.DataType) -> pa.Scalar:
    """Turn what YAML made of a value into an Arrow value of a column's type.

    Args:
        value: text, a number, a boolean, a date or a datetime. Text is understood for every type.
        kind: of the column.

    Raises: ValueError in words; such as for `NO`, which YAML reads as false, in a column of text.

    >>> read_scalar("2024-02-29", pa.date32()).as_py()
    datetime.date(2024, 2, 29)
    """
    if not _is_of(value, kind):
        raise ValueError(
            f"{value!r} is {_name(value)}, the column is {name_type(kind)}"
            + ("; put it in quotes" if pa.types.is_string(kind) else "")
        )
    try:
        if isinstance(value, bool) or value is None:
            return pa.scalar(value, kind)
        if isinstance(value, float) and pa.types.is_decimal(kind):
            return pa.scalar(Decimal(str(value)), kind)
        if isinstance(value, str) and not pa.types.is_string(kind):
            return _read_text(value.strip(), kind)
        if isinstance(value, int) and pa.types.is_decimal(kind):
            return pa.scalar(Decimal(value), kind)
        if isinstance(value, dt.date) and pa.types.is_timestamp(kind):
            return _read_moment(value, kind)
        return pa.scalar(value, kind)
    except (pa.ArrowException, ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"{value!r} is no {name_type(kind)}") from error


def _read_text(text: str, kind: pa.DataType) -> pa.Scalar:
    """Text as a column of the type would understand it."""
    values, good = convert_text(pa.array([text], pa.string()), kind)
    if not good[0].as_py():
        # what a column of text does not hold as numbers: infinity
        return pa.scalar(text).cast(kind)
    return values[0]


def _read_moment(value: dt.date, kind: pa.DataType) -> pa.Scalar:
    """A moment without a zone is UTC where the column has one."""
    moment = value
    if not isinstance(value, dt.datetime):
        moment = dt.datetime.combine(value, dt.time())
    assert isinstance(moment, dt.datetime)
    if kind.tz and moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    if not kind.tz and moment.tzinfo is not None:
        raise ValueError
    return pa.scalar(moment, kind)


def _is_of(value: Any, kind: pa.DataType) -> bool:
    if isinstance(value, str):
        return True
    if isinstance(value, bool) or pa.types.is_boolean(kind):
        return isinstance(value, bool) and pa.types.is_boolean(kind)
    if isinstance(value, int):
        return bool(
            pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
        )
    if isinstance(value, float):
        return bool(pa.types.is_decimal(kind) or pa.types.is_floating(kind))
    if isinstance(value, dt.datetime):
        return bool(pa.types.is_timestamp(kind))
    if isinstance(value, dt.date):
        return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))
    return False


def _name(value: Any) -> str:
    names = {bool: "a boolean (YAML reads yes, no, on and off as such)", int: "a whole number"}
    names |= {float: "a number", dt.date: "a date", dt.datetime: "a moment", type(None): "empty"}
    names |= {list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)
