"""The step and the command line against the stand-in: loads, dry runs, searches, and no secret in
anything that a run leaves."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.errors import CredentialError
from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged
from tests.cli.conftest import Run
from tests.standins.firebolt import FireboltServer, serve
from tests.standins.firebolt_engine import Engine
from tests.standins.s3_server import ACCESS_KEY

STAGING = "s3://bucket/step/"


@pytest.fixture
def server(s3: Any, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FireboltServer]:
    for name in [name for name in os.environ if name.startswith("FIREBOLT_")]:
        monkeypatch.delenv(name)
    with serve(Engine(s3_endpoint)) as running:
        monkeypatch.setenv("FIREBOLT_CORE_URL", running.url)
        monkeypatch.setenv("FIREBOLT_STAGING", STAGING)
        yield running
    delete_staged(STAGING)  # what a test of a kill has left


@pytest.fixture
def environment(server: FireboltServer) -> dict[str, str]:
    """What a child process needs to load."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL")
    own = {name: os.environ[name] for name in (*names, "FIREBOLT_CORE_URL", "FIREBOLT_STAGING")}
    return own | {"AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"]}


def ask(server: FireboltServer, sql: str) -> list[list[Any]]:
    return server.engine.run(sql)["data"]


def list_staged() -> list[str]:
    from dreambolt_steps.warehouses.s3_staging.bucket import open_bucket

    prefix = STAGING.removeprefix("s3://bucket/")
    found = open_bucket().list_objects_v2(Bucket="bucket", Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def test_a_session_loads_resumes_and_loads_again_when_the_table_is_gone(
    server: FireboltServer, session: Callable[..., Any], tmp_path: Path
) -> None:
    from datadreamer.steps import DataSource

    from dreambolt_steps import CopyIntoFirebolt, ExportParquet, columns

    def run(**args: Any) -> Any:
        with session():
            raw = DataSource("names", data={"id": [1, 2, 3], "name": ["a", "b", None]})
            export = {"path": str(tmp_path / "files")}
            files = ExportParquet("export", inputs=columns(raw), args=export)
            step = CopyIntoFirebolt("copy", inputs=columns(files), args={"table": "t", **args})
        [row] = list(step.output)
        assert (row["database"], row["table"], row["rows"]) == ("firebolt://firebolt", "t", 3)
        return step

    step = run(staged="gc")
    assert ask(server, "SELECT id, name FROM t ORDER BY 1") == [[1, "a"], [2, "b"], [3, None]]
    [staged] = list_staged()
    assert step.receipt.report["staged"]["url"] in f"s3://bucket/{staged}"
    before = len(server.statements)
    assert run(staged="gc").receipt.resumed
    assert not [sql for sql in server.statements[before:] if not sql.startswith("SELECT")]
    server.engine.run("DROP TABLE t")
    assert not run(staged="gc").receipt.resumed
    assert ask(server, "SELECT count(*) FROM t") == [[3]]

    from dreambolt_steps.cli.sessions import collect_session

    collect_session(tmp_path / "session", yes=True)
    assert list_staged() == []


def test_rows_that_firebolt_leaves_out_are_rejects(
    server: FireboltServer, session: Callable[..., Any], tmp_path: Path
) -> None:
    import pyarrow.parquet as pq
    from datadreamer.steps import DataSource

    from dreambolt_steps import CopyIntoFirebolt, ExportParquet, columns

    server.engine.run("CREATE TABLE t (id BIGINT NOT NULL, name TEXT NOT NULL,"
                      " _dreambolt_file TEXT NOT NULL)")  # fmt: skip
    with session():
        raw = DataSource("names", data={"id": [1, 2, 3], "name": ["a", None, "c"]})
        files = ExportParquet("export", inputs=columns(raw), args={"path": str(tmp_path / "files")})
        args = {"table": "t", "mode": "append", "max_errors_per_file": 1}
        step = CopyIntoFirebolt("copy", inputs=columns(files), args=args)
    receipt = step.receipt
    assert (receipt.rows_in, receipt.rows_rejected, receipt.rows_out) == (3, 1, 2)
    [reject] = pq.read_table(receipt.rejects).to_pylist()
    assert (reject["line"], reject["reason"]) == (2, "null mismatch")
    assert reject["file"].endswith("part.00000.parquet")
    assert ask(server, "SELECT id FROM t ORDER BY 1") == [[1], [3]]


def test_credentials_are_asked_for_before_anything_is_done(
    session: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datadreamer.steps import DataSource

    from dreambolt_steps import CopyIntoFirebolt, ExportParquet, columns

    for name in [name for name in os.environ if name.startswith("FIREBOLT_")]:
        monkeypatch.delenv(name)
    with session():
        raw = DataSource("names", data={"id": [1]})
        export = {"path": str(tmp_path / "files")}
        files = ExportParquet("export", inputs=columns(raw), args=export)
        with pytest.raises(CredentialError, match="FIREBOLT_CLIENT_SECRET"):
            CopyIntoFirebolt("copy", inputs=columns(files), args={"table": "t"})


def test_the_command_line_from_a_file_to_a_search(
    server: FireboltServer, environment: dict[str, str], dreambolt: Run, tmp_path: Path
) -> None:
    (tmp_path / "things.csv").write_text(
        "Id,Thing\n1,a red car\n2,a blue boat\n3,the parliament voted\n"
    )
    ingest = ["ingest", "things.csv", "--to", "firebolt://", "--embed", "thing", "--json-logs"]
    ingest += ["--copy", "vector_index=thing_embedding", "--copy", "primary_index=id"]
    planned = dreambolt(*[word for word in ingest if word != "--json-logs"], "--dry-run",
                        **environment)  # fmt: skip
    assert planned.returncode == 0, planned.stderr
    for words in (
        "would make table things in firebolt://firebolt: 3 rows",
        f"would stage the exported files as {STAGING}",
        'would send: CREATE FACT TABLE "things" ("id" INTEGER NOT NULL,',
        'would send: CREATE INDEX "things_thing_embedding_hnsw" ON "things" USING HNSW',
        'would send: COPY INTO "things" ("id", "thing", "thing_embedding", "_dreambolt_file"',
        "AWS_SECRET_ACCESS_KEY = <AWS_SECRET_ACCESS_KEY>",
        "would send: COMMIT",
    ):
        assert words in planned.stdout
    assert not [sql for sql in server.statements if not sql.startswith("SELECT")]
    assert list_staged() == []

    done = dreambolt(*ingest, **environment)
    assert done.returncode == 0, done.stderr
    assert ask(server, "SELECT count(*) FROM things") == [[3]]
    assert list_staged() == []
    found = dreambolt("search", "an automobile", "--table", "things", **environment)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.strip().split("\n")
    assert lines[0].split() == ["similarity", "thing", "id"]
    assert "a red car" in lines[1]
    assert [sql for sql in server.statements if "VECTOR_SEARCH(INDEX" in sql]
    query = 'SELECT "id" FROM "things" ORDER BY 1 DESC'
    assert dreambolt("query", "firebolt://", query, **environment).stdout.split() == [
        "id", "3", "2", "1",
    ]  # fmt: skip
    again = dreambolt(*ingest, **environment)
    events = [json.loads(line) for line in again.stdout.strip().split("\n")]
    assert {e["step"]: e["resumed"] for e in events if e["event"] == "finish"}["copy into"]


SECRET = "s3cr3t-0f-the-bucket"
LEAKY = ("503", "error 200", "cut after")


@pytest.mark.slow
def test_no_secret_is_in_anything_that_runs_leave(
    server: FireboltServer, environment: dict[str, str], dreambolt: Run, tmp_path: Path
) -> None:
    """Good runs, dry runs, refused ones and broken ones, with DEBUG logs and tracebacks."""
    (tmp_path / "things.csv").write_text("Id,Thing\n1,a\n2,b\n")
    told = []
    ingest = ["ingest", "things.csv", "--to", "firebolt://", "--debug"]
    wrong = {"AWS_SECRET_ACCESS_KEY": SECRET}
    for number, (words, more) in enumerate(
        [
            (["--dry-run"], {}),
            ([], wrong),
            ([], {}),
            (["--mode", "create"], {}),
            (["--mode", "create", "--fresh", "copy into"], {}),
            (["--copy", "staging=s3://nowhere/x"], {}),
        ]
    ):
        if number == 2:
            for what in LEAKY:
                server.break_at(what, 'COPY INTO "things"')
        done = dreambolt(*ingest, *words, **(environment | more))
        told += [done.stdout, done.stderr]
    for words in (
        ["status"],
        ["query", "firebolt://", "SELEKT"],
        ["session", "show", "sessions/things"],
    ):
        done = dreambolt(*words, **environment)
        told += [done.stdout, done.stderr]
    assert ask(server, "SELECT count(*) FROM things") == [[2]]
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(left) > 5
    assert not [path for path in left if path.name.startswith("core")]
    everything = "\n".join(told).encode() + b"\n".join(path.read_bytes() for path in left)
    for secret in (SECRET, ACCESS_KEY, environment["AWS_SECRET_ACCESS_KEY"]):
        assert secret.encode() not in everything, secret


def test_the_sdk_logs_no_statement(
    server: FireboltServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dreambolt_steps.warehouses.firebolt.settings import read_settings
    from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse
    from dreambolt_steps.warehouses.load import Load

    caplog.set_level(logging.DEBUG)
    pq.write_table(pa.table({"id": [1]}), tmp_path / "a.parquet")
    FireboltWarehouse(read_settings()).load_files(Load("t", "one"), [tmp_path / "a.parquet"])
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("botocore")
    )
    for secret in (ACCESS_KEY, os.environ["AWS_SECRET_ACCESS_KEY"]):
        assert secret not in logged
