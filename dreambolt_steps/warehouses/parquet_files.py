"""The files of a load: their columns, rows and metadata, read from the footers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dreambolt_steps.errors import SchemaError, SourceError, UsageError
from dreambolt_steps.tables.export.export import METADATA_PREFIX
from dreambolt_steps.warehouses.type_fit import fold_name


@dataclass(frozen=True)
class ParquetFiles:
    """Files of one schema.

    `rows` and `bytes` are those of each file; `nulls` the NULLs by column name, None where the
    files don't tell; `metadata` the `dreambolt.` pairs of the first file without the prefix.
    """

    paths: tuple[str, ...]
    rows: tuple[int, ...]
    bytes: tuple[int, ...]
    schema: pa.Schema
    nulls: dict[str, int | None]
    metadata: dict[str, str]


def read_footers(files: Sequence[str | Path], warehouse: str) -> ParquetFiles:
    """Read the footers of the files of a load.

    Args:
        files: Parquet files of the same columns, in any order of columns; here, or s3:// URIs.
        warehouse: its name, for errors; names of columns are one to it if they differ in case.

    Raises:
        UsageError: no files.
        SourceError: a file is missing or no Parquet file.
        CredentialError: S3 keys are missing or refused.
        SchemaError: the files differ, or names differ only in case.

    Example:
        read_footers(["out/players.parquet"], "DuckDB").rows
    """
    if not files:
        raise UsageError("no Parquet files to load; give at least one")
    paths = [str(f) if str(f).startswith("s3://") else str(Path(f).absolute()) for f in files]
    remote = _open_s3() if any(path.startswith("s3://") for path in paths) else None
    read = [_read_footer(path, remote) for path in paths]
    footers = [footer for footer, _ in read]
    schema = footers[0].schema.to_arrow_schema()
    _check_names(schema, paths[0], warehouse)
    for path, footer in zip(paths[1:], footers[1:], strict=True):
        _check_same(schema, paths[0], footer.schema.to_arrow_schema(), path)
    pairs = footers[0].metadata or {}
    prefix = METADATA_PREFIX.encode()
    return ParquetFiles(
        paths=tuple(paths),
        rows=tuple(footer.num_rows for footer in footers),
        bytes=tuple(size for _, size in read),
        schema=schema,
        nulls=_count_nulls(footers),
        metadata={
            key.removeprefix(prefix).decode(): value.decode(errors="replace")
            for key, value in pairs.items()
            if key.startswith(prefix)
        },
    )


def plan_footers(schema: pa.Schema, rows: int) -> ParquetFiles:
    """What `read_footers` will say of an export that is not made yet.

    Args:
        schema: of the table.
        rows: how many it has.
    """
    return ParquetFiles(("part-00000.parquet",), (rows,), (0,), schema, nulls={}, metadata={})


def _open_s3() -> Any:
    from dreambolt_steps.sources.s3 import open_s3

    return open_s3()


def _read_footer(path: str, remote: Any) -> tuple[pq.FileMetaData, int]:
    try:
        if not path.startswith("s3://"):
            return pq.read_metadata(path), Path(path).stat().st_size
        from dreambolt_steps.sources.s3 import explain_s3_errors

        with explain_s3_errors(path), remote.open(path, "rb") as file:
            return pq.read_metadata(file), int(file.size)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"{path} can't be read: {reason.lower()}; export it again") from error
    except pa.ArrowInvalid as error:
        raise SourceError(f"{path} is no Parquet file or is cut short; export it again") from error


def _count_nulls(footers: Sequence[pq.FileMetaData]) -> dict[str, int | None]:
    """NULLs of each column that is not nested, from the statistics of the row groups."""
    found: dict[str, int | None] = {}
    for footer in footers:
        for group in range(footer.num_row_groups):
            for at in range(footer.num_columns):
                column = footer.row_group(group).column(at)
                stats = column.statistics
                known = stats is not None and stats.has_null_count
                before = found.get(column.path_in_schema, 0)
                told = None if before is None or not known else before + stats.null_count
                found[column.path_in_schema] = told
    return found


def _check_names(schema: pa.Schema, path: str, warehouse: str) -> None:
    seen: dict[str, str] = {}
    for position, name in enumerate(schema.names, 1):
        if not name:
            raise SchemaError(f"{path}: column {position} has no name; rename it before loading")
        other = seen.setdefault(fold_name(name), name)
        if position > len(seen):
            raise SchemaError(
                f"{path}: columns {other!r} and {name!r} are one in {warehouse}, which ignores"
                " case; rename one before loading"
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
