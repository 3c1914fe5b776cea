# ruff: noqa: S608 (the only inserted text is a constant)
"""The files of a load: their columns, rows and metadata, read from the footers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dreambolt_steps.errors import SchemaError, SourceError, UsageError
from dreambolt_steps.tables.export import METADATA_PREFIX
from dreambolt_steps.warehouses.copy_sql import PARQUET_SOURCE, escape_glob
from dreambolt_steps.warehouses.type_fit import fold_name


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
        UsageError: no files.
        SourceError: a file is missing or no Parquet file.
        SchemaError: the files differ, names differ only in case, or a type would lose its meaning.

    Example:
        describe_files(duckdb.connect(), ["out/players.parquet"]).columns
    """
    if not files:
        raise UsageError("no Parquet files to load; give at least one")
    paths = [str(Path(file).absolute()) for file in files]
    footers = [_read_footer(path) for path in paths]
    schema = footers[0].schema.to_arrow_schema()
    _check_names(schema, paths[0])
    for path, footer in zip(paths[1:], footers[1:], strict=True):
        _check_same(schema, paths[0], footer.schema.to_arrow_schema(), path)
    told = connection.execute(
        f"DESCRIBE SELECT * FROM {PARQUET_SOURCE}", {"files": [escape_glob(paths[0])]}
    ).fetchall()
    pairs = footers[0].metadata or {}
    prefix = METADATA_PREFIX.encode()
    return ParquetSource(
        paths=tuple(paths),
        rows=tuple(footer.num_rows for footer in footers),
        columns={
            field.name: _name_type(field, row[1], paths[0])
            for field, row in zip(schema, told, strict=True)
        },
        metadata={
            key.removeprefix(prefix).decode(): value.decode(errors="replace")
            for key, value in pairs.items()
            if key.startswith(prefix)
        },
    )


def _read_footer(path: str) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{path} can't be read: {reason.lower()}; export it again") from error
    except pa.ArrowInvalid as error:
        raise SourceError(f"{path} is no Parquet file or is cut short; export it again") from error


def _check_names(schema: pa.Schema, path: str) -> None:
    seen: dict[str, str] = {}
    for position, name in enumerate(schema.names, 1):
        if not name:
            raise SchemaError(f"{path}: column {position} has no name; rename it before loading")
        other = seen.setdefault(fold_name(name), name)
        if position > len(seen):
            raise SchemaError(
                f"{path}: columns {other!r} and {name!r} are one in DuckDB, which ignores case;"
                " rename one before loading"
            )


def _check_same(first: pa.Schema, path: str, other: pa.Schema, other_path: str) -> None:
    one = {field.name: field.type for field in first}
    two = {field.name: field.type for field in other}
    for name in sorted(one.keys() | two.keys()):
        if one.get(name) != two.get(name):
            raise SchemaError(
                f"column {name!r} is {two.get(name, 'missing')} in {other_path} and"
                f" {one.get(name, 'missing')} in {path}; load files of one export together"
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
