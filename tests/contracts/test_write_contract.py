"""A contract written from a table is kept by that table, whatever stands in it."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.contracts.check import check_table
from dreambolt_steps.contracts.contract_file import _ContractReader
from dreambolt_steps.contracts.key_check import check_keys, list_key_rules
from dreambolt_steps.contracts.schema_check import compare_columns
from dreambolt_steps.contracts.write_contract import write_contract
from dreambolt_steps.contracts.yaml_places import YamlDocument
from dreambolt_steps.profiling.history_facts import gather_facts
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning


def write(rows: pa.Table, **told: str) -> str:
    return write_contract(lambda: rows.to_reader(), gather_facts(rows.to_reader()), **told)


def count_breaks(table: pa.Table, text: str) -> int:
    """Everything a table breaks of a contract, cleaned as the contract asks for."""
    document = YamlDocument(text)
    assert document.problem is None, text
    contract = _ContractReader("c.yaml", document).read(document.data)
    plan = compare_columns(contract, table.schema.names)
    cleaning = plan_cleaning(
        lambda: table.to_reader(), naming="source", types=plan.types, on_mismatch=plan.on_mismatch
    )
    cleaned = apply_plan(table.to_reader(), cleaning)
    checked = check_table(cleaned.reader, contract, plan, lambda tally: AssertionError(tally))
    kept = checked.reader.read_all()
    rules = list_key_rules(contract, kept.schema, lambda _: pa.table({}).to_reader())
    keys = check_keys(lambda: kept.to_reader(), rules, lambda tally: AssertionError(tally))
    tallies = (*checked.report().tallies, *keys.found.tallies)
    assert checked.notes == []
    return cleaned.report().rejects.num_rows + sum(tally.breaks for tally in tallies)


CELLS = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(-1000, 1000, places=2).map(str),
    st.dates().map(str),
    st.datetimes().map(str),
    st.sampled_from(["yes", "no", "true", "NA", "007", "1e5", "590.549", "1.234.567", " x ", "~"]),
)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.lists(CELLS, min_size=6, max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_any_table_of_text_keeps_its_own_contract(columns: dict[str, list[str | None]]) -> None:
    raw = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    plan = plan_cleaning(lambda: raw.to_reader(), naming="source")
    clean = apply_plan(raw.to_reader(), plan).reader.read_all()
    assert count_breaks(raw, write(clean)) == 0


@pytest.mark.parametrize(
    "values",
    [
        [1.5, math.nan, math.inf, -math.inf, None],
        [1e300, -1e-300, 0.1, 1e20],
        [Decimal("1.50"), Decimal("-99999999999999999999.99")],
        [dt.date(1, 1, 1), dt.date(9999, 12, 31)],
        [dt.datetime(2024, 1, 1, 12, 0, 0, 1), None],
        pa.array([dt.datetime(2024, 1, 1)], pa.timestamp("us", "UTC")),
        pa.array([1, 2], pa.timestamp("ns")),
        [dt.time(1, 2, 3), dt.time(23, 59)],
        [True, False, None],
        [[1], [2], None],
        [b"x", b"y"],
        pa.array(["a", "b"] * 20).dictionary_encode(),
        pa.array([-128, 127], pa.int8()),
        pa.array([2**64 - 1], pa.uint64()),
        pa.array([], pa.string()),
        [None, None],
        ["no", "yes", "2024-01-01", "~", "null", "#", "a: b", "{x}", "\n", "\x85", "\u2028"] * 6,
        ["x" * 200, "y"] * 10,
    ],
)
def test_typed_columns_keep_theirs(values: Any) -> None:
    raw = pa.table({"a": values, "no": range(len(values))})
    plan = plan_cleaning(lambda: raw.to_reader(), naming="source")
    clean = apply_plan(raw.to_reader(), plan).reader.read_all()
    assert count_breaks(raw, write(clean)) == 0


def test_what_is_written_and_why() -> None:
    table = pa.table(
        {
            "id": pa.array(range(40), pa.int16()),
            "team": ["a", "b"] * 20,
            "name": [f"n{n}" for n in range(20)] * 2,
            "born": [None, *[dt.date(1990, 1, day % 28 + 1) for day in range(39)]],
        }
    )
    text = write(table, table="people", source="people.csv\nrm -rf")
    assert "# What this table promises, written from 40 rows of people.csv rm -rf." in text
    body = text.partition("\ncolumns:\n")[2].splitlines()
    assert body == [
        "  id: {type: int16, nullable: false, min: 0, max: 39, unique: true}",
        "  team: {type: text, nullable: false, allowed: [a, b]}",
        "  # 20 different values, 2 to 3 characters, such as n0, n1, n10, n11, n12",
        "  name: {type: text, nullable: false}",
        '  born: {type: date, min: "1990-01-01", max: "1990-01-28"}',
    ]


def test_another_table_breaks_it() -> None:
    text = write(pa.table({"n": pa.array(range(20), pa.int8())}))
    assert count_breaks(pa.table({"n": pa.array([3, 3, 99, None], pa.int8())}), text) == 3


def test_what_all_texts_are_is_promised_too() -> None:
    table = pa.table({"id": ["f47ac10b-58cc-4372-a567-0e02b2c3d479"] * 2, "t": ["x", "x"]})
    semantics = {"id": "uuid", "t": "category"}
    text = write_contract(
        lambda: table.to_reader(), gather_facts(table.to_reader()), semantics=semantics
    )
    assert "id: {type: uuid, nullable: false}" in text
    assert "t: {type: text, nullable: false}" in text
    assert "# one value, 1 character, such as x" in text
    other = pa.table({"id": ["no uuid", "f47ac10b-58cc-4372-a567-0e02b2c3d479"], "t": ["x", "x"]})
    assert (count_breaks(table, text), count_breaks(other, text)) == (0, 1)
