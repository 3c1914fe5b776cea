"""Facts, distances and drift, against what numpy and arithmetic say."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.profiling.distance import measure_ks, measure_psi
from dreambolt_steps.profiling.drift import Drift, compare_facts
from dreambolt_steps.profiling.history_facts import TableFacts, gather_facts
from dreambolt_steps.profiling.sample import TableSample


def facts_of(**columns: Any) -> TableFacts:
    return gather_facts(pa.table(columns).to_reader(max_chunksize=1000))


def tell(before: TableFacts, now: TableFacts) -> list[tuple[str, str | None, str]]:
    return [(alert.level, alert.column, alert.what) for alert in compare_facts(before, now).alerts]


def test_facts_of_every_family() -> None:
    facts = facts_of(
        n=[1.5, 2.5, None, 2.5],
        t=["b", "a", "b", None],
        d=[dt.date(1970, 1, 2), None, dt.date(1970, 1, 1), None],
        z=pa.array([dt.datetime(1970, 1, 1, 0, 0, 1)] * 4, pa.timestamp("us", "UTC")),
        yes=[True, True, False, None],
        nested=[[1], None, [2], [1]],
    )
    number, text, day, zoned, yes, nested = facts.columns
    assert facts.rows == 4
    assert (number.family, number.nulls, number.low, number.high) == ("number", 1, "1.5", "2.5")
    assert (number.quantiles[0], number.quantiles[25], number.quantiles[-1]) == (1.5, 2.5, 2.5)
    assert (text.values, text.complete, text.sampled) == ((("b", 2), ("a", 1)), True, 3)
    assert text.quantiles == (1.0,) * 51
    assert (day.family, day.quantiles[0], day.quantiles[-1]) == ("moment", 0.0, 86400.0)
    assert (zoned.family, zoned.quantiles[0]) == ("moment", 1.0)
    assert yes.values == (("true", 2), ("false", 1))
    assert (nested.family, nested.nulls, nested.values, nested.quantiles) == ("other", 1, (), ())


def test_facts_of_nothing() -> None:
    assert gather_facts(pa.table({}).to_reader()) == TableFacts(0, ())
    empty = facts_of(n=pa.array([], pa.int8()), v=pa.array([], pa.string()))
    void = facts_of(n=pa.array([None] * 5, pa.int8()), v=pa.array([None] * 5, pa.string()))
    assert [column.quantiles for column in (*empty.columns, *void.columns)] == [()] * 4
    assert compare_facts(empty, empty).alerts == ()
    assert tell(empty, void) == [("major", None, "rows")]
    assert tell(void, empty) == [("major", None, "rows")]


def test_infinite_and_absent_numbers_have_no_place() -> None:
    facts = facts_of(n=[1.0, math.inf, math.nan, -math.inf, 2.0, None])
    assert set(facts.columns[0].quantiles) == {1.0, 2.0}


def test_a_sample_is_bounded_and_the_same_every_time() -> None:
    table = pa.table({"n": range(100_000), "t": ["x" * 90] * 100_000})
    drawn = []
    for _ in range(2):
        sample = TableSample(table.to_reader(max_chunksize=777), max_rows=1000)
        assert sum(batch.num_rows for batch in sample.reader) == 100_000
        drawn.append(sample.table)
    assert drawn[0] == drawn[1]
    assert 300 < drawn[0].num_rows <= 1000
    assert 45_000 < np.mean(drawn[0]["n"].to_numpy()) < 55_000
    small = TableSample(table.to_reader(), max_bytes=50_000)
    small.reader.read_all()
    assert small.table.nbytes <= 50_000


def test_the_index_is_that_of_its_formula() -> None:
    before, now = facts_of(t=["a"] * 60 + ["b"] * 40), facts_of(t=["a"] * 30 + ["b"] * 70)
    old, new = (60.5 / 101, 40.5 / 101), (30.5 / 101, 70.5 / 101)  # half a value for each bin
    expected = sum((b - a) * math.log(b / a) for a, b in zip(old, new, strict=True))
    found = measure_psi(before.columns[0], now.columns[0])
    assert found is not None
    assert found.value == pytest.approx(expected)
    # chi-squared of one degree of freedom: 10.83 is passed once in 1,000
    assert found.by_chance == pytest.approx(10.83 * 2 / 100, rel=0.05)


def test_numbers_are_compared_in_deciles_of_the_run_before() -> None:
    random = np.random.default_rng(0)
    one, two = random.normal(size=20_000), random.normal(0.5, 1, size=20_000)
    before, now = facts_of(n=one).columns[0], facts_of(n=two).columns[0]
    edges = np.quantile(one, np.linspace(0, 1, 11)[1:-1])
    shares = [np.histogram(side, [-np.inf, *edges, np.inf])[0] / 20_000 for side in (one, two)]
    expected = float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
    found = measure_psi(before, now)
    assert found is not None
    assert found.value == pytest.approx(expected, rel=0.05)
    points = np.sort(np.concatenate([one, two]))
    cumulated = [
        np.searchsorted(np.sort(side), points, side="right") / 20_000 for side in (one, two)
    ]
    assert measure_ks(before, now) == pytest.approx(
        np.max(np.abs(cumulated[0] - cumulated[1])), abs=0.02
    )


@settings(max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6) | st.none(), max_size=60))
def test_a_table_has_not_drifted_from_itself(numbers: list[float | None]) -> None:
    facts = facts_of(n=pa.array(numbers, pa.float64()), t=pa.array(map(str, numbers)))
    drift = compare_facts(facts, facts)
    assert drift.alerts == ()
    assert all(value == 0 for value in (*drift.psi.values(), *drift.ks.values()))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("rows", [20, 300, 5000])
def test_two_samples_of_one_distribution_raise_no_alarm(seed: int, rows: int) -> None:
    random = np.random.default_rng(seed)
    sides = [
        facts_of(
            n=random.normal(size=rows),
            category=random.choice(["a", "b", "c", "d"], rows),
        )
        for _ in range(2)
    ]
    assert "distribution" not in [what for *_, what in tell(*sides)]


BASE = {"n": list(range(200)), "t": ["a", "b"] * 100}


@pytest.mark.parametrize(
    ("now", "alerts"),
    [
        ({"n": list(range(200)), "t": ["a", "b"] * 100}, []),
        ({"n": [*range(178), *[None] * 22], "t": ["a", "b"] * 100}, [("moderate", "n", "nulls")]),
        ({"n": list(range(200)), "t": ["a", None] * 100}, [("major", "t", "nulls")]),
        ({"n": [*range(199), 240], "t": ["a", "b"] * 100}, [("moderate", "n", "range")]),
        ({"n": [*range(199), 9999], "t": ["a", "b"] * 100}, [("major", "n", "range")]),
        (
            {"n": list(range(200)), "t": ["a", "b"] * 99 + ["c", "d"]},
            [("moderate", "t", "distinct")],
        ),
        ({"n": [0, 199] * 100, "t": ["a", "b"] * 100}, [("major", "n", "distinct")]),
        ({"n": list(range(200)), "u": ["a", "b"] * 100}, [("major", "t", "schema")]),
        ({"n": list(map(str, range(200))), "t": ["a", "b"] * 100}, [("major", "n", "schema")]),
        ({"n": [0.5, *range(1, 200)], "t": ["a", "b"] * 100}, [("moderate", "n", "schema")]),
        ({"n": list(range(170)), "t": ["a", "b"] * 85}, [("moderate", None, "rows")]),
        ({"n": list(range(90)), "t": ["a", "b"] * 45}, [("major", None, "rows")]),
        ({"n": [*range(200)] * 2, "t": ["a", "b"] * 200}, [("moderate", None, "rows")]),
        ({"n": [*range(200)], "t": ["a"] * 150 + ["b"] * 50}, [("major", "t", "distribution")]),
        ({"n": [*range(200)], "t": ["a"] * 118 + ["b"] * 82}, []),
    ],
)
def test_each_change_raises_its_alert(now: dict[str, Any], alerts: list[Any]) -> None:
    found = tell(facts_of(**BASE), facts_of(**now))
    assert set(alerts) <= set(found)
    if not alerts:
        assert found == []


def test_times_may_go_on_but_not_leap() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(200)]
    before = facts_of(d=days)
    later = facts_of(d=[day + dt.timedelta(days=60) for day in days])
    leap = facts_of(d=[*days[:-1], dt.date(2990, 1, 1)])
    assert "range" not in [what for *_, what in tell(before, later)]
    assert ("major", "d", "range") in tell(before, leap)


def test_words_tell_both_sides() -> None:
    drift = compare_facts(facts_of(**BASE), facts_of(n=[*range(199), 999], t=["a", None] * 100))
    words = {alert.what: alert.words for alert in drift.alerts}
    assert words["nulls"] == "0.0 % NULL before, 50.0 % now"
    assert words["range"] == "0 to 199 before, 0 to 999 now"
    assert isinstance(drift, Drift)


def make_orders(first: int, last: int) -> dict[str, Any]:
    """Orders with an id, a day, a year and an amount, as they are added to a file day by day."""
    random = np.random.default_rng(first)
    return {
        "id": range(first, last),
        "day": [dt.date(2024, 1, 1) + dt.timedelta(days=n // 10) for n in range(first, last)],
        "year": [2020 + n // 500 for n in range(first, last)],
        "amount": random.normal(50, 9, last - first).round(2),
        "state": random.choice(["new", "paid", "sent"], last - first),
    }


@pytest.mark.parametrize("more", [100, 900, 2000])
def test_rows_added_at_the_end_are_no_drift(more: int) -> None:
    before, added = make_orders(1, 1001), make_orders(1001, 1001 + more)
    both = {name: [*before[name], *added[name]] for name in before}
    assert [one for one in tell(facts_of(**before), facts_of(**both)) if one[1] is not None] == []
    increment = compare_facts(facts_of(**before), facts_of(**added), follows=True)
    assert increment.alerts == ()


def test_added_rows_that_are_otherwise_are_drift_all_the_same() -> None:
    before, added = make_orders(1, 1001), make_orders(1001, 1501)
    added |= {"amount": [9000.0] * 500, "state": ["lost"] * 500}
    both = {name: [*before[name], *added[name]] for name in before}
    changed = {(what, column) for _, column, what in tell(facts_of(**before), facts_of(**both))}
    assert {("distinct", "state"), ("distribution", "state")} <= changed
    # a table made anew whose numbers all lie beyond: another unit, perhaps
    scaled = {**before, "amount": before["amount"] * 1000}
    assert ("major", "amount", "range") in tell(facts_of(**before), facts_of(**scaled))


def test_the_next_month_of_keys_and_days_is_no_drift() -> None:
    one, two = make_orders(1, 1001), make_orders(1001, 2001)
    changed = [what for _, column, what in tell(facts_of(**one), facts_of(**two)) if column == "id"]
    assert changed == []
