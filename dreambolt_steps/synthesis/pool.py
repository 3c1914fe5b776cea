"""A pool of drawn rows: what follows from others set right, and those that have given values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.synthesis.marginals import Marginal
from dreambolt_steps.synthesis.relations import Dependency

_NEAREST = 50


def follow(pool: pa.Table, dependencies: Sequence[Dependency]) -> pa.Table:
    """The drawn rows with columns that follow from others set to what they follow to."""
    sources: set[str] = set()
    targets: set[str] = set()
    for one in dependencies:
        if one.target in targets or one.target in sources or one.source in targets:
            continue
        if one.source not in pool.schema.names or one.target not in pool.schema.names:
            continue
        source, at = pool.column(one.source), pool.schema.get_field_index(one.target)
        kind = pool.schema.field(at).type
        known = pa.array(list(one.values), source.type)
        places = pc.index_in(source, value_set=known)
        values = pa.array(list(one.values.values()), kind).take(places.combine_chunks())
        pool = pool.set_column(at, one.target, pc.coalesce(values, pool.column(at)))
        sources.add(one.source)
        targets.add(one.target)
    return pool


def find_rows(
    pool: pa.Table, given: Mapping[str, Any], marginals: Mapping[str, Marginal | None]
) -> tuple[list[int], list[str]]:
    """Rows of the pool that have given values; the 50 nearest where values lie on a line.

    Args:
        pool: of drawn rows.
        given: the values.
        marginals: of the columns that were drawn.

    Returns: places in the pool, and columns for which no row can be found, since the table does not
        hold the value.
    """
    mask: Any = None
    foreign: list[str] = []
    near: dict[str, pa.Scalar] = {}
    for name, value in given.items():
        marginal = marginals.get(name)
        if marginal is None:
            continue
        column = pool.column(name)
        wanted = _read_value(value, column.type)
        if wanted is None:
            foreign.append(name)
        elif not wanted.is_valid:
            mask = _combine(mask, column.is_null())
        elif not marginal.is_discrete:
            near[name] = wanted
        elif pc.is_in(wanted, value_set=marginal.values).as_py():
            mask = _combine(mask, pc.fill_null(pc.equal(column, wanted), False))
        else:
            foreign.append(name)
    found = range(pool.num_rows) if mask is None else pc.indices_nonzero(mask).to_pylist()
    for name, wanted in near.items():
        found = _take_nearest(pool.column(name), wanted, list(found))
    return list(found), foreign


def show_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as a language model would write them in JSON."""
    return [{name: _show(value) for name, value in row.items()} for row in table.to_pylist()]


def _combine(mask: Any, more: Any) -> Any:
    return more if mask is None else pc.and_(mask, more)


def _take_nearest(column: pa.ChunkedArray, wanted: pa.Scalar, found: list[int]) -> list[int]:
    number = pa.float64() if not _is_moment(column.type) else pa.int64()
    values = column.take(pa.array(found, pa.int64()))
    if _is_moment(column.type):
        values, wanted = values.cast(pa.timestamp("us")), wanted.cast(pa.timestamp("us"))
    away = pc.abs(pc.subtract(values.cast(number), wanted.cast(number)))
    order = pc.sort_indices(away)[:_NEAREST].to_pylist()
    return [found[at] for at in order]


def _is_moment(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))


def _read_value(value: Any, kind: pa.DataType) -> pa.Scalar | None:
    """A value that was asked for, in its column's type; None if it is none of it."""
    try:
        if isinstance(value, str) and not pa.types.is_string(kind):
            return pa.scalar(value).cast(kind)
        return pa.scalar(value, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None


def _show(value: Any) -> Any:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
