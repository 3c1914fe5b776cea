"""What a load into Firebolt leaves behind, tells meanwhile, and shows to readers."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import SchemaError, UsageError, WarehouseError
from dreambolt_steps.warehouses.firebolt import connection
from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection
from dreambolt_steps.warehouses.firebolt.preview import preview_load
from dreambolt_steps.warehouses.firebolt.settings import read_settings
from dreambolt_steps.warehouses.firebolt.sql.names import TableLayout
from dreambolt_steps.warehouses.load import Load
from dreambolt_steps.warehouses.parquet_files import plan_footers
from dreambolt_steps.warehouses.s3_staging.bucket import open_bucket, split_url
from tests.standins.firebolt import FireboltServer
from tests.warehouses.test_firebolt_faults import Case

THERE = "CREATE TABLE t (id BIGINT NOT NULL, name TEXT NOT NULL, _dreambolt_file TEXT NOT NULL)"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE", 0.001)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 2, 3], "name": ["a", None, "c"]}), path)
    return path


def list_keys(url: str) -> list[str]:
    bucket, prefix = split_url(url)
    found = open_bucket().list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def read_ids(server: FireboltServer) -> list[Any]:
    return [row[0] for row in server.engine.run('SELECT "id" FROM "t" ORDER BY 1')["data"]]


@pytest.mark.parametrize(("staged", "there"), [("delete", 0), ("gc", 1), ("keep", 1)])
def test_a_load_that_is_made_settles_what_another_run_staged(
    open_firebolt: Any, s3: Any, file: Path, staged: str, there: int
) -> None:
    first = open_firebolt(staged="keep")
    first.load_files(Load("t", "one"), [file])
    folder = first.staged
    again = open_firebolt(staged=staged)  # as after a kill between COMMIT and what follows it
    assert again.load_files(Load("t", "one"), [file]).skipped
    assert again.staged == (folder if there else None)
    assert len(list_keys(folder)) == there


@pytest.mark.parametrize(("staged", "there"), [("delete", 0), ("gc", 0), ("keep", 1)])
def test_a_load_that_fails_for_good_leaves_nothing_staged(
    open_firebolt: Any, tmp_path: Path, staged: str, there: int
) -> None:
    pq.write_table(pa.table({"id": [1, 1]}), tmp_path / "a.parquet")
    load = Load("t", "one", mode="merge", key=("id",))
    with pytest.raises(SchemaError, match="names 2 rows"):
        open_firebolt(staged=staged).load_files(load, [tmp_path / "a.parquet"])
    assert len(list_keys(os.environ["FIREBOLT_STAGING"])) == there


@pytest.mark.parametrize("mode", ["append", "merge"])
@pytest.mark.parametrize("apart", [False, True])
def test_rows_left_out_are_counted_once_when_the_copy_is_made_again(
    open_firebolt: Any, firebolt_server: FireboltServer, s3: Any, file: Path, apart: bool, mode: str
) -> None:
    firebolt_server.engine.run(THERE)
    firebolt_server.break_at("cut after", "^COPY", times=2)
    warehouse = open_firebolt(max_errors_per_file=1, apart=apart)
    load = Load("t", "one", mode=mode, key=("id",) if mode == "merge" else ())
    receipt = warehouse.load_files(load, [file])
    assert (receipt.rows, receipt.rejected) == (2, 1)
    assert [(row.row, row.reason) for row in warehouse.left_out] == [(2, "null mismatch")]
    assert read_ids(firebolt_server) == [1, 3]
    assert warehouse.describe_table("t").loads[0].rows == 2
    assert list_keys(os.environ["FIREBOLT_STAGING"]) == []
    again = warehouse.load_files(load, [file])
    assert (again.skipped, again.rows, again.rejected) == (True, 2, 1)


def test_rows_left_out_by_a_run_that_was_killed_are_told_by_the_next(
    open_firebolt: Any, firebolt_server: FireboltServer, file: Path
) -> None:
    firebolt_server.engine.run(THERE)
    load = Load("t", "one", mode="append")
    open_firebolt(max_errors_per_file=1, staged="keep").load_files(load, [file])
    again = open_firebolt(max_errors_per_file=1)
    assert again.load_files(load, [file]).skipped
    assert [row.row for row in again.left_out] == [2]
    assert list_keys(os.environ["FIREBOLT_STAGING"]) == []


def test_a_file_left_out_as_a_whole_is_told_with_the_reason_and_rolled_back(
    open_firebolt: Any, firebolt_server: FireboltServer, file: Path
) -> None:
    firebolt_server.engine.run(THERE)
    firebolt_server.engine.leave_out_files = True
    with pytest.raises(WarehouseError, match=r"0 rows came .* hold 3: can't cast .*; nothing"):
        open_firebolt(max_errors_per_file=1).load_files(Load("t", "one", mode="append"), [file])
    assert read_ids(firebolt_server) == []


def test_rows_left_out_need_a_place_to_be_told(
    open_firebolt: Any, s3: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Load("t", "one", mode="append")
    with pytest.raises(UsageError, match="FIREBOLT_STAGING, and load without upload"):
        open_firebolt(max_errors_per_file=1, upload=True).load_files(load, [file])
    s3.put_file(str(file), "bucket/left-out/a.parquet")
    url = "s3://bucket/left-out/a.parquet"
    monkeypatch.setenv("FIREBOLT_LOCATION", "lake")
    with pytest.raises(UsageError, match="unset FIREBOLT_LOCATION"):
        open_firebolt(max_errors_per_file=1).load_files(load, [url])
    monkeypatch.delenv("FIREBOLT_LOCATION")
    monkeypatch.delenv("FIREBOLT_STAGING")
    with pytest.raises(UsageError, match="FIREBOLT_STAGING"):
        open_firebolt(max_errors_per_file=1).load_files(load, [url])


def test_files_on_s3_may_leave_rows_out_too(
    open_firebolt: Any, firebolt_server: FireboltServer, s3: Any, file: Path
) -> None:
    firebolt_server.engine.run(THERE)
    s3.put_file(str(file), "bucket/left-out/b.parquet")
    warehouse = open_firebolt(max_errors_per_file=1)
    url = "s3://bucket/left-out/b.parquet"
    assert warehouse.load_files(Load("t", "one", mode="append"), [url]).rejected == 1
    assert s3.exists("bucket/left-out/b.parquet")


def test_a_load_without_a_connection_tells_how_many_rows_were_read(
    open_firebolt: Any, firebolt_server: FireboltServer, file: Path
) -> None:
    firebolt_server.async_delay = 0.3
    seen: list[int] = []
    open_firebolt(apart=True).load_files(Load("t", "one"), [file], seen.append)
    assert seen[0] == 1  # while the statement went on
    assert seen[-1] == 3
    assert seen == sorted(seen)


def test_an_interrupted_wait_cancels_the_statement_and_drops_its_rows(
    open_firebolt: Any, firebolt_server: FireboltServer, file: Path
) -> None:
    firebolt_server.async_delay = 0.5

    def interrupt(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_firebolt(apart=True).load_files(Load("t", "one"), [file], interrupt)
    assert [job["status"] for job in firebolt_server.jobs.values()] == ["CANCELED"]
    tables = firebolt_server.engine.run("SELECT table_name FROM information_schema.tables")
    assert tables["data"] == [["_dreambolt_loads"]]


def test_an_interrupted_transaction_is_rolled_back_and_its_connection_closed(
    firebolt_server: FireboltServer,
) -> None:
    opened = []

    def fail(error: type[BaseException]) -> None:
        with FireboltConnection(read_settings(), transacting=True) as connection:
            opened.append(connection._connection)
            connection.send("CREATE TABLE t (a INTEGER NULL)")
            raise error

    for error in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(error):
            fail(error)
        assert firebolt_server.statements[-1] == "ROLLBACK"
        assert opened[-1].closed


def test_a_load_that_another_process_has_made_meanwhile_is_made(
    tmp_path: Path, s3: Any, s3_endpoint: str
) -> None:
    case = Case(tmp_path, "`append`", s3_endpoint)
    for server in case.open():
        fault = server.break_at("pause", "^COPY")
        child = case.start(server)
        assert fault.held.wait(240)
        case.load(server, "one")  # and what was staged is deleted
        fault.released.set()
        child.join(240)
        assert child.exitcode == 0
        assert read_ids(server) == [1, 2, 2, 3, 3, 4]


@pytest.mark.parametrize("name", ["`replace`", "`replace`, another schema"])
@pytest.mark.parametrize("pattern", ["^(DELETE|DROP)", "^COPY", "^COMMIT"])
def test_readers_see_the_old_or_the_new_table(
    tmp_path: Path, s3: Any, s3_endpoint: str, name: str, pattern: str
) -> None:
    case = Case(tmp_path, name, s3_endpoint)
    for server in case.open():
        fault = server.break_at("pause after" if pattern != "^COMMIT" else "pause", pattern)
        child = case.start(server)
        assert fault.held.wait(240)
        assert read_ids(server) == [1, 2, 3]
        fault.released.set()
        child.join(240)
        assert read_ids(server) == sorted(case.kind.after["id"])


def test_fields_bring_their_descriptions(open_firebolt: Any, tmp_path: Path) -> None:
    described = pa.field("id", pa.int64(), metadata={"description": "who it's of"})
    schema = pa.schema([described, pa.field("name", pa.string())])
    warehouse = open_firebolt()
    files = plan_footers(schema, 1)
    told = preview_load(read_settings(), Load("t", "one"), files, warehouse.options)
    [create] = [line for line in told if 'CREATE FACT TABLE "t"' in line]
    assert """("id" BIGINT NULL DESCRIPTION = 'who it''s of', "name" TEXT NULL, """ in create
    pq.write_table(pa.table({"id": [1], "name": ["a"]}, schema=schema), tmp_path / "a.parquet")
    assert warehouse.load_files(Load("t", "one"), [tmp_path / "a.parquet"]).rows == 1


def test_a_table_keeps_its_primary_index_when_it_is_made_anew(
    open_firebolt: Any, firebolt_server: FireboltServer, tmp_path: Path
) -> None:
    def put(kind: pa.DataType) -> Path:
        pq.write_table(pa.table({"id": pa.array([1], kind)}), tmp_path / f"{kind}.parquet")
        return tmp_path / f"{kind}.parquet"

    sorted_by_id = TableLayout(primary_index=("id",))
    first = open_firebolt(layout=sorted_by_id)
    first.load_files(Load("t", "one"), [put(pa.int32())])
    wider = Load("t", "two", mode="append", evolve=True)
    with pytest.raises(SchemaError, match="widen 'id', and its PRIMARY INDEX would be lost"):
        open_firebolt().load_files(wider, [put(pa.int64())])
    again = open_firebolt(layout=sorted_by_id)
    again.load_files(wider, [put(pa.int64())])
    facts = again.find_state("t").facts
    assert (facts.columns["id"], facts.is_sorted) == ("BIGINT", True)
    assert read_ids(firebolt_server) == [1, 1]


def test_what_is_held_open_is_closed_when_the_load_ends(
    open_firebolt: Any, firebolt_server: FireboltServer, file: Path
) -> None:
    open_firebolt().load_files(Load("t", "one"), [file])
    while firebolt_server.connected:
        time.sleep(0.01)
    assert firebolt_server.connected == 0
