from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from dreambolt_steps.errors import UnknownColumnError, UsageError
from dreambolt_steps.tables.compare import ColumnChange, TableComparison


def compare(before: dict[str, Any], after: dict[str, Any], *key: str) -> TableComparison:
    connection = duckdb.connect()
    for name, columns in (("before", before), ("after", after)):
        connection.register("incoming", pa.table(columns))
        connection.execute(f"CREATE TABLE {name} AS FROM incoming")
    return TableComparison(connection, key)


OLD = {"id": [1, 2, 3, None], "who's": ["a", "b", None, "d"], "x": [1.0, 2.0, 3.0, 4.0]}
NEW = {"id": [2, 3, 4, None], "who's": ["b", "c", "d", "d"], "x": [2.5, 3.0, 4.0, 4.0]}


def test_rows_are_told_apart_by_their_key() -> None:
    comparison = compare(OLD, NEW, "id")
    found = comparison.compare()
    assert (found.rows_before, found.rows_after) == (4, 4)
    assert (found.added, found.removed, found.changed) == (1, 1, 2)
    assert found.changed_columns == {"who's": 1, "x": 1}
    assert not found.is_same
    rows = [tuple(row.values()) for row in comparison.read_rows().read_all().to_pylist()]
    assert rows == [
        ("removed", 1, None, None, None),
        ("changed", 2, "x", "2.0", "2.5"),
        ("changed", 3, "who's", None, "c"),
        ("added", 4, None, None, None),
    ]


def test_whole_rows_count_as_often_as_they_come() -> None:
    comparison = compare({"a": ["x", "x", "y", None]}, {"a": ["x", "y", "y", None]})
    found = comparison.compare()
    assert (found.added, found.removed, found.changed, found.possible_key) == (1, 1, 0, None)
    rows = [tuple(row.values()) for row in comparison.read_rows().read_all().to_pylist()]
    assert rows == [("removed", "x"), ("added", "y")]


def test_a_column_that_names_rows_is_proposed() -> None:
    assert (
        compare({"a": [1, 1], "b": [1, 2]}, {"a": [1, 1], "b": [1, 3]}).compare().possible_key
        == "b"
    )


def test_columns_come_go_and_change_their_types() -> None:
    before = {"id": pa.array([1, 2], pa.int8()), "gone": [1, 2], "t": ["1", "2"]}
    after = {"t": [1, 3], "id": pa.array([1, 2], pa.int64()), "new": [[1.0], [2.0]]}
    found = compare(before, after, "id").compare()
    assert found.columns == (
        ColumnChange("id", "TINYINT", "BIGINT"),
        ColumnChange("gone", "BIGINT", None),
        ColumnChange("t", "VARCHAR", "BIGINT"),
        ColumnChange("new", None, "DOUBLE[]"),
    )
    assert found.changed_columns == {"t": 1}  # compared as text


def test_the_order_of_rows_and_columns_is_no_difference() -> None:
    vectors = pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2))
    turned = pa.array([[3.0, 4.0], [1.0, 2.0]], pa.list_(pa.float32(), 2))
    before, after = {"a": [1, 2], "v": vectors}, {"v": turned, "a": [2, 1]}
    assert compare(before, after).compare().is_same
    assert compare(before, after, "a").compare().is_same
    assert compare({"a": [1, 2]}, {"a": [1, 2]}, "a").compare().is_same


def test_keys_that_are_none_are_refused() -> None:
    with pytest.raises(UnknownColumnError, match="did you mean 'id'"):
        compare(OLD, NEW, "ID_")
    with pytest.raises(UsageError, match="--key a names no single row: 1 of its values repeat"):
        compare({"a": [1, 1]}, {"a": [1, 2]}, "a")
    with pytest.raises(UsageError, match="no column in common"):
        compare({"a": [1]}, {"b": [1]})
