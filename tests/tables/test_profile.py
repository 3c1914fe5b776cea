"""Profiles: counted against what Python counts."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from dreambolt_steps.profiling.profile import profile_table


def test_every_kind_of_column() -> None:
    table = pa.table(
        {
            'odd "name"': ["b", "a", None, "b"],
            "n": pa.array([3, -1, None, 3], pa.int8()),
            "day": [dt.date(2024, 1, 2), None, None, None],
            "list": [[1], None, [2], [1]],
            "void": pa.array([None] * 4, pa.string()),
        }
    )
    text, number, day, nested, void = profile_table(table.to_reader(max_chunksize=2))
    assert (text.name, text.rows, text.nulls) == ('odd "name"', 4, 1)
    assert (text.low, text.high, text.distinct, text.samples) == ("a", "b", 2, ("b", "a"))
    assert (number.type_word, number.low, number.high) == ("int8", "-1", "3")
    assert (day.low, day.distinct, day.samples) == ("2024-01-02", 1, ("2024-01-02",))
    assert (nested.nulls, nested.low, nested.distinct) == (1, None, 2)
    assert (void.nulls, void.low, void.samples) == (4, None, ())


def test_counts_are_near_on_many_rows() -> None:
    table = pa.table({"n": [str(number % 5000) for number in range(50_000)]})
    profile = profile_table(table.to_reader(max_chunksize=1000))[0]
    assert profile.rows == 50_000
    assert 4000 < profile.distinct < 6000
    assert len(profile.samples) == 5


def test_no_rows_and_no_columns() -> None:
    empty = pa.table({"a": pa.array([], pa.string())})
    assert profile_table(empty.to_reader())[0].rows == 0
    assert profile_table(pa.table({}).to_reader()) == []


def test_long_values_are_cut() -> None:
    profile = profile_table(pa.table({"a": ["x" * 500]}).to_reader())[0]
    assert (len(profile.low or ""), len(profile.samples[0])) == (80, 80)
