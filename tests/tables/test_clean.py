"""Cleaning: names, blanks, nulls, overrides and rejects, as a stream."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.tables.clean import CleanReport, apply_plan, plan_cleaning
from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.rejects.schema import REJECT_SCHEMA

COINS = ["-3.00", "5.00"]
NEW = "2024-01-01"
UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def clean(data: dict[str, Any] | pa.Table, **options: Any) -> tuple[pa.Table, CleanReport]:
    table = data if isinstance(data, pa.Table) else pa.table(data)
    plan = plan_cleaning(lambda: table.to_reader(max_chunksize=2), **options)
    cleaned = apply_plan(table.to_reader(max_chunksize=2), plan)
    return cleaned.reader.read_all(), cleaned.report()


def test_a_messy_table_becomes_regular() -> None:
    table, report = clean(
        {
            "Host Country": [" Uruguay ", "Italy", "NA"],
            "Attendance": ["590.549", "1.045.246", "375.700"],
            "Goals/Match": ["3.9", "4.1", ""],
            "Year": ["1930", "1934", "1938"],
            "Code": ["007", "12", "3"],
            "Nothing": ["", None, "null"],
        }
    )
    assert table.schema.to_string(show_schema_metadata=False).splitlines() == [
        "host_country: string",
        "attendance: int32",
        "goals_match: decimal128(2, 1)",
        "year: int16",
        "code: string",
        "nothing: string",
    ]
    assert table.to_pylist()[0] == {
        "host_country": "Uruguay",
        "attendance": 590549,
        "goals_match": Decimal("3.9"),
        "year": 1930,
        "code": "007",
        "nothing": None,
    }
    assert table.column("host_country").to_pylist()[2] == "NA"  # Namibia
    assert (report.rows, report.rejected) == (3, 0)


def test_columns_that_need_nothing_are_not_copied() -> None:
    batch = pa.record_batch({"name": ["Ann", "Bob", None]})
    plan = plan_cleaning(lambda: pa.RecordBatchReader.from_batches(batch.schema, [batch]))
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch])
    out = next(iter(apply_plan(reader, plan).reader))
    assert out.column(0).buffers()[2].address == batch.column(0).buffers()[2].address


def test_tokens_trimming_and_names_are_choices() -> None:
    table, _ = clean({"A b": [" x", "-", "NA"]}, trim=False, null_tokens=["-"], rename={"A b": "Z"})
    assert table.to_pydict() == {"Z": [" x", None, "NA"]}


def test_an_override_rejects_what_does_not_fit() -> None:
    table, report = clean(
        {"Id No": ["1", "x", "300", "-5", None], "t": ["a", "b", "c", "d", "e"]},
        types={"id_no": "int8"},
    )
    assert table.to_pydict() == {"id_no": [1, -5, None], "t": ["a", "d", "e"]}
    assert report.rejects.schema == REJECT_SCHEMA
    assert report.rejects.select(
        ["file", "line", "column", "value", "reason", "raw"]
    ).to_pylist() == [
        {
            "file": "",
            "line": row,
            "column": "Id No",
            "value": value,
            "reason": "not a value of type int8",
            "raw": raw,
        }
        for row, value, raw in [
            (2, "x", '{"Id No":"x","t":"b"}'),
            (3, "300", '{"Id No":"300","t":"c"}'),
        ]
    ]


def test_a_row_wrong_twice_is_rejected_once() -> None:
    table, report = clean({"a": ["1", "x"], "b": ["2", "y"]}, types={"*": "integer"})
    assert table.to_pydict() == {"a": [1], "b": [2]}
    assert report.rejects.column("column").to_pylist() == ["a"]


@pytest.mark.parametrize(
    ("word", "values", "good"),
    [
        ("text", ["007", " 1"], ["007", "1"]),
        ("integer", ["007", "+5", "-0", "1.0", "9223372036854775808"], [7, 5, 0]),
        ("int64", ["-9223372036854775808", "9" * 30], [-(2**63)]),
        (
            "decimal(4,2)",
            ["1.5", "+12.340", "100", "1.234", ".5", ".0", "7.", "."],
            ["1.50", "12.34", "0.50", "0.00", "7.00"],
        ),
        ("decimal(2,2)", ["0.5", "1", "0"], ["0.50", "0.00"]),
        ("float", ["1", "+2.5e3", "1e999", "x", "nan(1)", "-inf"], [1.0, 2500.0, -math.inf]),
        ("boolean", ["Y", "0", "true", "No", "2"], [True, False, True, False]),
        ("decimal", ["1.50", "300", "x"], ["1.50", "300.00"]),
        (
            "currency",
            ["$1,200.50", "€7", "(3)", "5 USD", "x"],
            ["1200.50", "7.00", "-3.00", "5.00"],
        ),
        ("percent", ["12.5%", "7 %", "-1", "x%"], ["12.5", "7.0", "-1.0"]),
        ("date", ["2024-02-29", "2023-02-29", "2024-1-1", "20240101"], ["2024-02-29", *[NEW] * 2]),
        ("date", ["13/02/2024", "29/02/2023", "1/2/2024"], ["2024-02-13", "2024-02-01"]),
        ("date", ["0000-01-01", "9999-12-31", "2024-02-29 10:00"], ["9999-12-31"]),
        ("time", ["3:45", "23:59:59.5", "24:00"], ["03:45:00", "23:59:59.500000"]),
        ("uuid", [UUID, UUID.upper(), UUID[:-1]], [UUID, UUID.upper()]),
        ("json", ['{"a": 1}', "[]", "{a}", "5"], ['{"a": 1}', "[]"]),
        ("category", ["a", "b"], ["a", "b"]),
        ("timestamp", ["2024-02-29", "2024-02-29T25:00"], ["2024-02-29 00:00:00"]),
        (
            "timestamptz",
            ["2024-02-29T01:00+02:00", "2024-02-29T01:00"],
            ["2024-02-28 23:00:00+00:00"],
        ),
    ],
)
def test_type_words(word: str, values: list[str], good: list[Any]) -> None:
    table, report = clean({"x": values}, types={"x": word})
    found = table.column("x").to_pylist()
    exact = isinstance(good[0], bool | int | float)
    assert (found if exact else [str(value) for value in found]) == good
    assert report.rejected == len(values) - len(good)


def test_thousands_are_seen_for_an_override_too() -> None:
    table, report = clean({"x": ["590.549", "1.045.246"]}, types={"x": "int64"})
    assert table.column("x").to_pylist() == [590549, 1045246]
    assert report.rejected == 0


def test_star_is_for_the_rest() -> None:
    table, _ = clean({"a": ["1"], "b": ["2"]}, types={"*": "text", "b": "int32"})
    assert [str(kind) for kind in table.schema.types] == ["string", "int32"]


def test_typed_columns_pass_unless_overridden() -> None:
    source = pa.table(
        {
            "N n": pa.array([1, 300, None], pa.int32()),
            "L": [[1], [], None],
            "S": pa.array([" a", "b", "c"]).dictionary_encode(),
            "F": [1.0, 2.0, 2.5],
        }
    )
    table, report = clean(source)
    assert table.to_pydict() == {
        "n_n": [1, 300, None],
        "l": [[1], [], None],
        "s": ["a", "b", "c"],
        "f": [1.0, 2.0, 2.5],
    }
    table, report = clean(source, types={"N n": "int8", "f": "text"})
    assert table.column("n_n").to_pylist() == [1, None]
    assert report.rejects.column("value").to_pylist() == ["300"]
    assert table.schema.field("f").type == pa.string()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"types": {"c": "text"}}, "no column 'c' to type; there are a_b, x"),
        ({"types": {"x": "varchar"}}, r"unknown type 'varchar'; there are text, int8, .*decimal"),
        ({"types": {"x": "decimal(40,2)"}}, "precision is 1 to 38"),
        ({"rename": {"c": "d"}}, "no column 'c' to rename; there are a_b, x"),
        ({"rename": {"A b": "x"}}, "two columns would be called 'x'"),
        (
            {"on_mismatch": "drop"},
            "unknown on_mismatch 'drop'; there are reject, null, raise, widen",
        ),
        ({"on_mismatch": {"c": "null"}}, "no column 'c' for on_mismatch; there are a_b, x"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        clean({"A b": ["1"], "x": ["2"]}, **options)


def test_a_table_of_no_rows_keeps_its_columns() -> None:
    source = pa.table({"A b": pa.array([], pa.string()), "n": pa.array([], pa.int16())})
    table, report = clean(source, types={"A b": "date"})
    assert [str(kind) for kind in table.schema.types] == ["date32[day]", "int16"]
    assert (report.rows, report.rejected, report.rejects.num_rows) == (0, 0, 0)


def test_another_table_than_planned_for_loses_nothing() -> None:
    planned, other = pa.table({"x": ["1", "2"]}), pa.table({"x": ["3", "four"]})
    plan = plan_cleaning(lambda: planned.to_reader())
    cleaned = apply_plan(other.to_reader(), plan)
    assert cleaned.reader.read_all().column("x").to_pylist() == [3]
    assert cleaned.report().rejects.column("value").to_pylist() == ["four"]


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.text("019.-+eExX ", max_size=5), st.text(max_size=3)), max_size=12),
    st.sampled_from(["int8", "integer", "decimal(3,1)", "float", "boolean", "date", "timestamptz"]),
)
def test_written_and_rejected_rows_add_up(rows: list[tuple[str, str]], word: str) -> None:
    source = pa.table(
        {"x": [x for x, _ in rows], "y": [y for _, y in rows]},
        pa.schema([("x", pa.string()), ("y", pa.string())]),
    )
    table, report = clean(source, types={"x": word})
    assert table.num_rows + report.rejected == len(rows)
    empty = sum(not x.strip() for x, _ in rows)
    assert table.column("x").null_count == empty


def test_a_value_that_does_not_fit_is_nulled_where_asked_and_its_row_kept() -> None:
    table, report = clean(
        {"a": ["1", "x", "3", "y"], "b": ["x", "2", "3", "4"]},
        types={"*": "int8"},
        on_mismatch={"a": "null"},
    )
    assert table.to_pydict() == {"a": [None, 3, None], "b": [2, 3, 4]}
    assert (report.rows, report.rejected, report.nulled) == (3, 1, 2)
    told = report.rejects.select(["line", "column", "value", "reason"]).to_pylist()
    assert [tuple(one.values()) for one in told] == [
        (1, "b", "x", "not a value of type int8"),
        (2, "a", "x", "not a value of type int8; NULL in the row that was kept"),
        (4, "a", "y", "not a value of type int8; NULL in the row that was kept"),
    ]


def test_a_row_that_is_rejected_has_no_nulled_values() -> None:
    table, report = clean(
        {"a": ["x"], "b": ["y"]}, types={"*": "int8"}, on_mismatch={"a": "null", "*": "reject"}
    )
    assert table.num_rows == 0
    assert (report.rejected, report.nulled, report.rejects.num_rows) == (1, 0, 1)


def test_a_value_that_does_not_fit_raises_where_asked() -> None:
    message = r"column 'A', row 3: 'x' is not a value of type int8; correct the source"
    with pytest.raises(SchemaError, match=message):
        clean({"A": ["1", "2", "x"]}, types={"a": "int8"}, on_mismatch="raise")


@pytest.mark.parametrize(
    ("word", "values", "kind"),
    [
        ("int8", ["1", "127", "128"], "int16"),
        ("int8", ["1", "70000"], "int32"),
        ("int16", ["1", "3000000000"], "int64"),
        ("int8", ["1", "9223372036854775808"], "decimal(38,0)"),
        ("int32", ["1", "2.25"], "decimal(12,2)"),
        ("int32", ["1", "2.5e3"], "float"),
        ("int32", ["1", "1e300"], "text"),
        ("decimal(4,2)", ["1.25", "12.125"], "decimal(5,3)"),
        ("decimal(4,2)", ["1.25", "12345"], "decimal(7,2)"),
        ("date", ["2024-01-01", "2024-01-02 10:00:00"], "timestamp"),
        ("date", ["2024-01-01", "soon"], "text"),
        ("timestamp", ["2024-01-01 10:00", "2024-01-01 10:00+02:00"], "text"),
        ("boolean", ["true", "7"], "text"),
        ("int8", ["1", "007x"], "text"),
        ("float", ["1.5", "2"], "float"),
    ],
)
def test_a_column_is_widened_as_far_as_its_values_need(
    word: str, values: list[str], kind: str
) -> None:
    table, report = clean({"a": values}, types={"a": word}, on_mismatch="widen")
    assert name_type(table.schema.field("a").type) == kind
    assert (report.rejected, table["a"].null_count) == (0, 0)
    if kind == "text":
        assert table["a"].to_pylist() == values
    elif kind == "timestamp":
        assert table["a"].to_pylist() == [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2, 10)]
    else:
        assert [float(value) for value in table["a"].to_pylist()] == [*map(float, values)]


def test_a_typed_column_is_widened_to_what_it_was() -> None:
    source = {"a": [1, 300], "b": [1.0, 2.5], "c": pa.array(["1", "2"])}
    types: dict[str, str] = {"a": "int8", "b": "int16", "c": "int8"}
    table, _ = clean(source, types=types, on_mismatch="widen")
    assert table.to_pydict() == {"a": [1, 300], "b": [1.0, 2.5], "c": [1, 2]}
    assert [name_type(kind) for kind in table.schema.types] == ["int64", "float", "int8"]


def test_a_column_is_widened_to_text_where_asked() -> None:
    source = {"a": ["1", "2", "x"], "b": ["1", "2", "3"], "c": ["u", "v", "4"]}
    types: dict[str, str] = {"a": "int8", "b": "int8"}
    table, report = clean(source, types=types, on_mismatch="widen")
    assert table.to_pydict() == {"a": ["1", "2", "x"], "b": [1, 2, 3], "c": ["u", "v", "4"]}
    assert (report.rejected, report.rejects.num_rows) == (0, 0)
    plan = plan_cleaning(lambda: pa.table(source).to_reader(), types=types, on_mismatch="widen")
    assert plan.columns[0].decision.explain() == (
        "no number: 'x' in row 3; text, not int8 as asked: 'x' in row 3"
    )
