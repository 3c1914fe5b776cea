"""What is not a session's own is never replaced unless that is asked for: in every warehouse."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps.errors import WarehouseError
from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.load import Load, Owner
from dreambolt_steps.warehouses.protocol import Warehouse

_numbers = count()
OURS, THEIRS = Owner("a1", "host:/sessions/ours"), Owner("b2", "host:/sessions/theirs")


def export(folder: Path, **columns: Any) -> Path:
    path = folder / f"file-{next(_numbers)}.parquet"
    write_parquet(pa.table(columns).to_reader(), path)
    return path


def refresh(load_id: str, owner: Owner | None = OURS, table: str = "t") -> Load:
    return Load(table, load_id, mode="refresh", owner=owner)


def read_ids(warehouse: Warehouse) -> list[int]:
    return warehouse.query('SELECT "id" FROM "t" ORDER BY 1').column(0).to_pylist()


def run_statement(warehouse: Any, sql: str, request: pytest.FixtureRequest) -> None:
    """Change the database as its user does."""
    if "duckdb" in warehouse.name:
        import duckdb

        with duckdb.connect(warehouse.name) as connection:
            connection.execute(sql)
    else:
        request.getfixturevalue("firebolt_server").engine.run(sql)


@pytest.fixture(params=["duckdb", "firebolt"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "firebolt":
        return request.getfixturevalue("open_firebolt")()
    from dreambolt_steps.warehouses.duckdb.warehouse import DuckDBWarehouse

    return DuckDBWarehouse(tmp_path / "duckdb.duckdb")


def test_a_session_refreshes_what_it_loaded(warehouse: Warehouse, tmp_path: Path) -> None:
    lost: list[str] = []
    for load_id, ids in (("one", [1, 2]), ("two", [2, 3, 4])):
        loaded = warehouse.load_files(
            refresh(load_id), [export(tmp_path, id=ids)], None, lost.append
        )
        assert not loaded.skipped
        assert read_ids(warehouse) == ids
    assert warehouse.load_files(refresh("two"), [export(tmp_path, id=[9])]).skipped
    moved = Owner(OURS.id, "other-host:/elsewhere")
    warehouse.load_files(refresh("three", moved), [export(tmp_path, id=[5])])
    deleted = Owner("another id", "other-host:/elsewhere")
    warehouse.load_files(refresh("four", deleted), [export(tmp_path, id=[6])], None, lost.append)
    assert read_ids(warehouse) == [6]
    assert lost == []


@pytest.mark.parametrize("owner", [OURS, None, Owner("", OURS.place + "/x")])
def test_a_table_of_another_session_stays(
    warehouse: Warehouse, tmp_path: Path, owner: Owner | None
) -> None:
    warehouse.load_files(refresh("one", THEIRS), [export(tmp_path, id=[1, 2])])
    with pytest.raises(WarehouseError, match=r"holds 2 rows .*\(session host:/sessions/theirs did"):
        warehouse.load_files(refresh("two", owner), [export(tmp_path, id=[3])])
    assert read_ids(warehouse) == [1, 2]
    lost: list[str] = []
    load = Load("t", "two", mode="replace", owner=owner)
    warehouse.load_files(load, [export(tmp_path, id=[3])], None, lost.append)
    assert read_ids(warehouse) == [3]
    assert len(lost) == 1
    assert "2 rows of table t that this session did not load" in lost[0]


def test_rows_that_another_session_appended_stay(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load_files(refresh("one"), [export(tmp_path, id=[1])])
    theirs = Load("t", "two", mode="append", owner=THEIRS)
    warehouse.load_files(theirs, [export(tmp_path, id=[2, 3])])
    with pytest.raises(WarehouseError, match="holds 2 rows that this session did not load"):
        warehouse.load_files(refresh("three"), [export(tmp_path, id=[4])])
    assert read_ids(warehouse) == [1, 2, 3]


def test_a_table_that_no_load_brought_stays(
    warehouse: Warehouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    run_statement(warehouse, "CREATE TABLE t (id BIGINT)", request)
    with pytest.raises(WarehouseError, match=r"holds 0 rows .*no load brought it"):
        warehouse.load_files(refresh("one"), [export(tmp_path, id=[1])])
    run_statement(warehouse, "INSERT INTO t VALUES (7), (8)", request)
    with pytest.raises(WarehouseError, match=r"t in .* holds 2 rows .*no load brought it"):
        warehouse.load_files(refresh("one"), [export(tmp_path, id=[1])])
    assert read_ids(warehouse) == [7, 8]


def test_rows_that_were_put_in_by_hand_stay(
    warehouse: Warehouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    warehouse.load_files(refresh("one"), [export(tmp_path, id=[1])])
    columns = "(id)" if "duckdb" in warehouse.name else "(id, _dreambolt_file)"
    values = "(9)" if "duckdb" in warehouse.name else "(9, 'by hand')"
    run_statement(warehouse, f"INSERT INTO t {columns} VALUES {values}", request)
    with pytest.raises(WarehouseError, match="holds 1 row that this session did not load"):
        warehouse.load_files(refresh("two"), [export(tmp_path, id=[2])])
    assert read_ids(warehouse) == [1, 9]


def test_a_table_that_was_made_anew_by_hand_stays(
    warehouse: Warehouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    warehouse.load_files(refresh("one"), [export(tmp_path, id=[1, 2], a=["x", "y"])])
    run_statement(warehouse, "DROP TABLE t", request)
    run_statement(warehouse, "CREATE TABLE t (id BIGINT, note TEXT)", request)
    run_statement(warehouse, "INSERT INTO t VALUES (7, 'mine')", request)
    with pytest.raises(WarehouseError, match="'note' came or went since it was loaded"):
        warehouse.load_files(refresh("two"), [export(tmp_path, id=[3], a=["z"])])
    assert read_ids(warehouse) == [7]


def test_an_emptied_table_of_the_session_is_filled_again(
    warehouse: Warehouse, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file = export(tmp_path, id=[1])
    warehouse.load_files(refresh("one"), [file])
    run_statement(warehouse, "DELETE FROM t WHERE 1 = 1", request)
    assert not warehouse.load_files(refresh("one"), [file]).skipped
    assert read_ids(warehouse) == [1]


def test_a_column_that_goes_is_told_before_it_goes(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load_files(refresh("one"), [export(tmp_path, id=[1], a=["x"], b=["y"])])
    told: list[str] = []
    warehouse.load_files(refresh("two"), [export(tmp_path, id=[2])], None, told.append)
    assert told == ["replaced for good: columns 'a', 'b' of table t, which the files do not have"]
    assert read_ids(warehouse) == [2]


def test_new_rows_alone_do_not_replace_the_ones_before(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    path = tmp_path / "new.parquet"
    table = pa.table({"id": [2]})
    warehouse.load_files(refresh("one"), [export(tmp_path, id=[1])])
    write_parquet(table.to_reader(), path, metadata={"source_follows": "a"})
    with pytest.raises(WarehouseError, match="hold new rows only"):
        warehouse.load_files(refresh("two"), [path])
    assert read_ids(warehouse) == [1]
