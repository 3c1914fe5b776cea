"""Schemas that drift are united without a changed value, whatever the order of the files."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from itertools import permutations
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import SchemaError
from dreambolt_steps.readers.table.unify import align_batch, require_same_schemas, unite_schemas
from dreambolt_steps.tables.unify_types import unite_types

DECIMAL = pa.decimal128


@pytest.mark.parametrize(
    ("types", "united"),
    [
        ([pa.int8(), pa.int32()], pa.int32()),
        ([pa.uint8(), pa.uint32()], pa.uint32()),
        ([pa.uint8(), pa.int8()], pa.int16()),
        ([pa.uint64(), pa.int8()], DECIMAL(20, 0)),
        ([pa.int16(), pa.float32()], pa.float32()),
        ([pa.int32(), pa.float32()], pa.float64()),
        ([pa.int64(), pa.float64()], pa.float64()),
        ([DECIMAL(5, 2), DECIMAL(9, 0)], DECIMAL(11, 2)),
        ([DECIMAL(5, 2), pa.int64()], DECIMAL(22, 2)),
        ([DECIMAL(38, 2), DECIMAL(38, 4)], pa.string()),
        ([DECIMAL(5, 2), pa.float64()], pa.float64()),
        ([DECIMAL(18, 2), pa.float64()], pa.string()),
        ([pa.int64(), pa.string()], pa.string()),
        ([pa.bool_(), pa.int8(), pa.large_string()], pa.string()),
        ([pa.null(), pa.bool_()], pa.bool_()),
        ([pa.null(), pa.null()], pa.null()),
        ([pa.date32(), pa.timestamp("ms")], pa.timestamp("ms")),
        ([pa.timestamp("s"), pa.timestamp("ns")], pa.timestamp("ns")),
        ([pa.timestamp("s", "UTC"), pa.timestamp("s", "Asia/Tokyo")], pa.timestamp("s", "UTC")),
        ([pa.time32("s"), pa.time64("us")], pa.time64("us")),
        ([pa.string(), pa.dictionary(pa.int8(), pa.string())], pa.string()),
        ([pa.binary(), pa.binary(4)], pa.binary()),
        ([pa.list_(pa.int8()), pa.list_(pa.string())], pa.list_(pa.string())),
        ([pa.list_(pa.int8(), 2), pa.list_(pa.int8(), 3)], pa.list_(pa.int8())),
        (
            [pa.struct([("a", pa.int8())]), pa.struct([("b", pa.null()), ("a", pa.int16())])],
            pa.struct([("a", pa.int16()), ("b", pa.null())]),
        ),
        ([pa.bool_(), pa.int8()], None),
        ([pa.timestamp("s"), pa.timestamp("s", "UTC")], None),
        ([pa.binary(), pa.string()], None),
        ([pa.struct([("a", pa.int8())]), pa.int8()], None),
        ([pa.struct([("a", pa.int8())]), pa.struct([("a", pa.bool_())])], None),
        ([pa.list_(pa.int8()), pa.string()], None),
    ],
)
def test_types_are_united_in_any_order(
    types: list[pa.DataType], united: pa.DataType | None
) -> None:
    assert unite_types(types) == united
    for order in permutations(types):
        found = unite_types(list(order))
        if united is None or not pa.types.is_struct(united):
            assert found == united


def test_decisions_are_told() -> None:
    united = unite_schemas(
        [
            ("a.parquet", pa.schema([("n", pa.int8()), ("x", pa.string())])),
            ("b.parquet", pa.schema([("n", pa.float64()), ("y", pa.bool_())])),
            ("c.parquet", pa.schema([("n", pa.int8()), ("x", pa.string())])),
        ]
    )
    assert united.schema.names == ["n", "x", "y"]
    assert united.notes == (
        "column 'n' is int8 in a.parquet, float in b.parquet; read as float",
        "column 'x' is not in b.parquet; NULL there",
        "column 'y' is not in a.parquet and 1 more; NULL there",
    )


def test_what_no_type_holds_is_an_error_naming_both_files() -> None:
    schemas = [
        ("a.parquet", pa.schema([("when", pa.date32())])),
        ("b.parquet", pa.schema([("when", pa.null())])),
        ("c.parquet", pa.schema([("when", pa.bool_())])),
    ]
    with pytest.raises(SchemaError, match=r"c\.parquet: column 'when' is boolean, in a\.parquet"):
        unite_schemas(schemas)


def test_the_same_columns_in_another_order_are_the_same() -> None:
    one, two = pa.schema([("a", pa.int8()), ("b", pa.int8())]), pa.schema([("b", pa.int8())])
    assert require_same_schemas([("1", one), ("2", pa.schema(list(one)[::-1]))]).schema == one
    with pytest.raises(SchemaError, match=r"2: other columns than 1 \(missing: \['a'\]"):
        require_same_schemas([("1", one), ("2", two)])
    with pytest.raises(SchemaError, match="column 'b' is text, in 1 it is int8"):
        require_same_schemas([("1", two), ("2", pa.schema([("b", pa.string())]))])


@pytest.mark.parametrize(
    ("value", "kind", "other", "want"),
    [
        (2**53, pa.int64(), pa.float64(), float(2**53)),
        (7, pa.int64(), DECIMAL(5, 2), Decimal("7.00")),
        (2**64 - 1, pa.uint64(), pa.int64(), Decimal(2**64 - 1)),
        (True, pa.bool_(), pa.string(), "true"),
        (1.5, pa.float64(), pa.string(), "1.5"),
        (Decimal("1.50"), DECIMAL(3, 2), pa.string(), "1.50"),
        (dt.date(1, 1, 1), pa.date32(), pa.string(), "0001-01-01"),
        (dt.date(9999, 12, 31), pa.date32(), pa.timestamp("us"), dt.datetime(9999, 12, 31)),
        ([1, None], pa.list_(pa.int8()), pa.list_(pa.string()), ["1", None]),
        ([1, 2], pa.list_(pa.int8(), 2), pa.list_(pa.int16(), 3), [1, 2]),
    ],
)
def test_values_come_through(value: Any, kind: pa.DataType, other: pa.DataType, want: Any) -> None:
    schema = pa.schema([("x", kind)])
    batch = pa.record_batch([pa.array([None, value, None], kind)], schema=schema).slice(1)
    united = unite_schemas([("a", schema), ("b", pa.schema([("x", other)]))]).schema
    assert align_batch(batch, united).to_pydict() == {"x": [want, None]}


def test_a_value_that_would_change_is_an_error() -> None:
    batch = pa.record_batch({"n": pa.array([2**53 + 1])})
    with pytest.raises(SchemaError, match="'n': a value of type int64 can't be float without"):
        align_batch(batch, pa.schema([("n", pa.float64())]))


def test_a_column_is_never_dropped() -> None:
    with pytest.raises(SchemaError, match="'b' is not in the united schema"):
        align_batch(pa.record_batch({"b": [1]}), pa.schema([("a", pa.int64())]))


VALUES = st.recursive(
    st.none()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, width=32)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
FILES = st.lists(
    st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1), min_size=1, max_size=4
)


def same_value(got: Any, want: Any) -> bool:
    """Whether a value came through: numbers may have become text, missing fields NULL."""
    if isinstance(want, dict):
        return {k for k in want if k not in got} == set() and all(
            same_value(value, want.get(key)) for key, value in got.items()
        )
    if isinstance(want, list):
        return len(got) == len(want) and all(map(same_value, got, want))
    if isinstance(got, str) and isinstance(want, int | float):
        return math.isclose(float(got), want, rel_tol=0, abs_tol=0)
    return bool(got == want)


@settings(max_examples=200)
@given(FILES, st.randoms())
def test_the_order_of_files_changes_no_value(files: list[dict[str, Any]], random: Any) -> None:
    tables = []
    for number, row in enumerate(files):
        try:
            tables.append((str(number), pa.RecordBatch.from_pylist([row])))
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # mixed types within one list
            return
    shuffled = random.sample(tables, len(tables))
    results = []
    for order in (tables, shuffled):
        try:
            schema = unite_schemas([(name, table.schema) for name, table in order]).schema
        except SchemaError:
            results.append(None)
            continue
        found = {name: align_batch(table, schema).to_pylist()[0] for name, table in order}
        results.append(found)
    assert results[0] == results[1]
    if results[0] is not None:
        assert all(same_value(results[0][str(n)], row) for n, row in enumerate(files))
