"""Loads into Firebolt broken at every statement, by SIGKILL and by the network, then made again:
the table is compared row by row with one that was never broken."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps.errors import SchemaError, WarehouseBusyError, WarehouseError
from dreambolt_steps.warehouses.firebolt import connection
from dreambolt_steps.warehouses.load import KEYED, Load
from dreambolt_steps.warehouses.s3_staging.bucket import open_bucket
from tests.conftest import ROOT
from tests.standins.firebolt import FireboltServer, serve
from tests.standins.firebolt_engine import Engine, SavedTable
from tests.standins.warm_process import start_process
from tests.warehouses.firebolt_child import load_files

BEFORE = {"id": [1, 2, 3], "name": ["a", "b", "c"]}
AFTER = {"id": [2, 3, 4], "name": ["b", None, "d"]}
UPLOAD = "`append`, by upload"
DOCS = ROOT / "docs" / "firebolt.md"
CALLS = "^CALL"  # how often an asynchronous statement is looked at is a matter of time


@dataclass(frozen=True)
class Kind:
    """A kind of load to break: its mode, and how it is made."""

    mode: str
    options: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = field(default_factory=lambda: dict(BEFORE))
    after: dict[str, Any] = field(default_factory=lambda: dict(AFTER))
    evolve: bool = False


KINDS = {
    "`create`": Kind("create", before=None),
    "`append`": Kind("append"),
    UPLOAD: Kind("append", {"upload": True}),
    "`append`, rows apart": Kind("append", {"apart": True}),
    "`append`, evolving": Kind(
        "append",
        before=BEFORE | {"id": pa.array([1, 2, 3], pa.int32())},
        after=AFTER | {"more": [1.5, None, 2.5]},
        evolve=True,
    ),
    "`replace`": Kind("replace"),
    "`replace`, another schema": Kind("replace", after=AFTER | {"id": ["x", "y", "z"]}),
    "`merge`": Kind("merge"),
    "`snapshot`": Kind("snapshot"),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FIREBOLT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FIREBOLT_CORE_URL", "")
    monkeypatch.setattr(connection, "FIRST_PAUSE", 0.001)


class Case:
    """A table with the rows of one load, and another load to break."""

    def __init__(self, folder: Path, name: str, s3_endpoint: str | None = None) -> None:
        self.kind = KINDS[name]
        self.key = ("id",) if self.kind.mode in KEYED else ()
        self.s3_endpoint = s3_endpoint
        self.tables: list[SavedTable] = []  # as they are after the first load
        self.staging = f"faults-{token_hex(4)}/"
        self.environment = {
            name: os.environ[name]
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")
            if s3_endpoint
        }
        if s3_endpoint:
            self.environment["FIREBOLT_STAGING"] = f"s3://bucket/{self.staging}"
        self.files = {}
        for name, columns in (("zero", self.kind.before), ("one", self.kind.after)):
            parts = [folder / f"{name}-{at}.parquet" for at in range(2)]
            table = pa.table(columns or {})
            pq.write_table(table.slice(0, 2), parts[0])
            pq.write_table(table.slice(2), parts[1])
            self.files[name] = [str(part) for part in parts]

    def describe(self, server: FireboltServer, name: str) -> tuple[Any, ...]:
        mode = self.kind.mode if name == "one" or self.key else "append"
        evolve = self.kind.evolve and name == "one"
        load = Load("t", name, mode=mode, key=self.key, evolve=evolve)
        environment = self.environment | {"FIREBOLT_CORE_URL": server.url}
        return environment, load, self.files[name], self.kind.options

    def load(self, server: FireboltServer, name: str) -> None:
        load_files(*self.describe(server, name))

    def start(self, server: FireboltServer) -> Any:
        return start_process(load_files, *self.describe(server, "one"))

    def open(self) -> Iterator[FireboltServer]:
        with serve(Engine(self.s3_endpoint, tables=self.tables)) as server:
            server.async_delay = 0.01
            if self.kind.before is not None and not self.tables:
                self.load(server, "zero")
                self.tables = server.engine.save()
            yield server

    def read(self, server: FireboltServer) -> list[list[Any]]:
        """Every row with the file it came from, what the ledger says, and what is left over."""
        history = ', "valid_to" IS NULL' if self.kind.mode == "snapshot" else ""
        more = "".join(f', "{name}"' for name in self.kind.after if name not in BEFORE)
        rows = server.engine.run(f'SELECT "id", "name", "_dreambolt_file"{history}{more} FROM "t"')[
            "data"
        ]
        ledger = server.engine.run(
            'SELECT "load_id", "mode", "rows", "superseded_at" IS NULL FROM "_dreambolt_loads"'
            ' WHERE "loaded_at" IS NOT NULL'
        )["data"]
        left = server.engine.run("SELECT table_name FROM information_schema.tables")["data"]
        return sorted([*rows, *ledger, *left, *self.list_staged()], key=repr)

    def list_staged(self) -> list[list[str]]:
        if not self.s3_endpoint:
            return []
        found = open_bucket().list_objects_v2(Bucket="bucket", Prefix=self.staging)
        return [[entry["Key"]] for entry in found.get("Contents", [])]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", KINDS)
def test_a_load_broken_at_any_statement_is_made_once(
    tmp_path: Path, s3: Any, s3_endpoint: str, name: str
) -> None:
    case = Case(tmp_path, name, s3_endpoint)
    for server in case.open():
        before = len(server.statements)
        case.load(server, "one")
        statements = [s for s in server.statements[before:] if not re.match(CALLS, s)]
        expected = case.read(server)
    assert not case.list_staged()

    killed = lost_before = lost_after = 0
    breaks = [("hold before", at, f"(?!{CALLS})^") for at in range(len(statements))]
    for what, skip, pattern in [*breaks, ("hold after", 0, "^COMMIT")]:
        for server in case.open():
            fault = server.break_at(what, pattern, skip=skip)
            child = case.start(server)
            assert fault.held.wait(240), (what, skip)
            os.kill(child.pid, signal.SIGKILL)
            child.join()
            fault.released.set()
            case.load(server, "one")
            assert case.read(server) == expected, (what, statements[skip])
            killed += 1
    for at in range(len(statements)):
        for what in ("cut before", "cut after"):
            for server in case.open():
                server.break_at(what, f"(?!{CALLS})^", skip=at)
                try:
                    case.load(server, "one")
                except WarehouseBusyError:  # a statement that is not asked again by itself
                    case.load(server, "one")
                assert case.read(server) == expected, (what, statements[at])
                lost_before += what == "cut before"
                lost_after += what == "cut after"
    row = (
        f"| {name} | {len(statements)} | {killed} of {len(statements) + 1} equal |"
        f" {lost_before} of {len(statements)} equal | {lost_after} of {len(statements)} equal |"
    )
    assert row in DOCS.read_text(encoding="utf-8"), row


def test_the_table_of_faults_has_a_row_for_each_kind_of_load() -> None:
    table = DOCS.read_text(encoding="utf-8").split("<!-- faults -->")[1].split("<!-- /faults")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.strip().split("\n")[2:]]
    assert rows == list(KINDS)


@pytest.mark.parametrize("what", ["503", "cut before", "cut after", "500"])
def test_a_begin_that_fails_sends_nothing_outside_a_transaction(tmp_path: Path, what: str) -> None:
    case = Case(tmp_path, UPLOAD)
    for server in case.open():
        server.break_at(what, "^BEGIN", times=2)
        before = len(server.statements)
        case.load(server, "one")
        sent = server.statements[before:]
        begun = max(at for at, sql in enumerate(sent) if sql == "BEGIN")
        assert not [sql for sql in sent[:begun] if sql.startswith(('INSERT INTO "t"', "COPY"))]
        rows = server.engine.run('SELECT count(*) FROM "t"')["data"]
        assert rows == [[6]]


def test_two_processes_that_make_the_same_load_make_it_once(tmp_path: Path) -> None:
    case = Case(tmp_path, UPLOAD)
    for server in case.open():
        fault = server.break_at("slow", '^INSERT INTO "t"', times=4)
        children = [case.start(server) for _ in range(2)]
        for child in children:
            child.join(240)
        assert [child.exitcode for child in children] == [0, 0]
        assert fault.times < 4
        assert server.engine.run('SELECT count(*) FROM "t"')["data"] == [[6]]


def test_files_that_hold_other_rows_than_their_footers_say_are_rolled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreambolt_steps.warehouses.firebolt import warehouse

    case = Case(tmp_path, UPLOAD)
    read = warehouse.read_footers

    def change_after_reading(files: Any, warehouse: str) -> Any:
        found = read(files, warehouse)
        pq.write_table(pa.table({"id": [7, 8, 9], "name": ["x", "y", "z"]}), files[1])
        return found

    for server in case.open():
        before = server.engine.run('SELECT "id" FROM "t" ORDER BY 1')["data"]
        monkeypatch.setattr(warehouse, "read_footers", change_after_reading)
        with pytest.raises(WarehouseError, match=r"3 rows came into table t from file .*0001"):
            case.load(server, "one")
        assert server.engine.run('SELECT "id" FROM "t" ORDER BY 1')["data"] == before


@pytest.mark.parametrize("mode", ["append", "replace", "merge", "snapshot"])
def test_rows_that_wait_apart_are_moved_in_one_transaction(
    open_firebolt: Any, firebolt_server: FireboltServer, tmp_path: Path, mode: str
) -> None:
    case = Case(tmp_path, f"`{mode}`")
    load = Load("t", "one", mode=mode, key=case.key)
    first = "append" if mode == "replace" else mode
    open_firebolt().load_files(Load("t", "zero", mode=first, key=case.key), case.files["zero"])
    # the statement whose answer is cut off goes on, and is done when the second attempt waits
    firebolt_server.async_delay = 0.3
    firebolt_server.break_at("cut after", "^COPY")
    firebolt_server.break_at("503", "fb_GetAsyncStatus", times=2)
    firebolt_server.break_at("cut before", "^COMMIT")
    receipt = open_firebolt(apart=True).load_files(load, case.files["one"])
    assert receipt.rows == 3
    expected = {
        "append": [1, 2, 2, 3, 3, 4],
        "replace": [2, 3, 4],
        "merge": [1, 2, 3, 4],
        "snapshot": [1, 2, 3, 3, 4],
    }
    rows = firebolt_server.engine.run('SELECT "id" FROM "t" ORDER BY 1')["data"]
    assert [row[0] for row in rows] == expected[mode]
    tables = firebolt_server.engine.run("SELECT table_name FROM information_schema.tables")
    assert sorted(tables["data"]) == [["_dreambolt_loads"], ["t"]]


def test_a_long_load_that_fails_leaves_no_table_behind(
    open_firebolt: Any, firebolt_server: FireboltServer, tmp_path: Path
) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [1, 1]}), file)
    with pytest.raises(SchemaError, match="names 2 rows"):
        open_firebolt(apart=True).load_files(Load("t", "one", mode="merge", key=("id",)), [file])
    tables = firebolt_server.engine.run("SELECT table_name FROM information_schema.tables")
    assert tables["data"] == [["_dreambolt_loads"]]


def test_files_on_s3_are_loaded_where_they_are(
    open_firebolt: Any, firebolt_server: FireboltServer, s3: Any, tmp_path: Path
) -> None:
    urls = []
    for at in range(2):
        pq.write_table(pa.table({"id": [at]}), tmp_path / "x.parquet")
        s3.pipe_file(f"bucket/there/{at}.parquet", (tmp_path / "x.parquet").read_bytes())
        urls.append(f"s3://bucket/there/{at}.parquet")
    for load_id in ("one", "two"):
        receipt = open_firebolt().load_files(Load("t", load_id, mode="append"), urls)
        assert receipt.rows == 2
    rows = firebolt_server.engine.run('SELECT "id", "_dreambolt_file" FROM "t" ORDER BY 1')["data"]
    assert rows == [[at, f"there/{at}.parquet"] for at in (0, 0, 1, 1)]
    assert s3.exists("bucket/there/0.parquet")
