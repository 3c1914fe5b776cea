"""The step that loads exported files into a DuckDB database, the embedded default warehouse."""

from __future__ import annotations

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.warehouse import CopyIntoDuckDBArgs
from dreambolt_steps.steps.base.lineage import trace_lineage
from dreambolt_steps.steps.base.manifest_input import LOAD_SCHEMA, name_load, read_manifest
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.warehouses.duckdb.examples import suggest_commands
from dreambolt_steps.warehouses.duckdb.warehouse import holds_load, load_parquet


class CopyIntoDuckDB(TableStep[CopyIntoDuckDBArgs]):
    """Loads exported Parquet files into a table, in one transaction with the record of the load.

    Inputs: the manifest of `ExportParquet`.

    Outputs: one row: `database`, `table`, `load_id`, `rows`. The same load is never made twice:
    its id is that of the files' content unless one is given. If the table is gone when the session
    is resumed, it is loaded again.

    Raises:
        WarehouseError: mode `create` and the table exists; the database is locked or is none.
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
        args = self.args
        self.receipt.notes.append(
            f"would {args['mode']} table {args['table']} in {args['database']}"
        )
        return Dataset(LOAD_SCHEMA.empty_table())

    def run(self) -> Dataset:
        args = self.args
        manifest = read_manifest(self)
        load_id = args["load_id"] or name_load(manifest)
        loaded = load_parquet(
            args["database"],
            args["table"],
            manifest.column("path").to_pylist(),
            mode=args["mode"],
            load_id=load_id,
            key=args["key"],
            evolve=args["evolve"],
        )
        row = {
            "database": str(args["database"]),
            "table": args["table"],
            "load_id": load_id,
            "rows": loaded.rows,
        }
        stored = self.store(pa.Table.from_pylist([row], schema=LOAD_SCHEMA).to_reader())
        rows = sum(manifest.column("rows").to_pylist())
        self.receipt.rows_in = self.receipt.rows_out = rows
        self.receipt.files = [str(args["database"])]
        self.receipt.report |= {"load_id": load_id, "lineage": trace_lineage(self.inputs)}
        self.receipt.report["next"] = suggest_commands(args["database"], args["table"])
        held = "was loaded already" if loaded.skipped else f"holds {rows:,} rows of this load"
        self.receipt.notes.append(f"table {args['table']} in {args['database']} {held}")
        return stored


__all__ = ["CopyIntoDuckDB"]
