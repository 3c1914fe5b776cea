"""The stand-in itself, by the real SDK and a real S3 server."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from firebolt.client.auth import ClientCredentials
from firebolt.client.auth.firebolt_core import FireboltCore
from firebolt.db import connect
from firebolt.utils.exception import FireboltError, FireboltStructuredError

from tests.standins.firebolt import ACCOUNT, CLIENT_ID, CLIENT_SECRET, FireboltServer, serve
from tests.standins.firebolt_engine import Engine
from tests.standins.firebolt_grammar import Refused, read_statement
from tests.standins.s3_server import ACCESS_KEY, SECRET_KEY


@pytest.fixture
def server() -> Iterator[FireboltServer]:
    with serve(Engine()) as running:
        yield running


def core(server: FireboltServer, **options: Any) -> Any:
    return connect(auth=FireboltCore(), url=server.url, database="firebolt", **options)


def ask(connection: Any, sql: str) -> list:
    cursor = connection.cursor()
    cursor.execute(sql, skip_parsing=True)
    return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE OR REPLACE TABLE t (a INTEGER NULL)",
        "CREATE TABLE t (a VARCHAR NULL)",
        "CREATE TABLE t (a NUMERIC(39, 2) NULL)",
        'CREATE FACT TABLE t (a INTEGER NULL) PRIMARY INDEX "a"',
        "CREATE TEMP TABLE t (a INTEGER NULL)",
        "COPY INTO t FROM 's3://b/' WITH (TYPE = PARQUET, FORCE = TRUE)",
        "COPY INTO t (a $row_number) FROM 's3://b/' WITH (TYPE = PARQUET)",
        "COPY t FROM 's3://b/' (TYPE = JSON)",
        "CREATE LOCATION l WITH SOURCE = 'GCS' URL = 'gs://b/'",
        "CREATE INDEX i ON t (a)",
        "ALTER TABLE t ALTER COLUMN a TYPE BIGINT",
        "SELECT 1; SELECT 2",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT list_cosine_similarity([1], [2])",
        "INSERT OR REPLACE INTO t VALUES (1)",
        "FROM t",
        "SELECT 1 -- hello",
        "PRAGMA version",
        f'SELECT "{"x" * 256}" FROM t',
        "",
    ],
)
def test_statements_outside_the_grammar_are_refused(sql: str) -> None:
    with pytest.raises(Refused):
        read_statement(sql)


def test_values_come_through_the_sdk(server: FireboltServer) -> None:
    with core(server) as connection:
        ask(connection, 'CREATE FACT TABLE "T" ("a" BIGINT NOT NULL, "b" ARRAY(TEXT NULL) NULL)')
        ask(connection, "INSERT INTO \"T\" VALUES (9007199254740993, ['x', NULL])")
        assert ask(connection, 'SELECT * FROM "T"') == [[9007199254740993, ["x", None]]]
        found = ask(connection, "SELECT column_name, data_type, is_nullable FROM"
                                " information_schema.columns WHERE table_name = 'T'")  # fmt: skip
        assert found == [["a", "bigint", "NO"], ["b", "array(text)", "YES"]]


def test_transactions_are_atomic_and_the_first_to_commit_wins(server: FireboltServer) -> None:
    with core(server) as reader, core(server, autocommit=False) as one:
        ask(reader, "CREATE TABLE t (a INTEGER NULL)")
        ask(reader, "INSERT INTO t VALUES (1)")
        ask(one, "UPDATE t SET a = 2 WHERE a = 1")
        assert one.in_transaction
        assert ask(reader, "SELECT a FROM t") == [[1]]
        one.commit()
        assert ask(reader, "SELECT a FROM t") == [[2]]
        ask(one, "UPDATE t SET a = 3 WHERE a = 2")
        with core(server, autocommit=False) as other:
            ask(other, "UPDATE t SET a = 4 WHERE a = 2")
            other.commit()
        with pytest.raises(FireboltStructuredError, match="transaction conflict"):
            one.commit()
        one.rollback()
        assert ask(reader, "SELECT a FROM t") == [[4]]


def test_a_failed_statement_ends_its_transaction(server: FireboltServer) -> None:
    with core(server, autocommit=False) as one:
        ask(one, "CREATE TABLE t (a INTEGER NULL)")
        with pytest.raises(FireboltStructuredError):
            ask(one, "SELECT * FROM nowhere")
        with pytest.raises(FireboltStructuredError, match="rolled back"):
            one.commit()
        one.rollback()
    with core(server) as reader, pytest.raises(FireboltStructuredError, match="t does not exist"):
        ask(reader, "SELECT * FROM t")


def test_faults(server: FireboltServer) -> None:
    with core(server) as connection:
        ask(connection, "CREATE TABLE t (a INTEGER NULL)")
        server.break_at("503")
        with pytest.raises(FireboltError, match="busy"):
            ask(connection, "SELECT 1")
        server.break_at("error 200", "SELECT 2")
        assert ask(connection, "SELECT 1") == [[1]]
        with pytest.raises(FireboltStructuredError, match="something went wrong"):
            ask(connection, "SELECT 2")
        server.break_at("cut before", "INSERT")
        with pytest.raises(httpx.RemoteProtocolError):
            ask(connection, "INSERT INTO t VALUES (1)")
        server.break_at("cut after", "INSERT")
        with pytest.raises(httpx.RemoteProtocolError):
            ask(connection, "INSERT INTO t VALUES (2)")
        assert ask(connection, "SELECT a FROM t") == [[2]]


def test_async_statements(server: FireboltServer) -> None:
    with core(server) as connection:
        ask(connection, "CREATE TABLE t (a INTEGER NULL)")
        cursor = connection.cursor()
        for sql, ended in (("INSERT INTO t VALUES (1)", True), ("INSERT INTO u VALUES (1)", False)):
            cursor.execute_async(sql, skip_parsing=True)
            while connection.is_async_query_running(cursor.async_query_token):
                time.sleep(0.02)
            assert connection.is_async_query_successful(cursor.async_query_token) is ended
        assert ask(connection, "SELECT a FROM t") == [[1]]


@pytest.fixture
def managed(monkeypatch: pytest.MonkeyPatch) -> Iterator[FireboltServer]:
    resolve = socket.getaddrinfo

    def resolve_here(host: Any, *rest: Any, **more: Any) -> Any:
        local = host in ("api.localhost", "id.localhost", b"api.localhost", b"id.localhost")
        return resolve("127.0.0.1" if local else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_here)
    with serve(Engine(), managed=True) as running:
        yield running


def log_in(server: FireboltServer, secret: str = CLIENT_SECRET) -> Any:
    return connect(
        auth=ClientCredentials(CLIENT_ID, secret, use_token_cache=False),
        account_name=ACCOUNT,
        database="firebolt",
        engine_name="engine",
        api_endpoint=f"http://api.localhost:{server.server_address[1]}",
        disable_cache=True,
    )


def test_the_managed_login_and_a_token_that_expires(managed: FireboltServer) -> None:
    with log_in(managed) as connection:
        assert ask(connection, "SELECT 1") == [[1]]
        before = managed.logins
        managed.expire_tokens()
        assert ask(connection, "SELECT 2") == [[2]]
        assert managed.logins == before + 1
    with pytest.raises(FireboltError):
        log_in(managed, "wrong")


def test_copy_reads_from_s3_with_the_keys_of_the_statement(s3: Any, s3_endpoint: str) -> None:
    for name, column in (("part.0", "a"), ("part.1", "A"), ("other", "b")):
        file = io.BytesIO()
        pq.write_table(pa.table({column: [len(name), 2]}), file)
        s3.pipe_file(f"bucket/copy/{name}.parquet", file.getvalue())
    keys = f"AWS_ACCESS_KEY_ID = '{ACCESS_KEY}' AWS_SECRET_ACCESS_KEY = '{SECRET_KEY}'"
    with serve(Engine(s3_endpoint)) as server, core(server) as connection:
        ask(connection, "CREATE TABLE t (a BIGINT NULL, f TEXT NULL)")
        ask(connection, f"CREATE LOCATION l WITH SOURCE = AMAZON_S3 CREDENTIALS = ({keys})"
                        " URL = 's3://bucket/copy'")  # fmt: skip
        ask(connection, "COPY INTO t (a, f $source_file_name) FROM l WITH (PATTERN = 'part.*',"
                        " TYPE = PARQUET, ALLOW_COLUMN_MISMATCH = FALSE)")  # fmt: skip
        assert ask(connection, "SELECT a, f FROM t ORDER BY f, a") == [
            [2, "copy/part.0.parquet"], [6, "copy/part.0.parquet"],
            [2, "copy/part.1.parquet"], [6, "copy/part.1.parquet"],
        ]  # fmt: skip
        for source, words in (
            (f"'s3://bucket/copy/' WITH (CREDENTIALS = ({keys}), ALLOW_COLUMN_MISMATCH = FALSE)",
             "column a is missing"),
            ("'s3://bucket/copy/part.0.parquet' WITH (TYPE = PARQUET)", "brings no credentials"),
            (f"'s3://bucket/copy/' WITH (CREDENTIALS = ({keys[:-1]}x'))", "Signature"),
            (f"'s3://bucket/nowhere/' WITH (CREDENTIALS = ({keys}))", "no files match"),
        ):  # fmt: skip
            with pytest.raises(FireboltStructuredError, match=words):
                ask(connection, f"COPY INTO t (a) FROM {source}")
        assert ask(connection, "SELECT count(*) FROM t") == [[4]]
