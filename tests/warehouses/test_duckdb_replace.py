"""What stays and what goes when a DuckDB table is replaced."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from dreambolt_steps.errors import SchemaError, WarehouseError
from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.duckdb.preview import preview_load
from dreambolt_steps.warehouses.duckdb.warehouse import load_parquet
from dreambolt_steps.warehouses.load import Load

OWN_TABLE = """
CREATE TABLE t (id BIGINT PRIMARY KEY, a VARCHAR DEFAULT 'none', CHECK (id > 0));
CREATE INDEX by_a ON t (a);
COMMENT ON TABLE t IS 'mine';
COMMENT ON COLUMN t.a IS 'a letter';
CREATE VIEW letters AS SELECT a FROM t;
CREATE VIEW ids AS SELECT id FROM t;
INSERT INTO t VALUES (1, 'x'), (2, 'y');
"""
DEFINITION = """SELECT (SELECT sql FROM duckdb_tables() WHERE table_name = 't'),
(SELECT comment FROM duckdb_tables() WHERE table_name = 't'),
(SELECT list(sql) FROM duckdb_indexes()), (SELECT list(comment) FROM duckdb_columns()
WHERE table_name = 't')"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "own.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(OWN_TABLE)
    return path


def ask(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def export(folder: Path, table: pa.Table) -> Path:
    path = folder / f"{len(list(folder.glob('*.parquet')))}.parquet"
    write_parquet(table.to_reader(), path)
    return path


def replace(database: Path, file: Path, load_id: str) -> list[str]:
    told: list[str] = []
    load_parquet(database, "T", [file], mode="replace", load_id=load_id, on_loss=told.append)
    return told


def test_a_table_of_the_same_columns_keeps_keys_indexes_comments_and_views(
    database: Path, tmp_path: Path
) -> None:
    before = ask(database, DEFINITION)
    told = replace(database, export(tmp_path, pa.table({"id": [2, 3], "a": ["z", None]})), "one")
    assert ask(database, DEFINITION) == before
    assert ask(database, "SELECT * FROM t ORDER BY id") == [(2, "z"), (3, None)]
    assert ask(database, "FROM letters ORDER BY 1") == [("z",), (None,)]
    assert len(told) == 1  # the user's own two rows
    assert "2 rows of table T" in told[0]


def test_rows_that_break_a_key_of_the_table_leave_it_as_it_was(
    database: Path, tmp_path: Path
) -> None:
    with pytest.raises(WarehouseError, match="Constraint Error"):
        replace(database, export(tmp_path, pa.table({"id": [5, 5], "a": ["z", "z"]})), "one")
    assert ask(database, "SELECT id FROM t ORDER BY id") == [(1,), (2,)]


def test_a_table_of_other_columns_says_all_that_goes(database: Path, tmp_path: Path) -> None:
    file = export(tmp_path, pa.table({"id": [7], "b": [True]}))
    schema = pa.schema([("id", pa.int64()), ("b", pa.bool_())])
    [first, *planned] = preview_load(database, Load("t", "x", mode="replace"), schema)
    assert first == f"would replace table t in {database}"
    told = replace(database, file, "one")
    everything = "\n".join(told)
    for words in (
        "column 'a' of table T, which the files do not have",
        "the constraint PRIMARY KEY(id)",
        "the constraint CHECK((id > 0))",
        "the default 'none' of column 'a'",
        "the index 'by_a'",
        "the comment of table T",
        "the comment on column 'a'",
        'the view "main"."letters" can\'t be queried any more',
    ):
        assert words in everything, words
    assert '"main"."ids"' not in everything
    assert len(planned) == len(told) - 1  # views are known once the table is made
    assert ask(database, "FROM ids") == [(7,)]


def test_a_preview_of_a_table_that_stays_says_what_goes(database: Path, tmp_path: Path) -> None:
    schema = pa.schema([("id", pa.int64()), ("a", pa.string())])
    load = Load("t", "x", mode="replace")
    assert preview_load(database, load, schema)[1:] == [
        "would replace for good: 2 rows of table t that this session did not load (no load brought"
        " it)"
    ]
    assert preview_load(tmp_path / "no.duckdb", load, schema) == [
        f"would make table t in {tmp_path / 'no.duckdb'}"
    ]
    assert not (tmp_path / "no.duckdb").exists()
    with pytest.raises(WarehouseError, match="holds 2 rows that this session did not load"):
        preview_load(database, Load("t", "x", mode="refresh"), schema)
    with pytest.raises(WarehouseError, match="use mode replace or append"):
        preview_load(database, Load("t", "x"), schema)


@pytest.mark.parametrize("mode", ["refresh", "replace", "append", "create"])
def test_a_view_is_no_target(database: Path, tmp_path: Path, mode: str) -> None:
    file = export(tmp_path, pa.table({"a": ["q"]}))
    with pytest.raises(WarehouseError, match=r"letters is a view in .*; name another table|exists"):
        load_parquet(database, "letters", [file], mode=mode, load_id="one")
    assert ask(database, "FROM letters ORDER BY 1") == [("x",), ("y",)]


def test_a_history_is_known_whatever_the_case_of_its_columns(tmp_path: Path) -> None:
    database = tmp_path / "x.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "CREATE TABLE t (ID BIGINT, A VARCHAR, Valid_From TIMESTAMPTZ, Valid_To TIMESTAMPTZ)"
        )
    for load_id, letter in (("one", "x"), ("two", "y")):
        file = export(tmp_path, pa.table({"id": [1], "a": [letter]}))
        load_parquet(database, "t", [file], mode="snapshot", key=["Id"], load_id=load_id)
    assert ask(database, "SELECT id, a, valid_to IS NULL FROM t ORDER BY valid_from") == [
        (1, "x", False),
        (1, "y", True),
    ]
    file = export(tmp_path, pa.table({"id": [1], "VALID_TO": ["x"]}))
    with pytest.raises(SchemaError, match="'VALID_TO' of table u is named as a column of the hist"):
        load_parquet(database, "u", [file], mode="snapshot", key=["id"], load_id="three")
