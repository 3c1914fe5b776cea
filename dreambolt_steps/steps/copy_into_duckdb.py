"""The step that loads exported files into a DuckDB database, the embedded default warehouse."""

from __future__ import annotations

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.warehouse import CopyIntoDuckDBArgs
from dreambolt_steps.dry_run import is_preview
from dreambolt_steps.steps.base.lineage import trace_lineage
from dreambolt_steps.steps.base.manifest_input import (
    LOAD_SCHEMA,
    ask_for_load,
    name_load,
    plan_files,
    read_manifest,
    tell_loss,
)
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.warehouses.duckdb.examples import suggest_commands
from dreambolt_steps.warehouses.duckdb.preview import preview_load
from dreambolt_steps.warehouses.duckdb.warehouse import DuckDBWarehouse, holds_load


class CopyIntoDuckDB(TableStep[CopyIntoDuckDBArgs]):
    """Loads exported Parquet files into a table, in one transaction with the record of the load.

    Inputs: the manifest of `ExportParquet`.

    Outputs: one row: `database`, `table`, `load_id`, `rows`. The same load is never made twice:
    its id is that of the files' content unless one is given. If the table is gone when the session
    is resumed, it is loaded again.

    Raises:
        WarehouseError: the table exists, and mode `create` or `refresh` may not have it; the
            database is none.
        WarehouseBusyError: another process has the database open.
        SchemaError: the table has other columns, or a key names several rows.
        UsageError: the input is not a manifest, or a key is missing.

    Example:
        args = {"database": "out/players.duckdb", "table": "players"}
        CopyIntoDuckDB("copy into", inputs=columns(files), args=args)
    """

    version = 1.0
    Args = CopyIntoDuckDBArgs

    def find_missing_effects(self) -> list[str]:
        args, load_id = self.args, self.receipt.report["load_id"]
        if holds_load(args["database"], args["table"], load_id):
            return []
        return [f"table {args['table']} of this load is not in {args['database']} any more"]

    def plan_effect(self) -> Dataset:
        files = plan_files(self, "DuckDB")
        load = ask_for_load(self, "<load id>")
        if is_preview():  # of no session yet, so nothing would be its own
            told = f"would load table {load.table} in {self.args['database']} (mode {load.mode})"
            self.receipt.notes = [told]
        else:
            self.receipt.notes = preview_load(self.args["database"], load, files.schema)
        self.receipt.rows_in = self.receipt.rows_out = sum(files.rows)
        return Dataset(LOAD_SCHEMA.empty_table())

    def run(self) -> Dataset:
        args = self.args
        manifest = read_manifest(self)
        load_id = args["load_id"] or name_load(manifest)
        load = ask_for_load(self, load_id)
        files = manifest.column("path").to_pylist()
        rows = sum(manifest.column("rows").to_pylist())
        loaded = DuckDBWarehouse(args["database"]).load_files(
            load, files, lambda done: self.advance(done, rows, "rows loaded"), tell_loss(self)
        )
        row = {
            "database": str(args["database"]),
            "table": args["table"],
            "load_id": load_id,
            "rows": loaded.rows,
        }
        stored = self.store(pa.Table.from_pylist([row], schema=LOAD_SCHEMA).to_reader())
        self.receipt.rows_in = self.receipt.rows_out = rows
        self.receipt.files = [str(args["database"])]
        self.receipt.report |= {"load_id": load_id, "lineage": trace_lineage(self.inputs)}
        self.receipt.report["next"] = suggest_commands(args["database"], args["table"])
        held = "was loaded already" if loaded.skipped else f"holds {rows:,} rows of this load"
        self.receipt.notes.append(f"table {args['table']} in {args['database']} {held}")
        return stored


__all__ = ["CopyIntoDuckDB"]
