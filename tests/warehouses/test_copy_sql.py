"""SQL text: (arguments, expected statement) tables, and names that round-trip through DuckDB."""

from __future__ import annotations

import doctest

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.warehouses import keyed_sql, sql, type_fit
from dreambolt_steps.warehouses.sql import (
    quote_identifier,
    quote_table,
    render_create_table,
    render_insert_parquet,
    search_sql,
)
from dreambolt_steps.warehouses.type_fit import fits_type, match_columns

# a lone surrogate is no text: neither Parquet nor DuckDB can hold it
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(TEXT)
def test_any_text_is_a_column_name(name: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({quote_identifier(name)} INTEGER)")
        assert [row[0] for row in connection.execute("DESCRIBE t").fetchall()] == [name]


@given(st.lists(TEXT, min_size=2, max_size=2))
def test_names_are_one_exactly_when_duckdb_says_so(names: list[str]) -> None:
    told = ", ".join(f"{quote_identifier(name)} INTEGER" for name in names)
    with duckdb.connect() as connection:
        try:
            connection.execute(f"CREATE TABLE t ({told})")
            clash = False
        except duckdb.Error:
            clash = True
    assert clash == (type_fit.fold_name(names[0]) == type_fit.fold_name(names[1]))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("players", '"main"."players"'),
        ("sport.players", '"sport"."players"'),
        ('a"b; DROP TABLE x --', '"main"."a""b; DROP TABLE x --"'),
        ("Größe", '"main"."Größe"'),
    ],
)
def test_table_names(table: str, expected: str) -> None:
    assert quote_table(table) == expected


@pytest.mark.parametrize("table", ["", ".", "a.", ".a", "a.b.c"])
def test_impossible_table_names(table: str) -> None:
    with pytest.raises(UsageError, match="table name"):
        quote_table(table)


@pytest.mark.parametrize(
    ("columns", "replace", "expected"),
    [
        ({"a": "INTEGER"}, False, 'CREATE TABLE "main"."t" ("a" INTEGER)'),
        (
            {'x"y': "VARCHAR", "v": "FLOAT[3]"},
            True,
            'CREATE OR REPLACE TABLE "main"."t" ("x""y" VARCHAR, "v" FLOAT[3])',
        ),
    ],
)
def test_create_table(columns: dict[str, str], replace: bool, expected: str) -> None:
    assert render_create_table("t", columns, replace=replace) == expected


@pytest.mark.parametrize(
    ("columns", "names", "values"),
    [
        ({"a": "INTEGER", "b c": "VARCHAR"}, '"a", "b c"', '"a", "b c"'),
        ({"v": "FLOAT[384]"}, '"v"', 'CAST("v" AS FLOAT[384])'),
        ({"v": "FLOAT[]"}, '"v"', '"v"'),
    ],
)
def test_insert_parquet(columns: dict[str, str], names: str, values: str) -> None:
    assert render_insert_parquet("s.t", columns) == (
        f'INSERT INTO "s"."t" ({names}) SELECT {values} '
        "FROM read_parquet($files, hive_partitioning = false)"
    )


def test_search_finds_the_nearest_and_leaves_out_what_has_no_direction() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT n, v::FLOAT[2] AS v FROM (VALUES ('east', [1, 0]),"
            " ('north', [0, 2]), ('zero', [0, 0]), ('none', NULL), ('west', [-3, 0])) x(n, v)"
        )
        rows = connection.execute(search_sql("t", "v", 2, 10), {"vector": [3.0, 1.0]}).fetchall()
        best = connection.execute(search_sql("t", "v", 2, 1), {"vector": [3.0, 1.0]}).fetchall()
    assert [row[0] for row in rows] == ["east", "north", "west"]
    assert [round(row[1], 4) for row in rows] == [0.9487, 0.3162, -0.9487]
    assert best == rows[:1]


@pytest.mark.parametrize(("dims", "k"), [(0, 1), (3, 0), (-1, 5)])
def test_impossible_searches(dims: int, k: int) -> None:
    with pytest.raises(UsageError):
        search_sql("t", "v", dims, k)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("VARCHAR", "VARCHAR", True),
        ("TINYINT", "BIGINT", True),
        ("BIGINT", "INTEGER", False),
        ("UTINYINT", "SMALLINT", True),
        ("UTINYINT", "TINYINT", False),
        ("TINYINT", "UBIGINT", False),
        ("UBIGINT", "HUGEINT", True),
        ("INTEGER", "DOUBLE", True),
        ("BIGINT", "DOUBLE", False),
        ("SMALLINT", "FLOAT", True),
        ("INTEGER", "FLOAT", False),
        ("FLOAT", "DOUBLE", True),
        ("DOUBLE", "FLOAT", False),
        ("DECIMAL(5,2)", "DECIMAL(8,3)", True),
        ("DECIMAL(5,2)", "DECIMAL(5,3)", False),
        ("DECIMAL(5,2)", "DECIMAL(9,1)", False),
        ("SMALLINT", "DECIMAL(7,2)", True),
        ("SMALLINT", "DECIMAL(6,2)", False),
        ("DECIMAL(5,0)", "BIGINT", False),
        ("DATE", "TIMESTAMP", False),
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", False),
        ("BIGINT", "VARCHAR", False),
        ("FLOAT[3]", "FLOAT[4]", False),
    ],
)
def test_types_that_fit(source: str, target: str, expected: bool) -> None:
    assert fits_type(source, target) is expected


INTEGERS = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"]


@pytest.mark.parametrize("source", [*INTEGERS, "UBIGINT"])
@pytest.mark.parametrize("target", [*INTEGERS, "UBIGINT", "HUGEINT", "FLOAT", "DOUBLE"])
def test_extreme_values_survive_exactly_when_the_types_fit(source: str, target: str) -> None:
    bits = {"TINY": 8, "SMALL": 16, "INTE": 32, "BIG": 64}
    width = next(n for name, n in bits.items() if source.lstrip("U").startswith(name))
    low = 0 if source.startswith("U") else -(2 ** (width - 1))
    high = 2**width - 1 if source.startswith("U") else 2 ** (width - 1) - 1
    survived = True
    with duckdb.connect() as connection:
        for value in (low, high, high - 1, low + 1):
            cast = f"TRY_CAST(TRY_CAST(({value})::{source} AS {target}) AS HUGEINT)"
            survived &= connection.execute(f"SELECT {cast}").fetchall() == [(value,)]
    assert fits_type(source, target) is survived


def test_all_differences_of_two_schemas_are_named() -> None:
    with pytest.raises(SchemaError) as caught:
        match_columns({"a": "BIGINT", "c": "DATE"}, {"A": "INTEGER", "b": "DATE"}, "t")
    message = str(caught.value)
    assert "'b' is only in the table" in message
    assert "'c' is only in the files" in message
    assert "'a' is BIGINT in the files and INTEGER in the table" in message
    assert "\n" not in message


@pytest.mark.parametrize("module", [sql, keyed_sql, type_fit])
def test_examples_of_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
