"""What the stand-in does with the statements it knows: DuckDB, files from S3, transactions."""

from __future__ import annotations

import csv
import fnmatch
import io
import itertools
import re
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tests.standins.firebolt_grammar import (
    SEARCHED,
    Instruction,
    Refused,
    quote,
    read_statement,
    unquote,
)

_NO_TRANSACTION = ("create location", "drop location", "start engine", "use database", "use engine")
_NAMES = {
    "INTEGER": "int", "BIGINT": "long", "HUGEINT": "long", "VARCHAR": "text", "DOUBLE": "double",
    "FLOAT": "real", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "BLOB": "bytea", "NULL": "text", '"NULL"': "text",
}  # fmt: skip
_PLACE = "table_schema = ? AND table_name = ?"
_CATALOG = {"int": "integer", "long": "bigint", "double": "double precision"}


class Failed(Exception):
    """A statement that is well-formed and can't be carried out."""


@dataclass(frozen=True)
class SavedTable:
    """A table's name, the statement that makes it, and its rows."""

    name: str
    sql: str
    rows: pa.Table


@dataclass
class Transaction:
    """An open transaction; `changed` names the tables whose rows it deleted or changed."""

    cursor: duckdb.DuckDBPyConnection
    sequence: int = 1
    changed: set[str] = field(default_factory=set)
    broken: str = ""

    def close(self) -> None:
        """End it, unless a statement of it goes on in another thread, which does so afterwards."""
        with suppress(duckdb.Error):
            self.cursor.close()


class Engine:
    """One database with its engine.

    Args:
        s3_endpoint: where buckets are; only keys that a statement brings along are used.
        database: the name of the one database there is.
        tables: what `save` of another one returned; empty without.
    """

    def __init__(
        self,
        s3_endpoint: str | None = None,
        database: str = "firebolt",
        tables: Iterable[SavedTable] = (),
    ) -> None:
        self.s3_endpoint = s3_endpoint
        self.database = database
        self.engines: dict[str, str] = {"engine": "RUNNING"}
        self.locations: dict[str, dict[str, Any]] = {}
        self.transactions: dict[str, Transaction] = {}
        self.read_only = False
        self.leave_out_files = False  # as for a Parquet file that can't be read or cast
        self._lock = threading.RLock()
        self._queries = itertools.count()
        self._duckdb = duckdb.connect(":memory:")
        self._duckdb.create_function("firebolt_type", name_catalog_type, ["VARCHAR"], "VARCHAR")
        for sql in _SETUP:
            self._duckdb.execute(sql)
        for table in tables:
            self._duckdb.execute(table.sql)
            self._duckdb.register("saved", table.rows)
            self._duckdb.execute(f"INSERT INTO {table.name} FROM saved")
            self._duckdb.unregister("saved")

    def save(self) -> list[SavedTable]:
        """Keep every table as it is now, for an engine that starts with them."""
        found = self._duckdb.execute(
            "SELECT schema_name, table_name, replace(sql, 'CREATE TABLE', 'CREATE TABLE IF NOT"
            " EXISTS') FROM duckdb_tables()"
        ).fetchall()
        tables = []
        for schema, table, sql in found:
            name = f"{quote(schema)}.{quote(table)}"
            rows = self._duckdb.sql(f"FROM {name}").to_arrow_table()
            tables.append(SavedTable(name, sql, rows))
        return tables

    def close(self) -> None:
        """Give its memory back."""
        self._duckdb.close()

    def open_cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._duckdb.cursor()
        cursor.execute("SET schema = 'public'")
        return cursor

    def begin(self) -> str:
        """Open a transaction; returns its id."""
        cursor = self.open_cursor()
        cursor.execute("BEGIN TRANSACTION")
        with self._lock:
            name = f"{len(self.transactions) + 1:020x}"
            self.transactions[name] = Transaction(cursor)
        return name

    def forget(self, name: str, reason: str = "transaction was rolled back") -> None:
        """Roll a transaction back, whatever state it is in."""
        transaction = self.transactions[name]
        with self._lock:
            if not transaction.broken:
                transaction.broken = reason
                transaction.close()

    def run(
        self, sql: str, transaction: str | None = None, uploads: dict[str, Path] | None = None
    ) -> dict[str, Any]:
        """Carry out one statement. Returns: the answer as JSON_Compact; {} for one without rows."""
        instruction = read_statement(sql)
        if transaction is None:
            cursor = self.open_cursor()
            try:
                return self._act(instruction, cursor, None, uploads or {})
            finally:
                cursor.close()
        held = self.transactions.get(transaction)
        if held is None:
            raise Failed(f"transaction {transaction} does not exist")
        if instruction.kind in _NO_TRANSACTION:
            raise Failed(f"{instruction.kind.upper()} is not allowed in a transaction")
        if instruction.kind == "begin":
            raise Failed("a transaction is open already")
        if held.broken and instruction.kind != "rollback":
            raise Failed(held.broken)
        try:
            if instruction.kind in ("commit", "rollback"):
                self._end(held, instruction.kind)
                return {}
            return self._act(instruction, held.cursor, held, uploads or {})
        except Exception:
            self.forget(transaction)  # "if any statement fails, the transaction is rolled back"
            raise
        finally:
            if held.broken:
                held.close()

    def _end(self, held: Transaction, how: str) -> None:
        with self._lock:  # another thread may be about to roll it back
            if held.broken:
                if how == "commit":
                    raise Failed(held.broken)
                return
            try:
                held.cursor.execute(how.upper())
            except duckdb.Error as error:
                raise Failed(f"transaction conflict: {error}") from error
            held.cursor.close()
            held.broken = "transaction has ended"

    def _act(
        self,
        instruction: Instruction,
        cursor: duckdb.DuckDBPyConnection,
        transaction: Transaction | None,
        uploads: dict[str, Path],
    ) -> dict[str, Any]:
        kind, table, parts = instruction.kind, instruction.table, instruction.parts
        if kind in ("commit", "rollback"):
            raise Failed("no transaction is open")
        if self.read_only and kind not in ("query", "use database", "use engine", "nothing"):
            raise Failed("User is not authorized to write")
        if kind == "create location":
            return self._create_location(parts)
        if kind == "drop location":
            self.locations.pop(parts["name"], None)
            return {}
        if kind == "start engine":
            self.engines[parts["name"]] = "RUNNING"
            return {}
        try:
            if table and kind in ("change", "drop table", "run"):
                self._win(table, transaction)
            if kind == "copy":
                self._copy(cursor, instruction)
            elif kind == "create index":
                self._create_index(cursor, table, parts)
            elif kind == "drop index":
                cursor.execute("DELETE FROM catalog.indexes WHERE name = ?", [parts["name"]])
            elif kind not in ("nothing", "use database", "use engine"):
                return self._execute(cursor, instruction, uploads)
            return {}
        except duckdb.TransactionException as error:
            raise Failed(f"transaction conflict: {error}") from error
        except duckdb.Error as error:
            if transaction is not None and transaction.broken:  # meanwhile, by another one
                raise Failed(transaction.broken) from error
            raise Failed(str(error).splitlines()[0]) from error

    def _win(self, table: str, transaction: Transaction | None) -> None:
        """The first to commit wins, not the first to change: an open transaction, whose client may
        be gone, stops nobody, and can't be committed afterwards."""
        with self._lock:
            for name, other in self.transactions.items():
                if other is not transaction and table in other.changed and not other.broken:
                    self.forget(name, f"transaction conflict on {table}")
            if transaction is not None:
                transaction.changed.add(table)

    def _execute(
        self, cursor: duckdb.DuckDBPyConnection, instruction: Instruction, uploads: dict[str, Path]
    ) -> dict[str, Any]:
        sql = re.sub(r"\binformation_schema\b", "catalog", instruction.sql, flags=re.IGNORECASE)
        for part, path in uploads.items():
            sql = sql.replace(f"'upload://{part}'", f"'{path}'")
        if "upload://" in sql:
            raise Failed("upload:// names a part that was not sent")
        search = instruction.parts.get("search")
        if search:
            sql = sql.replace(SEARCHED, self._render_search(cursor, **search))
        with tempfile.TemporaryDirectory() as folder:
            sql = self._fetch_parquet(sql, Path(folder))
            if "catalog.engines" in sql:
                told = ", ".join(f"('{name}', '{state}')" for name, state in self.engines.items())
                engines = f"(VALUES {told}) AS engines(engine_name, status)"
                sql = sql.replace("catalog.engines", engines)
            cursor.execute(sql)
            if instruction.kind == "query":
                return answer(cursor)
        if instruction.kind in ("run", "drop table"):
            self._note_indexes(cursor, instruction)
        if instruction.kind in ("insert", "change"):
            self._check_dims(cursor, instruction.table)
        return {}

    def _note_indexes(self, cursor: duckdb.DuckDBPyConnection, instruction: Instruction) -> None:
        """Keep the catalog of indexes with tables that are made, renamed and dropped."""
        names = [unquote(part) for part in re.findall(r'"(?:[^"]|"")*"', instruction.table)]
        place = ["public", *names][-2:]
        if instruction.kind == "drop table":
            cursor.execute('DELETE FROM catalog."_indexes" WHERE tab = ?', [instruction.table])
            cursor.execute(f'DELETE FROM catalog."_primary" WHERE {_PLACE}', place)
        if "PRIMARY" in instruction.parts:
            cursor.execute('INSERT INTO catalog."_primary" VALUES (?, ?)', place)
        if "renamed" in instruction.parts:
            renamed = [instruction.parts["renamed"], *place]
            cursor.execute(f'UPDATE catalog."_primary" SET table_name = ? WHERE {_PLACE}', renamed)

    def _render_search(
        self, cursor: duckdb.DuckDBPyConnection, index: str, vector: str, k: str
    ) -> str:
        name = unquote(index) if index.startswith('"') else index.lower()
        found = cursor.execute(
            'SELECT tab, col, dims FROM catalog."_indexes" WHERE name = ?', [name]
        ).fetchone()
        if found is None:
            raise Failed(f"index {name} does not exist")
        if len(vector.split(",")) != found[2]:
            raise Failed(f"target_vector must have {found[2]} dimensions")
        column = quote(found[1])
        return (
            f"(SELECT * FROM {found[0]} WHERE {column} IS NOT NULL"
            f" ORDER BY list_cosine_similarity({column}, {vector}) DESC LIMIT {k})"
        )

    def _create_index(
        self, cursor: duckdb.DuckDBPyConnection, table: str, parts: dict[str, Any]
    ) -> None:
        kinds = {row[0]: row[1] for row in cursor.execute(f"DESCRIBE {table}").fetchall()}
        if kinds.get(parts["column"]) not in ("DOUBLE[]", "FLOAT[]"):
            raise Failed(f"column {parts['column']} is no array of numbers")
        *schema, name = [unquote(part) for part in re.findall(r'"(?:[^"]|"")*"', table)]
        row = [parts["index"], table, parts["column"], parts["dims"], *(schema or ["public"]), name]
        if cursor.execute('SELECT 1 FROM catalog."_indexes" WHERE name = ?', row[:1]).fetchone():
            raise Failed(f"index {parts['index']} exists already")
        cursor.execute('INSERT INTO catalog."_indexes" VALUES (?, ?, ?, ?, ?, ?)', row)
        self._check_dims(cursor, table)

    def _check_dims(self, cursor: duckdb.DuckDBPyConnection, table: str) -> None:
        rows = cursor.execute('SELECT col, dims FROM catalog."_indexes" WHERE tab = ?', [table])
        for column, dims in rows.fetchall():
            name = quote(column)
            wrong = f"SELECT 1 FROM {table} WHERE len({name}) <> {dims} LIMIT 1"
            if cursor.execute(wrong).fetchone():
                raise Failed(f"{column}: the index takes vectors of {dims} dimensions")

    def _create_location(self, parts: dict[str, Any]) -> dict[str, Any]:
        if parts["name"] in self.locations and not parts["exists"]:
            raise Failed(f"location {parts['name']} exists already")
        self.locations.setdefault(parts["name"], parts)
        return {}

    def _open_bucket(self, credentials: dict[str, str] | None) -> Any:
        """An S3 client with the keys of the statement, never with the server's own."""
        given = credentials or {}
        if "AWS_ROLE_ARN" in given:
            raise Failed("roles need AWS; this stand-in has only keys")
        if "AWS_ACCESS_KEY_ID" not in given:
            raise Failed("access denied: the statement brings no credentials")
        keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return _open_client(self.s3_endpoint, *(given.get(key) for key in keys))

    def _list_objects(self, client: Any, url: str, pattern: str | None) -> list[dict[str, Any]]:
        """Objects of a URL: one file, or everything below a folder that the pattern names."""
        from botocore.exceptions import BotoCoreError, ClientError

        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if pattern is not None and prefix and not prefix.endswith("/"):
            prefix += "/"
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            found = [entry for page in pages for entry in page.get("Contents", [])]
        except (ClientError, BotoCoreError) as error:
            raise Failed(f"{url}: {error}") from error
        if pattern is None and not url.endswith("/"):
            found = [entry for entry in found if entry["Key"] == prefix]
        if pattern is not None:
            # newer pages say glob, older ones regular expression: only what both match is taken
            names = {entry["Key"]: entry["Key"][len(prefix) :] for entry in found}
            found = [
                entry
                for entry in found
                if fnmatch.fnmatchcase(names[entry["Key"]], pattern)
                and re.fullmatch(pattern, names[entry["Key"]])
            ]
        if not found:
            raise Failed(f"{url}: no files match")
        return [{**entry, "Bucket": bucket} for entry in found]

    def _fetch(self, client: Any, entries: list[dict[str, Any]], folder: Path) -> list[Path]:
        def fetch(numbered: tuple[int, dict[str, Any]]) -> Path:
            at, entry = numbered
            path = folder / f"{at}.parquet"
            body = client.get_object(Bucket=entry["Bucket"], Key=entry["Key"])["Body"]
            with path.open("wb") as file:
                for chunk in body.iter_chunks(2**20):
                    file.write(chunk)
            return path

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(fetch, enumerate(entries)))

    def _fetch_parquet(self, sql: str, folder: Path) -> str:
        """READ_PARQUET of an S3 URL, as a file that DuckDB can read."""
        found = re.search(r"READ_PARQUET\s*\(\s*(URL|LOCATION)\s*=>(.*?)\)", sql, re.I | re.S)
        if not found:
            return sql
        words = re.findall(r"(\w+)\s*=>\s*(?:'((?:[^']|'')*)'|\"([^\"]*)\"|(\w+))", found[0])
        given = {name.upper(): (a or b or c).replace("''", "'") for name, a, b, c in words}
        url, credentials = given.get("URL", ""), given
        if "LOCATION" in given:
            location = self._find_location(given["LOCATION"])
            url, credentials = location["URL"], location.get("CREDENTIALS", {})
        client = self._open_bucket(credentials)
        entries = self._list_objects(client, url, given.get("PATTERN"))
        paths = self._fetch(client, entries, folder)
        told = ", ".join(f"'{path}'" for path in paths)
        return sql[: found.start()] + f"read_parquet([{told}])" + sql[found.end() :]

    def _find_location(self, name: str) -> dict[str, Any]:
        if name not in self.locations:
            raise Failed(f"location {name} does not exist")
        return self.locations[name]

    def _copy(self, cursor: duckdb.DuckDBPyConnection, instruction: Instruction) -> None:
        table, parts = instruction.table, instruction.parts
        described = cursor.execute(f"DESCRIBE {table}").fetchall()
        kinds = {row[0]: (row[1], row[2] == "NO") for row in described}
        url, credentials = parts.get("url", ""), parts.get("CREDENTIALS")
        pattern = parts.get("PATTERN")
        if "location" in parts:
            location = self._find_location(parts["location"])
            url, credentials = location["URL"], location.get("CREDENTIALS")
        client = self._open_bucket(credentials)
        entries = self._list_objects(client, url, pattern)
        mapping = parts["mapping"] or [(name, name) for name in kinds]
        lenient = parts.get("ALLOW_COLUMN_MISMATCH", "TRUE") == "TRUE"
        with tempfile.TemporaryDirectory() as folder:
            paths = self._fetch(client, entries, Path(folder))
            for entry, path in zip(entries, paths, strict=True):
                values, into = self._match(entry, path, mapping, kinds, lenient=lenient)
                source = f"read_parquet('{path}')"
                firm = [f"({value}) IS NULL" for name, value in zip(into, values, strict=True)
                        if kinds[name][1]]  # fmt: skip
                if self.leave_out_files and int(parts.get("MAX_ERRORS_PER_FILE", "0")):
                    rows = [(0, "can't cast column id")]
                    self._write_rejects(client, parts, entry, rows, None)
                    continue
                if firm and int(parts.get("MAX_ERRORS_PER_FILE", "0")):
                    bad = " OR ".join(firm)
                    self._reject(cursor, client, parts, entry, source, bad)
                    source += f" WHERE NOT ({bad})"
                cursor.execute(
                    f"INSERT INTO {table} ({', '.join(map(quote, into))})"
                    f" SELECT {', '.join(values)} FROM {source}"
                )
        self._check_dims(cursor, table)

    def _match(
        self,
        entry: dict[str, Any],
        path: Path,
        mapping: list[tuple[str, str]],
        kinds: dict[str, tuple[str, bool]],
        *,
        lenient: bool,
    ) -> tuple[list[str], list[str]]:
        """Expressions over a file, and the columns they go into: by name, without case."""
        schema = pq.read_schema(path)
        names = {name.lower(): name for name in schema.names}
        pseudo = {
            "$source_file_name": f"'{entry['Key']}'",
            "$source_file_timestamp": f"CAST('{entry['LastModified'].isoformat()}' AS TIMESTAMPTZ)",
            "$source_file_size": str(entry["Size"]),
            "$source_file_etag": f"'{entry['ETag']}'",
        }
        values, into = [], []
        for name, source in mapping:
            if name not in kinds:
                raise Failed(f"column {name} does not exist")
            if source in pseudo:
                values.append(pseudo[source])
            elif source.lower() in names:
                held = names[source.lower()]
                found = schema.field(held).type
                # Arrow's dictionaries are a note in the footer, which nobody else reads
                kind = str(found.value_type if pa.types.is_dictionary(found) else found)
                text = kind in ("string", "large_string")
                if kind != "null" and text != (kinds[name][0] == "VARCHAR"):
                    told = f"column {held} is {kind}, and {name} is {kinds[name][0]}"
                    raise Failed(f"{entry['Key']}: {told}")
                values.append(f"CAST({quote(held)} AS {kinds[name][0]})")
            elif lenient:
                values.append("NULL")
            else:
                raise Failed(f"{entry['Key']}: column {source} is missing")
            into.append(name)
        return values, into

    def _reject(
        self,
        cursor: duckdb.DuckDBPyConnection,
        client: Any,
        parts: dict[str, Any],
        entry: dict[str, Any],
        source: str,
        bad: str,
    ) -> None:
        """Leave rows out that break NOT NULL, and write them to the folder of errors."""
        rows = cursor.execute(
            f"SELECT row_number, * EXCLUDE (row_number) FROM (SELECT row_number() OVER () AS"
            f" row_number, * FROM {source}) WHERE {bad}"
        ).fetchall()
        if len(rows) > int(parts["MAX_ERRORS_PER_FILE"]):
            raise Failed(f"{entry['Key']}: {len(rows)} rows can't be loaded")
        if rows:
            reasons = [(row[0], "null mismatch") for row in rows]
            self._write_rejects(client, parts, entry, reasons, [row[1:] for row in rows])

    def _write_rejects(
        self,
        client: Any,
        parts: dict[str, Any],
        entry: dict[str, Any],
        reasons: list[tuple[int, str]],
        rows: list[Any] | None,
    ) -> None:
        """Write the files of one query to the folder of errors; without rows for a whole file."""
        if "ERROR_FILE" not in parts:
            return
        bucket, _, prefix = parts["ERROR_FILE"].removeprefix("s3://").partition("/")
        writer = self._open_bucket(parts.get("ERROR_FILE_CREDENTIALS"))
        told = [("file_name", "source_line_num", "error_message")]
        told += [(entry["Key"], str(line), reason) for line, reason in reasons]
        query = f"20260101-{next(self._queries):06}"
        for kind, lines in (("error_reasons", told), ("rejected_rows", rows)):
            if lines is None:
                continue
            text = io.StringIO()
            csv.writer(text).writerows(lines)
            key = f"{prefix.rstrip('/')}/{query}/{kind}_{Path(entry['Key']).stem}.csv"
            writer.put_object(Bucket=bucket, Key=key, Body=text.getvalue().encode())


@lru_cache
def _open_client(url: str | None, key: str, secret: str | None, token: str | None) -> Any:
    import botocore.session

    return botocore.session.get_session().create_client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def name_type(kind: str) -> str:
    """A DuckDB type as Firebolt's answers name it."""
    if kind.endswith("[]"):
        return f"array({name_type(kind[:-2])} null)"
    fixed = re.fullmatch(r"(.*)\[\d+\]", kind)
    if fixed:
        return f"array({name_type(fixed[1])} null)"
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", kind)
    if decimal:
        return f"numeric({decimal[1]}, {decimal[2]})"
    if kind.startswith("STRUCT("):
        return "struct(" + ", ".join(
            f"`{name.replace(chr(34), '')}` {name_type(inner)} null"
            for name, inner in re.findall(r'("(?:[^"]|"")*"|\w+) ([A-Z][^,]*)', kind[7:-1])
        ) + ")"  # fmt: skip
    return _NAMES.get(kind, "text")


def name_catalog_type(kind: str) -> str:
    """A DuckDB type as information_schema names it."""
    name = name_type(kind).replace(" null", "")
    for short, full in _CATALOG.items():
        name = re.sub(rf"\b{short}\b", full, name)
    return name


def answer(cursor: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The rows of a query as JSON_Compact."""
    rows = cursor.fetchall()
    meta = [
        {"name": name, "type": name_type(str(kind)) + " null"}
        for name, kind, *_ in cursor.description or []
    ]
    data = [[_tell(value) for value in row] for row in rows]
    return {"meta": meta, "data": data, "rows": len(data), "statistics": {"elapsed": 0.0}}


def _tell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, list | tuple):
        return [_tell(item) for item in value]
    if isinstance(value, dict):
        return {name: _tell(item) for name, item in value.items()}
    return value


_SETUP = (
    "SET TimeZone = 'UTC'",
    "CREATE SCHEMA public",
    "CREATE SCHEMA catalog",
    'CREATE TABLE catalog."_indexes" (name VARCHAR, tab VARCHAR, col VARCHAR,'
    " dims INTEGER, table_schema VARCHAR, table_name VARCHAR)",
    'CREATE TABLE catalog."_primary" (table_schema VARCHAR, table_name VARCHAR)',
    "CREATE MACRO public.vector_cosine_similarity(a, b) AS list_cosine_similarity(a, b)",
    """CREATE VIEW catalog.columns AS SELECT 'firebolt' AS table_catalog,
    schema_name AS table_schema, table_name, column_name, column_index AS ordinal_position,
    firebolt_type(data_type) AS data_type, CASE WHEN is_nullable THEN 'YES' ELSE 'NO' END AS
    is_nullable, column_default, numeric_precision, numeric_scale, character_maximum_length
    FROM duckdb_columns() WHERE schema_name <> 'catalog' AND NOT internal""",
    """CREATE VIEW catalog.tables AS SELECT 'firebolt' AS table_catalog,
    schema_name AS table_schema, table_name, 'BASE TABLE' AS table_type FROM duckdb_tables()
    WHERE schema_name <> 'catalog'""",
    """CREATE VIEW catalog.schemata AS SELECT 'firebolt' AS catalog_name, schema_name
    FROM duckdb_schemas() WHERE schema_name <> 'catalog' AND NOT internal""",
    """CREATE VIEW catalog.indexes AS SELECT name AS index_name, table_name, table_schema,
    'vector_search' AS index_type FROM catalog."_indexes" UNION ALL SELECT
    'primary_' || table_name, table_name, table_schema, 'primary' FROM catalog."_primary\"""",
)


__all__ = ["Engine", "Failed", "Refused"]
