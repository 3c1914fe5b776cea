# ruff: noqa: S608 (every identifier goes through quote_table)
"""The step that loads exported files into Firebolt."""

from __future__ import annotations

import shlex
from functools import cached_property
from typing import Any

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.warehouse import CopyIntoFireboltArgs
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
from dreambolt_steps.tables.rejects.schema import Reject, build_rejects
from dreambolt_steps.warehouses.firebolt.check import find_engine
from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions, prepare_layout
from dreambolt_steps.warehouses.firebolt.preview import preview_load
from dreambolt_steps.warehouses.firebolt.settings import (
    FireboltSettings,
    read_settings,
)
from dreambolt_steps.warehouses.firebolt.sql.names import TableLayout, quote_table
from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse


class CopyIntoFirebolt(TableStep[CopyIntoFireboltArgs]):
    """Loads exported Parquet files into Firebolt, in one transaction with the record of the load.

    Inputs: the manifest of `ExportParquet`, or of `FindParquet`.

    Outputs: one row: `database`, `table`, `load_id`, `rows`. The files are staged on S3 (or loaded
    where they are, if they are there), brought in by COPY INTO and counted file by file; each row
    keeps the name of its file in `_dreambolt_file`. The same load is never made twice, also after
    a kill between COMMIT and its answer. Rows that Firebolt leaves out, where that is allowed, are
    the step's rejects.

    Credentials come from the environment: see docs/firebolt.md. A rehearsal (`--dry-run`) prints
    every statement, secrets masked.

    Raises:
        CredentialError: a variable is not set, or a credential is refused.
        WarehouseError: the table exists, and mode `create` or `refresh` may not have it; rows that
            came are not those of the files; Firebolt refused a statement.
        WarehouseBusyError: Firebolt or S3 can't be reached; the same command goes on.
        SchemaError: the table has other columns, Firebolt has no type for one, or a key names
            several rows.
        UsageError: the input is not a manifest, or an argument is wrong.

    Example:
        args = {"database": "firebolt://lake", "table": "players", "mode": "replace"}
        CopyIntoFirebolt("copy into", inputs=columns(files), args=args)
    """

    version = 1.0
    Args = CopyIntoFireboltArgs

    @cached_property
    def settings(self) -> FireboltSettings:
        """Where Firebolt is, by the environment."""
        return read_settings(self.args["database"])

    def identify_content(self) -> object:
        return [self.settings.name, self.settings.core_url, self.settings.account]

    def find_missing_effects(self) -> list[str]:
        table, load_id = self.args["table"], self.receipt.report["load_id"]
        if FireboltWarehouse(self.settings).holds_load(table, load_id):
            return []
        return [f"table {table} of this load is not in {self.settings.name} any more"]

    def plan_effect(self) -> Dataset:
        load = ask_for_load(self, "<load id>")
        files = plan_files(self, "Firebolt")
        self.receipt.rows_in = self.receipt.rows_out = sum(files.rows)
        self.receipt.notes = preview_load(self.settings, load, files, self._read_options(()))
        return Dataset(LOAD_SCHEMA.empty_table())

    def run(self) -> Dataset:
        manifest = read_manifest(self)
        table = self.args["table"]
        load_id = self.args["load_id"] or name_load(manifest, self.settings.name, table)
        load = ask_for_load(self, load_id)
        options = self._read_options(manifest.column("fingerprint").to_pylist())
        find_engine(self.settings, start=True)
        warehouse = FireboltWarehouse(self.settings, options, self._count_bytes)
        rows = sum(manifest.column("rows").to_pylist())
        loaded = warehouse.load_files(
            load,
            manifest.column("path").to_pylist(),
            lambda done: self.advance(done, rows, "rows loaded"),
            tell_loss(self),
        )
        row = {"database": self.settings.name, "table": table, "load_id": load_id}
        row["rows"] = loaded.rows
        stored = self.store(pa.Table.from_pylist([row], schema=LOAD_SCHEMA).to_reader())
        self.receipt.rows_in = rows
        self.receipt.rows_out = self.receipt.rows_in - loaded.rejected
        self.keep_rejects(
            build_rejects(
                Reject(row.file, row.row, None, None, None, row.reason, None)
                for row in warehouse.left_out
            )
        )
        self.receipt.files = [self.settings.name]
        self.receipt.report |= {"load_id": load_id, "lineage": trace_lineage(self.inputs)}
        if warehouse.staged:
            self.receipt.report["staged"] = {"url": warehouse.staged, "until": options.staged}
        held = (
            "was loaded already" if loaded.skipped else f"holds {loaded.rows:,} rows of this load"
        )
        self.receipt.notes.append(f"table {table} in {self.settings.name} {held}")
        self.receipt.report["next"] = suggest_commands(self.settings.name, table, options.layout)
        return stored

    def _read_options(self, fingerprints: Any) -> FireboltOptions:
        args = self.args
        return FireboltOptions(
            staging=args["staging"] or None,
            staged=args["staged"],
            upload=args["upload"],
            apart=args["apart"],
            max_errors_per_file=args["max_errors_per_file"],
            layout=prepare_layout(args),
            fingerprints=tuple(fingerprints),
        )

    def _count_bytes(self, done: int, total: int) -> None:
        self.advance(done, total, "bytes staged")


def suggest_commands(database: str, table: str, layout: TableLayout) -> list[str]:
    """Commands of the command line that look into a table that was loaded."""
    commands = [shlex.join(["query", database, f"SELECT * FROM {quote_table(table)} LIMIT 5"])]
    for column in layout.vector_index:
        words = ["search", database, "what to look for", "--table", table, "--column", column]
        commands.append(shlex.join(words))
    return commands


__all__ = ["CopyIntoFirebolt"]
