# ruff: noqa: S608 (the only inserted text is a constant)
"""The files of a load as DuckDB will read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.warehouses.parquet_files import read_footers
from dreambolt_steps.warehouses.sql import PARQUET_SOURCE, escape_glob


@dataclass(frozen=True)
class ParquetSource:
    """Files of one schema.

    `columns` has the DuckDB type by column name, fixed-size lists as arrays (FLOAT[384]); `rows`
    the rows of each file; `metadata` the `dreambolt.` pairs of the first file without the prefix.
    """

    paths: tuple[str, ...]
    rows: tuple[int, ...]
    columns: dict[str, str]
    metadata: dict[str, str]


def describe_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str | Path]
) -> ParquetSource:
    """Read the footers of the files of a load.

    Args:
        connection: any; its types are used.
        files: Parquet files of the same columns, in any order of columns.

    Returns: what they hold.

    Raises:
        UsageError: no files, or one on S3.
        SourceError: a file is missing or no Parquet file.
        SchemaError: the files differ, names differ only in case, or a type would lose its meaning.

    Example:
        describe_files(duckdb.connect(), ["out/players.parquet"]).columns
    """
    remote = next((str(file) for file in files if str(file).startswith("s3://")), None)
    if remote is not None:
        raise UsageError(f"{remote}: DuckDB loads files of this machine; use LoadTable to get it")
    found = read_footers(files, "DuckDB")
    told = connection.execute(
        f"DESCRIBE SELECT * FROM {PARQUET_SOURCE}", {"files": [escape_glob(found.paths[0])]}
    ).fetchall()
    return ParquetSource(
        paths=found.paths,
        rows=found.rows,
        columns={
            field.name: _name_type(field, row[1], found.paths[0])
            for field, row in zip(found.schema, told, strict=True)
        },
        metadata=found.metadata,
    )


def _name_type(field: pa.Field, kind: str, path: str) -> str:
    lossy = _find_lossy(field.type)
    if lossy is not None:
        raise SchemaError(
            f"{path}: column {field.name!r} is {field.type}, and DuckDB would change values of type"
            f" {lossy}; cast it before exporting"
        )
    if pa.types.is_null(field.type):
        return "VARCHAR"
    if pa.types.is_fixed_size_list(field.type):
        return re.sub(r"\[\]$", f"[{field.type.list_size}]", kind)
    return kind


def _find_lossy(kind: pa.DataType) -> pa.DataType | None:
    """Find what DuckDB reads as another type: wide decimals, durations, arrays of size 0."""
    if pa.types.is_decimal(kind) and kind.precision > 38:
        return kind
    if pa.types.is_duration(kind) or (pa.types.is_fixed_size_list(kind) and not kind.list_size):
        return kind
    for position in range(kind.num_fields):
        found = _find_lossy(kind.field(position).type)
        if found is not None:
            return found
    return None
