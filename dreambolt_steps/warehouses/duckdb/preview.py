"""What a load into DuckDB would do, said without doing any of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dreambolt_steps.warehouses.duckdb.catalog import find_columns
from dreambolt_steps.warehouses.duckdb.connection import find_path, open_to_read
from dreambolt_steps.warehouses.duckdb.load import find_held
from dreambolt_steps.warehouses.duckdb.parquet_source import describe_files
from dreambolt_steps.warehouses.duckdb.replace import check_target, tell_losses
from dreambolt_steps.warehouses.load import Load, refuse_existing


def preview_load(database: str | Path, load: Load, schema: pa.Schema) -> list[str]:
    """Say what a load would do to its table, and what would go for good.

    Args:
        database: the DuckDB file; it need not exist.
        load: what would be asked for.
        schema: of the files.

    Returns: sentences, such as `would make table t in out/x.duckdb`.
    Raises: as a load, for what can be known before.
    """
    path = find_path(database)
    made = f"would make table {load.table} in {database}"
    if not path.exists():
        return [made]
    with open_to_read(path) as connection:
        check_target(connection, load, str(path))
        if find_columns(connection, load.table) is None:
            return [made]
        if load.mode == "create" and not find_held(connection, load.table):
            raise refuse_existing(load.table, str(path))
        lost = tell_losses(connection, load, _describe_schema(schema)) if load.replaces else []
    verb = "replace" if load.replaces else load.mode
    told = f"would {verb} table {load.table} in {database}"
    return [told, *(f"would replace for good: {one}" for one in lost)]


def _describe_schema(schema: pa.Schema) -> dict[str, str]:
    """The types that DuckDB will read from files of a schema."""
    with TemporaryDirectory(prefix="dreambolt-") as folder:
        file = Path(folder, "empty.parquet")
        pq.write_table(schema.empty_table(), file)
        with duckdb.connect() as connection:
            return describe_files(connection, [file]).columns
