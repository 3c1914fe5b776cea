from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.suggestion.column_facts import gather_facts, write_line

TABLE = pa.table(
    {
        "year": pa.array([1930, 1934, 2014, None], pa.int16()),
        "code": ["AB-12", "CD-34", "XY-99", None],
        "name": ["Pelé", "Zoë", "李小龙", "Secretariat"],
        "fee": pa.array([Decimal("-0.04"), Decimal("12.50"), None, None], pa.decimal128(9, 2)),
        "born": pa.array([date(1940, 10, 23), None, None, date(2001, 2, 3)]),
        "seen": pa.array([datetime(2020, 1, 1), None, None, None], pa.timestamp("us", tz="UTC")),
        "paid": [True, False, None, True],
        "vector": pa.array([[0.0, 1.0]] * 4, pa.list_(pa.float32(), 2)),
    }
)
ASKED = [name for name in TABLE.column_names if name != "vector"]


def describe(sample_rows: int) -> dict[str, dict[str, object]]:
    facts = gather_facts(TABLE.to_reader, ASKED, sample_rows=sample_rows)
    return {one.name: one.described for one in facts}


def test_counts_types_rounded_ranges_and_shapes_are_told() -> None:
    told = describe(0)
    assert list(told) == ASKED
    assert told["year"] == {
        "column": "year",
        "type": "int16",
        "rows": 4,
        "nulls": 1,
        "distinct": 3,
        "range": "1000 .. 3000",
    }
    assert told["fee"]["range"] == "-0.04 .. 20"
    assert told["born"]["range"] == "1940 .. 2001"
    assert told["seen"]["range"] == "2020 .. 2020"
    assert told["code"]["shapes"] == ["A-99"]
    assert set(told["name"]["shapes"]) == {"Aa", "a"}
    assert "range" not in told["name"]


def test_without_rows_no_value_is_told() -> None:
    text = "".join(one.line for one in gather_facts(TABLE.to_reader, ASKED, sample_rows=0))
    for value in ("Pel", "Zo", "李", "Secretariat", "AB", "CD", "12.5", "1930", "2014", "true"):
        assert value not in text
    assert '"values"' not in text


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_values_come_from_so_many_rows_and_no_more(rows: int) -> None:
    told = describe(rows)
    drawn = list(zip(*(told[name]["values"] for name in ASKED), strict=True))
    assert len(drawn) == rows
    table = {tuple(None if v is None else str(v) for v in row) for row in _rows()}
    assert set(drawn) <= table
    assert describe(rows) == told


def _rows() -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in ASKED) for row in TABLE.to_pylist()]


def test_more_rows_than_there_are_is_all_of_them() -> None:
    assert len(describe(50)["code"]["values"]) == 4


def test_long_values_are_cut() -> None:
    table = pa.table({"t": ["x" * 1000]})
    (facts,) = gather_facts(table.to_reader, ["t"], sample_rows=1)
    assert facts.described["values"] == ["x" * 80]


def test_empty_tables_infinities_and_huge_numbers_are_no_trouble() -> None:
    empty = TABLE.select(ASKED).slice(0, 0)
    facts = gather_facts(empty.to_reader, ASKED, sample_rows=5)
    assert [one.described["rows"] for one in facts] == [0] * len(ASKED)
    odd = pa.table({"f": [float("inf"), float("nan"), 1.0], "big": pa.array([1e300, -1e-300, 0.0])})
    facts = gather_facts(odd.to_reader, ["f", "big"], sample_rows=0)
    assert "range" not in facts[0].described
    assert facts[1].described["range"].startswith("-1E-300 .. ")
    assert (
        gather_facts(pa.table({"n": [0, 0]}).to_reader, ["n"], sample_rows=0)[0].described["range"]
        == "0 .. 0"
    )


def test_the_same_table_gives_the_same_facts_however_it_is_cut() -> None:
    rows = 150_000
    table = pa.table({"t": [f"{'ab'[i % 2]}{'-' * (i % 7)}{i % 13}" for i in range(rows)]})
    told = [
        gather_facts(lambda size=size: table.to_reader(max_chunksize=size), ["t"], sample_rows=3)
        for size in (rows, 10_000, rows)
    ]
    assert told[0] == told[1] == told[2]


@given(st.text())
def test_a_line_is_one_line_that_closes_no_tag_and_reads_back(text: str) -> None:
    line = write_line({"value": text})
    assert len(line.splitlines()) == 1
    assert not set("<>") & set(line)
    assert json.loads(line) == {"value": text}
