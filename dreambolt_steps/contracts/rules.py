"""A contract's promises about single values, as vectorised rules over Arrow columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.contracts.contract import (
    ColumnContract,
    Contract,
    Dimension,
    Mode,
)
from dreambolt_steps.contracts.schema_check import SchemaPlan
from dreambolt_steps.tables.column_types import name_type

Check = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True)
class ValueRule:
    """One promise about the values of one column, or about whole rows.

    Attributes:
        column: its name; None for the whole row.
        index: its place in the table; None for a rule about rows whatever they hold.
        reason: what is wrong with a value that breaks it, in words.
        mode: what happens then.
        dimension: of quality, in which it counts.
        check: values (without an index: those of the first column) -> booleans; false breaks the
            rule, NULL is none of its business.
    """

    column: str | None
    index: int | None
    reason: str
    mode: Mode
    dimension: Dimension
    check: Check


def list_rules(
    contract: Contract, plan: SchemaPlan, schema: pa.Schema
) -> tuple[list[ValueRule], list[str]]:
    """List the rules that hold for a table.

    Args:
        contract: of the table.
        plan: of `compare_columns` for it.
        schema: its columns as they are after cleaning.

    Returns: the rules, column by column in the contract's order, and notes about promises that
        can't be checked since the column has another type than promised.
    """
    rules = [
        ValueRule(name, None, words, "discard_row", "completeness", _break)
        for name, words in plan.reject_all
    ]
    for name in plan.reject_new:
        words = "a value in a column that the contract does not name"
        rules.append(
            ValueRule(
                name, schema.get_field_index(name), words, "discard_row", "validity", pc.is_null
            )
        )
    notes: list[str] = []
    if plan.is_other_table:
        return rules, notes
    for column in contract.columns:
        index = schema.get_field_index(column.name)
        if index < 0:
            continue
        kind = schema.field(index).type
        if column.type is not None and column.type != kind:
            words = f"{column.name} evolved into {name_type(kind)} from {column.type_word}"
            notes.append(words if _fits(column, kind) else f"{words}: its values are not checked")
        if not column.nullable:
            rules.append(
                _make(
                    column, index, "NULL, which the contract forbids", "completeness", pc.is_valid
                )
            )
        if not _fits(column, kind):
            continue
        rules += [
            _make(column, index, reason, "validity", check)
            for reason, check in _write_checks(column, kind)
        ]
    return rules, notes


def _break(values: pa.Array) -> pa.Array:
    return pa.repeat(pa.scalar(False), len(values))


def _make(
    column: ColumnContract, index: int, reason: str, dimension: Dimension, check: Check
) -> ValueRule:
    mode = column.modes.rows
    if mode == "discard_value" and not column.nullable:
        mode = "discard_row"  # there is no NULL to put in place of the value
    return ValueRule(column.name, index, reason, mode, dimension, check)


def _fits(column: ColumnContract, kind: pa.DataType) -> bool:
    """Whether values of this type can be compared with those of the contract: a column of numbers
    that evolved is still one of numbers, and moments have days."""
    wanted = column.type
    if wanted is None or wanted == kind or _have_days(wanted, kind):
        return True
    return _is_number(wanted) and _is_number(kind)


def _have_days(wanted: pa.DataType, kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(wanted) and pa.types.is_timestamp(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _write_checks(column: ColumnContract, kind: pa.DataType) -> Iterator[tuple[str, Check]]:
    if column.type is not None and _have_days(column.type, kind):
        for reason, check in _write_checks(column, column.type):
            yield reason, partial(_check_days, check)
        return
    low, high = column.low, column.high
    if low is not None:
        yield f"less than the contract's min {_show(low)}", lambda v: pc.greater_equal(v, low)
    if high is not None:
        yield f"greater than the contract's max {_show(high)}", lambda v: pc.less_equal(v, high)
    shortest, longest = column.min_length, column.max_length
    if shortest is not None:
        words = f"shorter than the contract's {shortest:,} characters"
        yield words, lambda v: pc.greater_equal(pc.utf8_length(v), shortest)
    if longest is not None:
        words = f"longer than the contract's {longest:,} characters"
        yield words, lambda v: pc.less_equal(pc.utf8_length(v), longest)
    if column.pattern is not None:
        whole = rf"\A(?:{column.pattern})\z"
        words = f"not of the contract's pattern {column.pattern}"
        yield words, lambda v: pc.match_substring_regex(v, whole)
    if column.allowed is not None:
        allowed = column.allowed.cast(kind, safe=False)
        # is_in calls NULL no member, whatever the set
        yield (
            f"not among the contract's {len(allowed):,} allowed values",
            lambda v: pc.or_kleene(pc.is_in(v, allowed), pc.if_else(pc.is_valid(v), False, None)),
        )


def _check_days(check: Check, moments: pa.Array) -> pa.Array:
    return check(moments.cast(pa.date32(), safe=False))


def _show(value: pa.Scalar) -> str:
    return str(value.cast(pa.string()))
