# ruff: noqa: S608 (names go through quote_identifier, texts through quote_text)
"""SQL text for Firebolt: pure functions, every option spelled out, no default relied on.

Sources: Firebolt's pages on CREATE TABLE, CREATE LOCATION, COPY FROM, MERGE, ALTER TABLE, explicit
transactions and vector search; where versions of these pages differ, what all of them mean alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import xxhash

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.warehouses.copy_sql import quote_identifier, split_table
from dreambolt_steps.warehouses.statement import Secret, Statement, quote_text

DEFAULT_SCHEMA = "public"
FILE_COLUMN = "_dreambolt_file"
MAX_NAME = 255
TABLE_TYPES = ("fact", "dimension")


@dataclass(frozen=True)
class TableLayout:
    """How a new table is laid out.

    Args:
        primary_index: columns it is sorted by.
        partition_by: columns it is split by.
        table_type: fact (default) or dimension (copied to every node).
        vector_index: columns of vectors to make an HNSW index for.
        descriptions: text by column name; older versions of Firebolt know no descriptions.
    """

    primary_index: tuple[str, ...] = ()
    partition_by: tuple[str, ...] = ()
    table_type: str = "fact"
    vector_index: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.table_type not in TABLE_TYPES:
            raise UsageError(f"table_type {self.table_type!r}: one of {', '.join(TABLE_TYPES)}")


@dataclass(frozen=True)
class S3Access:
    """How Firebolt's engine reads S3: a LOCATION object by name, a role, or keys.

    With neither of them the statement carries no credentials (public buckets).
    """

    location: str | None = None
    location_url: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    key: Secret | None = None
    secret: Secret | None = None
    token: Secret | None = None


def check_name(name: str) -> str:
    """Return a name that Firebolt takes.

    Raises:
        SchemaError: over 255 characters, or with a NUL character.
    """
    if len(name) > MAX_NAME:
        raise SchemaError(
            f"{name[:40]!r}.. has {len(name)} characters, and Firebolt's names at most {MAX_NAME};"
            " rename it before exporting"
        )
    if "\0" in name:
        raise SchemaError(f"{name!r} holds a NUL character; rename it before exporting")
    return name


def split_name(table: str) -> tuple[str, str]:
    """Take `table` or `schema.table` apart; the schema is `public` where none is named.

    >>> split_name("sport.players"), split_name("players")
    (('sport', 'players'), ('public', 'players'))
    """
    schema, name = split_table(table, DEFAULT_SCHEMA)
    return check_name(schema), check_name(name)


def quote_table(table: str) -> str:
    """Write `table` or `schema.table` as a quoted name; `public` is left out, since some statements
    of Firebolt Core 5.0 are reported to do nothing with it.

    >>> quote_table("sport.players"), quote_table("public.players")
    ('"sport"."players"', '"players"')
    """
    schema, name = split_name(table)
    quoted = quote_identifier(name)
    return quoted if schema == DEFAULT_SCHEMA else f"{quote_identifier(schema)}.{quoted}"


def render_create_table(
    table: str,
    columns: Mapping[str, str],
    *,
    not_null: Sequence[str] = (),
    layout: TableLayout | None = None,
    exists: bool = False,
) -> str:
    """Render the statement that makes an empty table, with NULL or NOT NULL for every column.

    Args:
        table: table or schema.table.
        columns: Firebolt type by column name, in order.
        not_null: columns that can't be NULL; those of index and partition never can.
        layout: index, partition, type and descriptions.
        exists: do nothing if the table is there.

    >>> print(render_create_table("t", {"id": "BIGINT", "a": "TEXT"}, not_null=["id"]))
    CREATE FACT TABLE "t" ("id" BIGINT NOT NULL, "a" TEXT NULL)
    """
    layout = layout or TableLayout()
    firm = {*not_null, *layout.primary_index, *layout.partition_by}
    told = []
    for name, kind in columns.items():
        text = f"{quote_identifier(check_name(name))} {kind} "
        text += "NOT NULL" if name in firm else "NULL"
        if name in layout.descriptions:
            text += f" DESCRIPTION = {quote_text(layout.descriptions[name])}"
        told.append(text)
    verb = f"CREATE {layout.table_type.upper()} TABLE{' IF NOT EXISTS' if exists else ''}"
    sql = f"{verb} {quote_table(table)} ({', '.join(told)})"
    for words, names in (
        ("PRIMARY INDEX", layout.primary_index),
        ("PARTITION BY", layout.partition_by),
    ):
        if names:
            sql += f" {words} {', '.join(quote_identifier(name) for name in names)}"
    return sql


def render_copy(
    table: str,
    columns: Sequence[str],
    url: str,
    access: S3Access,
    *,
    file_column: str | None = None,
    max_errors: int = 0,
    error_url: str | None = None,
) -> Statement:
    """Render the COPY of one Parquet file, or of a folder (a URL that ends in a slash).

    Columns are matched by name, and missing ones are an error. Files in the folder of a LOCATION
    object are named so that `part.*` means them as a glob and as a regular expression.

    Args:
        table: the target.
        columns: of the files, by name.
        url: s3://bucket/key or s3://bucket/folder/.
        access: how the engine reads it.
        file_column: the column for the key of the file that a row came from.
        max_errors: rows of one file that may be left out.
        error_url: folder for those rows and the reasons.
    """
    names = [quote_identifier(name) for name in columns]
    if file_column:
        names.append(f"{quote_identifier(file_column)} $source_file_name")
    options: list[str | Secret] = [
        "TYPE = PARQUET, AUTO_CREATE = FALSE, ALLOW_COLUMN_MISMATCH = FALSE",
        f", MAX_ERRORS_PER_FILE = {int(max_errors)}",
    ]
    if access.location:
        source = quote_identifier(access.location)
        options.append(f", PATTERN = {quote_text(_find_pattern(url, access))}")
    else:
        source = quote_text(url)
        options += _render_credentials(", CREDENTIALS", access)
    if max_errors and error_url:
        options.append(f", ERROR_FILE = {quote_text(error_url)}")
        options += _render_credentials(", ERROR_FILE_CREDENTIALS", access)
    head = f"COPY INTO {quote_table(table)} ({', '.join(names)}) FROM {source} WITH ("
    return Statement((head, *options, ")"))


def _find_pattern(url: str, access: S3Access) -> str:
    base = (access.location_url or "").rstrip("/") + "/"
    if not url.startswith(base):
        raise UsageError(
            f"{url} is not below {base}, where the LOCATION {access.location} points to; stage"
            " below it, or leave FIREBOLT_LOCATION unset"
        )
    pattern = url.removeprefix(base) + ("part.*" if url.endswith("/") else "")
    if not re.fullmatch(r"[A-Za-z0-9_=/.-]+(\.\*)?", pattern):
        raise UsageError(
            f"{url}: a LOCATION takes only names of letters, digits and _ - = . /, which are no"
            " pattern; rename the file, or leave FIREBOLT_LOCATION unset"
        )
    return pattern


def _render_credentials(words: str, access: S3Access) -> list[str | Secret]:
    if access.role_arn:
        told = f"AWS_ROLE_ARN = {quote_text(access.role_arn)}"
        if access.external_id:
            told += f" AWS_ROLE_EXTERNAL_ID = {quote_text(access.external_id)}"
        return [f"{words} = ({told})"]
    if access.key is None or access.secret is None:
        return []
    parts: list[str | Secret] = [f"{words} = (AWS_ACCESS_KEY_ID = ", access.key]
    parts += [" AWS_SECRET_ACCESS_KEY = ", access.secret]
    if access.token is not None:
        parts += [" AWS_SESSION_TOKEN = ", access.token]
    return [*parts, ")"]


def render_create_location(name: str, url: str, access: S3Access) -> Statement:
    """Render the statement that keeps a bucket's credentials in Firebolt under a name."""
    head = f"CREATE LOCATION IF NOT EXISTS {quote_identifier(name)} WITH SOURCE = 'AMAZON_S3'"
    return Statement(
        (head, *_render_credentials(" CREDENTIALS", access), f" URL = {quote_text(url)}")
    )


def render_upload(
    table: str, columns: Sequence[str], part: str, file_column: str | None, file: str
) -> str:
    """Render the statement that takes rows from a file that is sent with it (Firebolt Core).

    >>> print(render_upload("t", ["a"], "part0", None, ""))
    INSERT INTO "t" ("a") SELECT "a" FROM READ_PARQUET('upload://part0')
    """
    names = ", ".join(quote_identifier(name) for name in columns)
    into = f"{names}, {quote_identifier(file_column)}" if file_column else names
    values = f"{names}, {quote_text(file)}" if file_column else names
    return (
        f"INSERT INTO {quote_table(table)} ({into}) SELECT {values}"
        f" FROM READ_PARQUET({quote_text(f'upload://{part}')})"
    )


def render_count(table: str, file_column: str | None, prefix: str = "") -> str:
    """Render the count of a table's rows: by file, for files whose name begins with `prefix`, or
    altogether.

    >>> print(render_count("t", None))
    SELECT count(*) FROM "t"
    """
    if not file_column:
        return f"SELECT count(*) FROM {quote_table(table)}"
    column = quote_identifier(file_column)
    where = ""
    if prefix:
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)  # a range, which an index can use
        where = f" WHERE {column} >= {quote_text(prefix)} AND {column} < {quote_text(after)}"
    return f"SELECT {column}, count(*) FROM {quote_table(table)}{where} GROUP BY {column}"


def name_vector_index(table: str, column: str) -> str:
    """Name the index of a column of vectors.

    >>> name_vector_index("players", "name_embedding")
    'players_name_embedding_hnsw'
    """
    schema, plain = split_name(table)
    name = f"{plain}_{column}" if schema == DEFAULT_SCHEMA else f"{schema}_{plain}_{column}"
    if len(name) > 200:
        name = f"{name[:200]}_{xxhash.xxh3_64_hexdigest(name.encode())}"
    return f"{name}_hnsw"


def render_vector_index(table: str, column: str, dims: int) -> str:
    """Render the statement that makes an HNSW index for cosine distance.

    >>> print(render_vector_index("t", "v", 3))
    CREATE INDEX "t_v_hnsw" ON "t" USING HNSW ("v" vector_cosine_ops) WITH (dimension = 3)
    """
    return (
        f"CREATE INDEX {quote_identifier(name_vector_index(table, column))} ON {quote_table(table)}"
        f" USING HNSW ({quote_identifier(column)} vector_cosine_ops) WITH (dimension = {int(dims)})"
    )


def render_search(
    table: str,
    shown: Sequence[str],
    column: str,
    vector: Sequence[float],
    k: int,
    *,
    index: str | None = None,
) -> str:
    """Render the search for the `k` rows nearest to a vector: by an index, or over all rows.

    Args:
        table: the table.
        shown: columns that come back; `similarity` (cosine) is added, best first.
        column: the vectors.
        vector: what to look for.
        k: how many rows at most.
        index: the vector index; None compares every row.
    """
    target = json.dumps([float(value) for value in vector])
    similarity = f"VECTOR_COSINE_SIMILARITY({quote_identifier(column)}, {target})"
    told = ", ".join([*(quote_identifier(name) for name in shown), f'{similarity} AS "similarity"'])
    source = (
        f"VECTOR_SEARCH(INDEX {quote_identifier(index)}, target_vector => {target},"
        f" top_k => {int(k)})"
        if index
        else f"{quote_table(table)} WHERE {quote_identifier(column)} IS NOT NULL"
    )
    # NaN, from a vector of zeros, is greater than every number and would come first
    return (
        f'SELECT * FROM (SELECT {told} FROM {source}) AS found WHERE "similarity" <= 2'
        f' ORDER BY "similarity" DESC LIMIT {int(k)}'
    )
