"""Contracts against tables: each mode with each kind of break, the very rows kept and rejected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.check import check_table
from dreambolt_steps.contracts.contract import MODES, Reference
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.contracts.key_check import check_keys, list_key_rules
from dreambolt_steps.contracts.schema_check import compare_columns
from dreambolt_steps.errors import ContractError
from dreambolt_steps.tables.rejects.row_numbers import leave_out, restore_numbers


@dataclass
class Outcome:
    """What became of a table; rejected and discarded are (row, column, value)."""

    rows: list[dict[str, Any]]
    rejected: list[tuple[int, str | None, str | None]]
    discarded: list[tuple[int, str | None, str | None]]
    breaks: dict[str, int]
    notes: list[str]


def freeze(tally: RuleTally) -> ContractError:
    return ContractError(f"row {tally.first_row}: {tally.reason}: {tally.first_value}")


def enforce(
    table: pa.Table, content: dict[str, Any], there: Sequence[Any] = (), batch_rows: int = 2
) -> Outcome:
    contract = read_contract({"contract": 1, **content})
    plan = compare_columns(contract, table.schema.names)
    checked = check_table(table.to_reader(batch_rows), contract, plan, freeze)
    kept = checked.reader.read_all()
    found = checked.report()
    rules = list_key_rules(
        contract, kept.schema, lambda _: pa.table({"id": pa.array(there)}).to_reader()
    )
    keys = check_keys(lambda: kept.to_reader(batch_rows), rules, freeze)
    final = leave_out(kept.to_reader(batch_rows), keys.drops, keys.nulls).read_all()
    gone = np.array(found.rejected["row"].to_pylist(), np.int64)

    def tell(part: pa.Table, rows: np.ndarray) -> list[tuple[int, str | None, str | None]]:
        values = zip(part["column"].to_pylist(), part["value"].to_pylist(), strict=True)
        return [(int(row), *told) for row, told in zip(rows, values, strict=True)]

    def tell_keys(part: pa.Table) -> list[tuple[int, str | None, str | None]]:
        return tell(part, restore_numbers(part["row"].to_numpy(), gone))

    return Outcome(
        final.to_pylist(),
        tell(found.rejected, found.rejected["row"].to_numpy()) + tell_keys(keys.found.rejected),
        tell(found.discarded, found.discarded["row"].to_numpy()) + tell_keys(keys.found.discarded),
        {
            tally.column or "": tally.breaks
            for tally in (*found.tallies, *keys.found.tallies)
            if tally.breaks
        },
        checked.notes,
    )


DAYS = [dt.date(2024, 1, day) for day in (1, 2, 3)]
BREAKS = {  # kind -> (values, what is promised, the rows that break it)
    "min": (pa.array([3, 1, None, 2], pa.int8()), {"type": "int8", "min": 2}, [1]),
    "max": (pa.array([3, 1, None, 9], pa.int8()), {"type": "int8", "max": 3}, [3]),
    "max of decimals": (
        pa.array([Decimal("1.50"), Decimal("1.51")], pa.decimal128(5, 2)),
        {"type": "decimal(5,2)", "max": 1.5},
        [1],
    ),
    "min of floats": (pa.array([0.5, float("nan"), None, 2]), {"type": "float", "min": 0}, [1]),
    "max of days": (pa.array(DAYS), {"type": "date", "max": DAYS[1]}, [2]),
    "min of moments": (
        pa.array([dt.datetime(2024, 1, 1), dt.datetime(2023, 1, 1)], pa.timestamp("us")),
        {"type": "timestamp", "min": "2024-01-01"},
        [1],
    ),
    "min_length": (pa.array(["ab", "é", "", None]), {"type": "text", "min_length": 2}, [1, 2]),
    "max_length": (pa.array(["né", "abc", None]), {"type": "text", "max_length": 2}, [1]),
    "pattern": (
        pa.array(["FRA", "FRAU", "fra", None, "MEX\n"]),
        {"type": "text", "pattern": "[A-Z]{3}|x"},
        [1, 2, 4],
    ),
    "allowed": (pa.array(["a", "b", None, "c"]), {"type": "text", "allowed": ["a", "c"]}, [1]),
    "allowed numbers": (pa.array([1, 2, None, 3]), {"type": "int64", "allowed": [3, 1]}, [1]),
    "unique": (pa.array([7, 7, None, None, 8, 7]), {"unique": True}, [1, 5]),
    "references": (
        pa.array([1, 5, None, 3]),
        {"references": {"file": "ids.csv", "column": "id"}},
        [1],
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", BREAKS)
def test_each_mode_with_each_break(kind: str, mode: str) -> None:
    values, promise, broken = BREAKS[kind]
    table = pa.table({"a": values, "n": range(len(values))})
    content = {"columns": {"a": promise, "n": None}, "modes": {"rows": mode}}
    if mode == "freeze":
        with pytest.raises(ContractError, match=f"row {broken[0]}: "):
            enforce(table, content, there=[1, 2, 3])
        return
    outcome = enforce(table, content, there=[1, 2, 3])
    everything = table.to_pylist()
    left = [row for row in everything if row["n"] not in broken]
    nulled = [row | {"a": None} if row["n"] in broken else row for row in everything]
    told = [(row, "a", _show(everything[row]["a"])) for row in broken]
    same = [  # NaN is not equal to itself
        {name: value for name, value in row.items() if value == value} for row in outcome.rows
    ]
    wanted = {"evolve": everything, "discard_row": left, "discard_value": nulled}[mode]
    assert same == [{n: v for n, v in row.items() if v == v} for row in wanted]
    assert outcome.rejected == (told if mode == "discard_row" else [])
    assert outcome.discarded == (told if mode == "discard_value" else [])
    assert outcome.breaks == {"a": len(broken)}


def _show(value: Any) -> str:
    return value.isoformat(" ") + ".000000" if isinstance(value, dt.datetime) else str(value)


@pytest.mark.parametrize("mode", MODES)
def test_null_where_the_contract_forbids_it(mode: str) -> None:
    table = pa.table({"a": [1, None, 3, 9]})
    promise = {"type": "int64", "nullable": False, "max": 5}
    content = {"columns": {"a": promise}, "modes": {"rows": mode}}
    if mode == "freeze":
        with pytest.raises(ContractError, match="row 1: NULL, which the contract forbids: None"):
            enforce(table, content)
        return
    outcome = enforce(table, content)
    if mode == "evolve":
        assert [row["a"] for row in outcome.rows] == [1, None, 3, 9]
        assert (outcome.rejected, outcome.discarded) == ([], [])
        return
    # no NULL can take the place of a value here: discard_value rejects the row
    assert [row["a"] for row in outcome.rows] == [1, 3]
    assert outcome.rejected == [(1, "a", None), (3, "a", "9")]


@pytest.mark.parametrize(
    ("mode", "names", "rows", "rejected"),
    [
        ("evolve", ["a", "b"], [1, 2, 3, 4], []),
        ("discard_row", ["a"], [1, 3], [(1, "b", "x"), (3, "b", "y")]),
        ("discard_value", ["a"], [1, 2, 3, 4], []),
    ],
)
def test_a_column_that_the_contract_does_not_name(
    mode: str, names: list[str], rows: list[int], rejected: list[Any]
) -> None:
    table = pa.table({"a": [1, 2, 3, 4], "b": [None, "x", None, "y"]})
    outcome = enforce(table, {"columns": {"a": None}, "modes": {"columns": mode}})
    assert [list(row) for row in outcome.rows] == [names] * len(rows)
    assert [row["a"] for row in outcome.rows] == rows
    assert outcome.rejected == rejected
    assert outcome.breaks == ({} if mode == "evolve" else {"b": 2})
    assert outcome.notes == (["not in the contract: 'b'"] if mode == "evolve" else [])


@pytest.mark.parametrize("nullable", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_a_column_that_is_missing(mode: str, nullable: bool) -> None:
    table = pa.table({"a": [1, 2, 3]})
    content = {
        "columns": {"a": None, "b": {"type": "date", "nullable": nullable}},
        "modes": {"columns": mode},
    }
    if mode == "freeze" and not nullable:
        with pytest.raises(ContractError, match="'b', which must not be NULL, is missing") as error:
            enforce(table, content)
        assert error.value.column == "b"
        return
    outcome = enforce(table, content)
    assert outcome.notes == ["column b is missing: added, all NULL"]
    if mode == "discard_row" and not nullable:
        assert outcome.rows == []
        assert outcome.rejected == [(row, "b", None) for row in range(3)]
        return
    assert outcome.rows == [{"a": n, "b": None} for n in (1, 2, 3)]
    assert outcome.rejected == []


@pytest.mark.parametrize("mode", MODES)
def test_another_table_than_the_one_described(mode: str) -> None:
    table = pa.table({"x": [1, 2], "y": [3, 4]})
    content = {
        "columns": {"a": {"nullable": False}, "b": {"unique": True}},
        "modes": {"tables": mode},
    }
    if mode == "freeze":
        with pytest.raises(ContractError, match="none of the contract's columns is in the table"):
            enforce(table, content)
        return
    outcome = enforce(table, content)
    if mode == "evolve":
        assert outcome.rows == table.to_pylist()
        assert outcome.notes == [
            "none of the contract's columns is in the table; it is taken as it is"
        ]
        return
    assert outcome.rows == []
    assert outcome.rejected == [(0, None, None), (1, None, None)]


def test_a_contract_without_columns_promises_nothing() -> None:
    table = pa.table({"x": [1, 2]})
    outcome = enforce(table, {"modes": {"columns": "evolve", "tables": "freeze"}})
    assert outcome.rows == table.to_pylist()


def test_a_column_may_have_modes_of_its_own() -> None:
    table = pa.table({"a": [1, 9, 3], "b": [9, 2, 3]})
    outcome = enforce(
        table,
        {
            "modes": {"rows": "discard_row"},
            "columns": {
                "a": {"type": "int64", "max": 5, "modes": {"rows": "discard_value"}},
                "b": {"type": "int64", "max": 5},
            },
        },
    )
    assert outcome.rows == [{"a": None, "b": 2}, {"a": 3, "b": 3}]
    assert outcome.rejected == [(0, "b", "9")]
    assert outcome.discarded == [(1, "a", "9")]


def test_a_value_discarded_in_a_row_that_is_rejected_is_told_once() -> None:
    table = pa.table({"a": [9], "b": [9]})
    promise = {"type": "int64", "max": 5}
    columns = {"a": promise | {"modes": {"rows": "discard_value"}}, "b": promise}
    outcome = enforce(table, {"columns": columns})
    assert (outcome.rows, outcome.discarded) == ([], [])
    assert outcome.rejected == [(0, "b", "9")]


def test_several_columns_together_and_what_is_rejected_does_not_count_as_first() -> None:
    table = pa.table(
        {
            "id": [4, 1, 1, 1, 2, None, None],
            "name": ["x", "a", "a", "b", "a", "a", "a"],
        }
    )
    reference = {"references": {"file": "ids.csv", "column": "id"}}
    outcome = enforce(
        table,
        {"unique": [["id", "name"]], "columns": {"id": reference, "name": {"unique": False}}},
        there=[1, 2, 3],
    )
    assert [(row["id"], row["name"]) for row in outcome.rows] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
        (None, "a"),
        (None, "a"),
    ]
    assert outcome.rejected == [(0, "id", "4"), (2, "id, name", "1, a")]
    again = enforce(table, {"unique": ["name"], "columns": {"id": reference, "name": None}}, [1, 2])
    # row 0 has no match; row 1 is then the first "a"
    assert [row["name"] for row in again.rows] == ["a", "b"]


@pytest.mark.parametrize(
    ("values", "there", "orphans"),
    [
        (["a", "b ", None], [" a", "b"], [1]),  # the table is cleaned already, the other is not
        ([1, 2, 3], ["1", "x", "03"], [1]),
        ([1, 2, 300], pa.array([1, 2], pa.int8()), [2]),
        (["1", "2"], [1, 5], [1]),
        ([Decimal("1.5"), Decimal("2.5")], ["1.50"], [1]),
        ([dt.date(2024, 1, 1)], ["2024-01-01"], []),
        ([1, None], pa.array([], pa.string()), [0]),
    ],
)
def test_references_between_types(values: list[Any], there: Any, orphans: list[int]) -> None:
    table = pa.table({"a": values})
    reference = {"references": {"file": "other.csv", "column": "id"}}
    outcome = enforce(table, {"columns": {"a": reference}}, there=there)
    assert [row for row, *_ in outcome.rejected] == orphans


def test_what_was_widened_is_checked_as_far_as_it_can_be() -> None:
    promise = {"a": {"type": "int8", "min": 2}, "b": {"type": "int8", "max": 5, "nullable": False}}
    table = pa.table({"a": [1, 300], "b": ["x", None]})
    outcome = enforce(table, {"columns": promise})
    assert outcome.rejected == [(0, "a", "1"), (1, "b", None)]
    assert outcome.notes == [
        "a evolved into int64 from int8",
        "b evolved into text from int8: its values are not checked",
    ]


def test_days_that_evolved_into_moments_are_checked_by_their_day() -> None:
    promise = {"a": {"type": "date", "min": "2024-01-02", "max": "2024-01-03"}}
    moments = [
        dt.datetime(2024, 1, 1, 23, 59, 59, 999999),
        dt.datetime(2024, 1, 2),
        dt.datetime(2024, 1, 3, 23, 59),
        dt.datetime(2024, 1, 4),
        None,
    ]
    table = pa.table({"a": pa.array(moments, pa.timestamp("us"))})
    outcome = enforce(table, {"columns": promise})
    assert [row for row, *_ in outcome.rejected] == [0, 3]
    assert outcome.notes == ["a evolved into timestamp from date"]
    old = {"a": {"type": "date", "max": "1969-12-30"}}
    before = pa.table({"a": pa.array([-1, -86_400_000_001], pa.timestamp("us"))})
    assert [row for row, *_ in enforce(before, {"columns": old}).rejected] == [0]


def test_a_reference_keeps_what_it_says() -> None:
    content = {"contract": 1, "columns": {"a": {"references": {"file": "x.csv", "column": "Id"}}}}
    rules = list_key_rules(
        read_contract(content), pa.schema([("a", pa.int8())]), lambda _: pa.table({}).to_reader()
    )
    assert [rule.reason for rule in rules] == ["not found in x.csv, column Id"]
    assert read_contract(content).columns[0].references == Reference("x.csv", "Id")


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(-3, 3) | st.none(), st.sampled_from("abc")), max_size=30),
    st.integers(-3, 3),
    st.sampled_from([mode for mode in MODES if mode != "freeze"]),
    st.integers(1, 7),
)
def test_rows_add_up_and_what_is_left_keeps_the_contract(
    rows: list[tuple[int | None, str]], high: int, mode: str, batch_rows: int
) -> None:
    table = pa.table(
        {"n": pa.array([n for n, _ in rows], pa.int64()), "t": pa.array([t for _, t in rows])}
    )
    content = {
        "modes": {"rows": mode},
        "unique": [["n", "t"]],
        "columns": {
            "n": {"type": "int64", "max": high},
            "t": {"type": "text", "allowed": ["a", "b"]},
        },
    }
    outcome = enforce(table, content, batch_rows=batch_rows)
    assert len(outcome.rows) + len(outcome.rejected) == len(rows)
    assert len({row for row, *_ in outcome.rejected}) == len(outcome.rejected)
    if mode != "evolve":
        again = enforce(pa.Table.from_pylist(outcome.rows, table.schema), content)
        assert (again.rejected, again.discarded) == ([], [])
        assert again.rows == outcome.rows
    left = sorted({*range(len(rows))} - {row for row, *_ in outcome.rejected})
    lost = {(row, column) for row, column, _ in outcome.discarded}
    for row, kept in zip(left, outcome.rows, strict=True):
        for name, value in table.slice(row, 1).to_pylist()[0].items():
            assert kept[name] == (None if (row, name) in lost else value)
