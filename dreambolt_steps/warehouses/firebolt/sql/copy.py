# ruff: noqa: S608 (names go through quote_identifier, texts through quote_text)
"""SQL that brings files into a table of Firebolt, and counts what came."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dreambolt_steps.errors import UsageError
from dreambolt_steps.warehouses.firebolt.sql.names import quote_table
from dreambolt_steps.warehouses.sql import quote_identifier
from dreambolt_steps.warehouses.statement import Secret, Statement, quote_text


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
    head = f"CREATE LOCATION IF NOT EXISTS {quote_identifier(name)} WITH SOURCE = AMAZON_S3"
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
