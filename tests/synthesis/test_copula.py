"""Rows without a language model: their spread, their bonds, what is kept, and what is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps import LoadTable, SynthesizeRows, columns
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.errors import ModelError, UsageError
from dreambolt_steps.synthesis import libraries
from dreambolt_steps.synthesis.copula import TableCopula
from dreambolt_steps.synthesis.marginals import measure_marginal
from dreambolt_steps.synthesis.pool import follow
from dreambolt_steps.synthesis.relations import Dependency

DAY = dt.date(2020, 1, 1)
CODES = {"north": "N", "south": "S", "west": "W"}
ZONES = list(CODES)


def make_orders(rows: int = 1_500) -> pa.Table:
    """Orders whose price and delivery go with their weight, and whose zone goes with both."""
    random = np.random.default_rng(7)
    weight = random.gamma(2.0, 3.0, rows).round(2)
    price = (weight * 4 + random.normal(0, 3, rows) + 20).round(2)
    zone = [ZONES[at] for at in np.digitize(weight + random.normal(0, 1, rows), [4, 8])]
    paid = random.random(rows) < 0.7
    late = random.random(rows) < np.where(paid, 0.1, 0.6)
    return pa.table(
        {
            "id": range(1, rows + 1),
            "weight": weight,
            "price": pa.array([Decimal(f"{one:.2f}") for one in price], pa.decimal128(8, 2)),
            "zone": zone,
            "code": [CODES[one] for one in zone],
            "paid": paid,
            "shipped": [
                None if one else DAY + dt.timedelta(days=int(w))
                for one, w in zip(late, weight, strict=True)
            ],
            "moment": pa.array(
                [dt.datetime(2020, 1, 1) + dt.timedelta(hours=int(w * 60)) for w in weight],
                pa.timestamp("us", "UTC"),
            ),
            "nothing": pa.nulls(rows, pa.float64()),
            "shop": ["only"] * rows,
            "name": [f"customer {at % 700}" for at in range(rows)],
            "note": [
                f"{at} words that nobody has written before, in a sentence" for at in range(rows)
            ],
        }
    )


@pytest.fixture(scope="module")
def orders() -> pa.Table:
    return make_orders()


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """400 orders: fitting them takes a second."""
    path = tmp_path / "few.parquet"
    pq.write_table(make_orders(400), path)
    return path


@pytest.fixture
def source(orders: pa.Table, tmp_path: Path) -> Path:
    path = tmp_path / "orders.parquet"
    pq.write_table(orders, path)
    return path


def synthesize(source: Path, name: str = "more", **args: Any) -> Any:
    load = LoadTable("load", args={"source": str(source)})
    args = {"method": "copula", "near": 0.9} | args
    return SynthesizeRows(name, inputs=columns(load), args=args)


def read_made(step: Any) -> pa.Table:
    table = step.output.dataset.with_format("arrow")[:]
    return table.filter(table["_synthetic"])


def test_rows_are_spread_and_hang_together_as_those_of_the_table(
    orders: pa.Table, source: Path, session: Callable[..., Any]
) -> None:
    with session():
        step = synthesize(source, rows=800)
        made, notes = read_made(step), step.receipt.notes
        receipt = step.receipt
    assert (receipt.rows_in, receipt.rows_made, receipt.rows_out) == (1_500, 800, 2_300)
    old, new = orders.to_pandas(), made.to_pandas()
    for frame in (old, new):
        frame["price"] = frame["price"].astype(float)
    for name in ("weight", "price"):
        real, drawn = np.sort(old[name]), np.sort(new[name])
        points = np.concatenate([real, drawn])
        shares = [np.searchsorted(one, points, "right") / len(one) for one in (real, drawn)]
        assert np.abs(shares[0] - shares[1]).max() < 0.07, name
        assert drawn[0] >= real[0]
        assert drawn[-1] <= real[-1]
    bond = [frame[["weight", "price"]].corr("spearman").iloc[0, 1] for frame in (old, new)]
    assert abs(bond[0] - bond[1]) < 0.05
    assert bond[0] > 0.9
    for zone in ZONES:
        parts = [frame[frame.zone == zone] for frame in (old, new)]
        assert abs(len(parts[0]) / 1_500 - len(parts[1]) / 800) < 0.06
        assert abs(parts[0].weight.median() - parts[1].weight.median()) < 1.0
    late = [
        [frame[frame.paid == paid].shipped.isna().mean() for paid in (True, False)]
        for frame in (old, new)
    ]
    assert np.abs(np.subtract(*late)).max() < 0.1  # whether a date is missing goes with paid
    assert set(zip(new.zone, new.code, strict=True)) == set(CODES.items())
    assert new.id.tolist() == list(range(1_501, 2_301))
    assert new.nothing.isna().all()
    assert new.note.isna().all()
    assert set(new.shop) == {"only"}
    assert set(new.name) <= set(old.name)
    assert len(set(new.weight) - set(old.weight)) > 100  # not the table's own values only
    assert (new.weight.round(2) == new.weight).all()
    assert (new.moment.dt.minute == 0).all()
    assert set(new["_synthetic_model"]) == {libraries.name_method()}
    assert libraries.name_method().startswith("copula (pyvinecopulib ")
    assert new["_synthetic_call"].isna().all()
    assert notes[0].startswith("800 of 800 rows drawn from a copula of 1,500")
    assert notes[1].startswith("note: texts that a copula can't write, NULL in new rows")
    assert notes[2].startswith("name: texts of the table, drawn without regard")


def test_the_same_seed_draws_the_same_rows_and_more_of_them(
    few: Path, session: Callable[..., Any]
) -> None:
    with session():
        first = read_made(synthesize(few, "a", rows=50)).to_pylist()
        again = read_made(synthesize(few, "b", rows=50)).to_pylist()
        other = read_made(synthesize(few, "c", rows=50, seed=1)).to_pylist()
    assert first == again
    assert first != other


def test_given_values_are_kept_and_the_others_go_with_them(
    few: Path, session: Callable[..., Any]
) -> None:
    with session():
        quotas = {"zone": {"west": 30, "north": 10}}
        step = synthesize(few, "a", rows=100, where=quotas, fixed={"paid": False})
        frame = read_made(step).to_pandas()
        assert frame.zone.value_counts().to_dict() == {"west": 30, "north": 10}
        assert set(frame.code[frame.zone == "west"]) == {"W"}
        assert not frame.paid.any()
        assert frame.shipped.isna().mean() > 0.4
        weights = frame.groupby("zone").weight.median()
        assert weights["west"] > weights["north"] + 4
        step = synthesize(few, "b", rows=20, fixed={"weight": 20.0})
        frame = read_made(step).to_pandas()
        assert set(frame.weight) == {20.0}
        assert (frame.price.astype(float) > 70).all()
        step = synthesize(few, "c", rows=5, fixed={"zone": "east"}, find_relations=False)
        assert [row["zone"] for row in read_made(step).to_pylist()] == ["east"] * 5
        assert "zone: values that the table does not hold" in step.receipt.notes[-1]


def test_relations_and_the_contract_hold_or_rows_are_missing(
    few: Path, session: Callable[..., Any]
) -> None:
    contract = {"contract": 1, "columns": {"weight": {"type": "float", "min": 2}}}
    with session():
        args = {"relations": ["price > 30"], "contract": contract, "rows": 60}
        step = synthesize(few, "a", **args)
        rows = read_made(step).to_pylist()
        assert len(rows) == 60
        assert min(row["price"] for row in rows) > 30
        assert min(row["weight"] for row in rows) >= 2
        assert any("breaks the relation" in reason for reason in step.receipt.report["rejected"])
        with pytest.raises(ModelError, match=r"10 of 10 rows are missing: [23],\d+ rows"):
            synthesize(few, "b", rows=10, relations=["price < 0"])
        note = {"contract": 1, "columns": {"note": {"type": "text", "nullable": False}}}
        with pytest.raises(UsageError, match=r"can't write note, .* does not let it be NULL"):
            synthesize(few, "c", rows=10, contract=note)


def test_a_table_of_few_different_rows_runs_out_of_new_ones(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    path = tmp_path / "flags.csv"
    path.write_text("a,b\n" + "x,1\ny,2\nz,1\n" * 40)
    with session():
        step = synthesize(path, rows=10, find_relations=False)
        rows = {(row["a"], row["b"]) for row in read_made(step).to_pylist()}
    assert rows <= {("x", "2"), ("y", "1"), ("z", "2")}
    assert "rows are missing" in step.receipt.notes[1]
    assert "the same row is in the table already" in step.receipt.notes[1]


def test_what_a_copula_can_not_do_is_said_before_any_work(
    few: Path, tmp_path: Path, session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.csv").write_text("a,b\n")
    with session():
        with pytest.raises(UsageError, match="no use for instruction"):
            synthesize(few, "a", rows=3, instruction="more of them")
        with pytest.raises(UsageError, match='did you mean "copula"'):
            synthesize(few, "b", rows=3, method="copulas")
        with pytest.raises(UsageError, match="has no row to learn from"):
            synthesize(tmp_path / "empty.csv", "c", rows=3)
        with rehearse():
            step = synthesize(few, "d", rows=3)
            assert step.receipt.notes == ["would draw 3 rows from a copula, which costs nothing"]
        monkeypatch.setattr(libraries, "find_spec", lambda name: None)
        with pytest.raises(ModelError, match=r'pip install "dreambolt-steps\[copula\]"'):
            synthesize(few, "e", rows=3)


def test_columns_that_follow_from_others_are_set_to_what_they_follow_to() -> None:
    pool = pa.table({"a": ["x", "y", "z", None], "b": [9, 9, 9, 9], "c": ["q"] * 4})
    found = [
        Dependency("a", "b", {"x": 1, "y": 2}),
        Dependency("b", "a", {1: "x", 2: "y"}),
        Dependency("b", "c", {1: "one"}),
        Dependency("a", "c", {"x": "one", "y": "two"}),
    ]
    followed = follow(pool, found)
    assert followed["b"].to_pylist() == [1, 2, 9, 9]
    assert followed["c"].to_pylist() == ["one", "two", "q", "q"]


@pytest.mark.parametrize(
    "table",
    [
        {"a": [1, 2, 3]},
        {"a": [5]},
        {"a": [None, 1.5, None], "b": [True, False, None]},
        {"a": pa.nulls(3, pa.string()), "b": ["x", "y", "z"]},
        {"a": pa.array([2**62, 2**62 + 2, -(2**62)], pa.int64()), "b": [1, 2, 3]},
    ],
)
def test_the_smallest_tables_can_be_drawn_from(table: dict[str, Any]) -> None:
    real = pa.table(table)
    drawn = TableCopula(real).draw(200)
    assert drawn.num_rows == 200
    assert drawn.schema.equals(real.schema)
    for name in real.schema.names:
        known = [one for one in real[name].to_pylist() if one is not None]
        for value in drawn[name].to_pylist():
            assert value is None or min(known) <= value <= max(known)
            assert value is not None or real[name].null_count


numbers = st.lists(
    st.one_of(st.integers(-(10**9), 10**9), st.sampled_from([0, 7])), min_size=1, max_size=60
)


@settings(max_examples=60)
@given(numbers, st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_drawn_numbers_lie_between_those_of_the_table(
    values: list[int], shares: list[float]
) -> None:
    column = pa.array(values, pa.int64())
    drawn = measure_marginal(column).find_values(np.array(shares)).to_pylist()
    assert all(min(values) <= one <= max(values) for one in drawn)
    step = np.gcd.reduce(np.diff(sorted(set(values)))) if len(set(values)) > 1 else 1
    assert all((one - min(values)) % step == 0 for one in drawn)
    order = np.argsort(shares, kind="stable")
    assert [drawn[at] for at in order] == sorted(drawn)
