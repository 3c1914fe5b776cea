"""How the values of one column are spread, as a map between them and shares from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import find_plain_type

_ROWS_PER_VALUE = 5
_DECIMALS = 6
_EXACT = 2**53


@dataclass(frozen=True)
class Marginal:
    """A column's values in their order, and how often each comes.

    Attributes:
        values: distinct ones as an Arrow array, in the order that shares go up.
        upto: for each value the share of rows with it or one before it.
        places: of `values` on a line, where values in between may be drawn; None for categories.
        step: what such values are multiples of; 0 for any number.
    """

    values: pa.Array
    upto: np.ndarray
    places: np.ndarray | None = None
    step: float = 0.0

    @property
    def is_discrete(self) -> bool:
        """Whether only the table's own values are drawn."""
        return self.places is None

    def find_shares(self, column: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """For each value, none of them NULL, the share of rows before it, and up to it."""
        at = pc.index_in(column, self.values).to_numpy(zero_copy_only=False).astype(np.int64)
        before = np.concatenate(([0.0], self.upto[:-1]))
        return before[at], self.upto[at]

    def find_values(self, shares: np.ndarray) -> pa.Array:
        """The values at these shares; between two values of a line those in between."""
        if self.places is None:
            at = np.searchsorted(self.upto, shares, side="left")
            return self.values.take(pa.array(np.minimum(at, len(self.values) - 1)))
        middles = (np.concatenate(([0.0], self.upto[:-1])) + self.upto) / 2
        drawn = np.interp(shares, middles, self.places)
        if self.step:
            drawn = np.round((drawn - self.places[0]) / self.step) * self.step + self.places[0]
        return _unplace(np.clip(drawn, self.places[0], self.places[-1]), self.values.type)


def measure_marginal(
    column: pa.Array, scores: np.ndarray | None = None, *, keep_values: bool = False
) -> Marginal:
    """Measure how the values of a column are spread.

    Numbers, dates and moments of many different values are a line on which new ones may lie, with
    the decimals or units that all values keep. Where values come five times each on average, only
    they are drawn, and so it is for text and booleans.

    Args:
        column: without NULLs, at least one value.
        scores: a number for each value; categories are put in the order of its mean, so that
            likeness has a direction. None for the order of the values themselves.
        keep_values: draw the table's own values only.

    >>> measure_marginal(pa.array([1.5, 2.5, 9.0])).find_values(np.array([0.5])).to_pylist()
    [2.5]
    """
    counted = pc.value_counts(column)
    values, counts = counted.field(0), counted.field(1).to_numpy()
    plain = find_plain_type(column.type)
    is_line = not (pa.types.is_string(plain) or pa.types.is_boolean(plain))
    if is_line or scores is None:
        order = pc.sort_indices(values).to_numpy()
    else:
        places = pc.index_in(column, values).to_numpy(zero_copy_only=False)
        order = np.argsort(np.bincount(places, scores) / counts, kind="stable")
    values, counts = values.take(pa.array(order)), counts[order]
    upto = np.cumsum(counts) / len(column)
    if not is_line or keep_values or len(values) * _ROWS_PER_VALUE <= len(column):
        return Marginal(values, upto)
    places, step = _place(values)
    return Marginal(values, upto, places, step)


def _place(values: pa.Array) -> tuple[np.ndarray, float]:
    """Values as numbers, and what all their differences are multiples of."""
    kind = values.type
    if pa.types.is_date(kind):
        values = values.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        values = values.cast(pa.int64())
    elif pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    numbers = values.to_numpy(zero_copy_only=False)
    if np.issubdtype(numbers.dtype, np.integer):
        # moments in nanoseconds are beyond what a float tells apart, their steps are not
        return numbers.astype(np.float64), float(np.gcd.reduce(np.diff(numbers.astype(object))))
    for decimals in range(_DECIMALS + 1):
        scaled = np.round(numbers * 10.0**decimals)
        if np.abs(scaled).max() < _EXACT and np.allclose(
            scaled / 10.0**decimals, numbers, rtol=0, atol=1e-9
        ):
            return numbers.astype(np.float64), 10.0**-decimals
    return numbers.astype(np.float64), 0.0


def _unplace(numbers: np.ndarray, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(kind):
        return pa.array(np.round(numbers, 12), pa.float64()).cast(kind)
    if pa.types.is_decimal(kind):
        exact = pa.array(numbers).cast(pa.decimal128(38, kind.scale), safe=False)
        return exact.cast(kind)
    whole = pa.array(np.round(numbers).astype(np.int64))
    if pa.types.is_date(kind):
        return whole.cast(pa.int32()).cast(pa.date32()).cast(kind)
    return whole.cast(kind)
