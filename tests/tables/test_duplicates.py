"""Repeated rows: exact, whatever the types, and whatever the hashes do."""

from __future__ import annotations

import math
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.duplicates import find_repeats, pair_repeats


def pair(table: pa.Table, columns: list[str] | None = None, bits: int = 64) -> tuple[Any, Any]:
    repeats, firsts = pair_repeats(
        lambda: table.to_reader(max_chunksize=2), columns, hash_bits=bits
    )
    assert repeats.dtype == firsts.dtype == np.int64
    return repeats.tolist(), firsts.tolist()


def test_repeats_are_told_with_their_first_occurrence() -> None:
    table = pa.table({"a": [1, 2, 1, None, 1, None], "b": ["x", "y", "x", None, "z", None]})
    assert pair(table) == ([2, 5], [0, 3])
    assert pair(table, ["a"]) == ([2, 4, 5], [0, 0, 3])
    assert pair(table, ["b", "a"]) == ([2, 5], [0, 3])
    assert find_repeats(lambda: table.to_reader(), ["b"]).tolist() == [2, 5]


@pytest.mark.parametrize(
    "values",
    [
        [1.5, math.nan, math.nan, -0.0, 0.0],
        ["", None, "", "\x00", "\x00"],
        [Decimal("1.10"), Decimal("2.20"), Decimal("1.10"), None, None],
        [date(1, 1, 1), date(9999, 12, 31), date(1, 1, 1), None, None],
        [time(1, 2), time(3, 4), time(1, 2), None, None],
        [timedelta(1), timedelta(2), timedelta(1), None, None],
        [[1, None], [], [1, None], None, None],
        [{"x": 1}, {"x": None}, {"x": 1}, None, None],
        [b"\xff", b"", b"\xff", None, None],
        [True, False, True, None, None],
        [None, None, None, None, None],
    ],
)
def test_every_type_has_its_equality(values: list[Any]) -> None:
    def know(value: Any) -> str:  # NaN is equal to itself here, minus zero to zero
        return repr(0.0 if value == 0 and isinstance(value, float) else value)

    known: dict[str, int] = {}
    expected = [known.setdefault(know(value), row) for row, value in enumerate(values)]
    repeats = [row for row, first in enumerate(expected) if row != first]
    assert pair(pa.table({"x": values})) == (repeats, [expected[row] for row in repeats])


def test_nothing_repeats_in_an_empty_table() -> None:
    assert pair(pa.table({"x": pa.array([], pa.string())})) == ([], [])


def test_dictionaries_are_compared_by_what_they_stand_for() -> None:
    chunks = [pa.array(["b", "a"]).dictionary_encode(), pa.array(["a", "b"]).dictionary_encode()]
    assert pair(pa.table({"x": pa.chunked_array(chunks)})) == ([2, 3], [1, 0])


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(UsageError, match="no column 'z'; there are a, b"):
        find_repeats(lambda: pa.table({"a": [1], "b": [1]}).to_reader(), ["z"])


ROWS = st.lists(st.tuples(st.integers(0, 3) | st.none(), st.sampled_from(["", "a", None])))


@settings(max_examples=60)
@given(ROWS, st.sampled_from([1, 2, 64]))
def test_hashes_that_collide_change_nothing(rows: list[tuple[Any, Any]], bits: int) -> None:
    schema = pa.schema([("n", pa.int64()), ("t", pa.string())])
    table = pa.table([[n for n, _ in rows], [t for _, t in rows]], schema=schema)
    known: dict[Any, int] = {}
    expected = [known.setdefault(row, at) for at, row in enumerate(rows)]
    repeats = [at for at, first in enumerate(expected) if at != first]
    assert pair(table, bits=bits) == (repeats, [expected[at] for at in repeats])
