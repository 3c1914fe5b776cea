"""The step that writes the table to Parquet files outside the session."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps import __version__
from dreambolt_steps.arguments.warehouse import ExportParquetArgs
from dreambolt_steps.steps.base.lineage import (
    trace_categories,
    trace_descriptions,
    trace_lineage,
    trace_rejects,
)
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.suggestion.apply import describe_schema
from dreambolt_steps.tables.export.categories import DICTIONARY, encode_categories
from dreambolt_steps.tables.export.export import (
    ExportedFile,
    verify_export,
    write_parquet,
)
from dreambolt_steps.tables.export.reject_export import (
    check_rejects,
    export_rejects,
    is_rejects,
    name_rejects,
)

MANIFEST_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("fingerprint", pa.string()),
    ]
)


class ExportParquet(TableStep[ExportParquetArgs]):
    """Writes the table to Parquet, so that a reader never sees half a file.

    Inputs: every column of one upstream table.

    Outputs: the manifest, one row a file: `path`, `rows`, `bytes`, `fingerprint` (of its content).
    Vectors are written as fixed-size lists of float32; where the table came from and which model
    embedded it stand in the files' metadata, what is known of columns (`SuggestSchema`) in that of
    their fields. Columns that `CleanTable` found to be categories are Arrow dictionaries of text (a
    category in pandas and Polars; text for warehouses). Only here: the features of DataDreamer's
    tables (datasets 3.2.0) hold no dictionaries. If the files are gone or changed when the session
    is resumed, they are written again.

    Rows that the steps above rejected go to a file beside: `out/players.rejects.parquet` for the
    folder `out/players`, `out/_rejects/players.parquet` for the file `out/players.parquet`. Each
    tells step, file, line, column, value, reason and the raw row. Without rejects there is no such
    file.

    Raises:
        ExportError: the place can't be written, holds files of somebody else, or the disk is full.

    Example:
        files = ExportParquet("export", inputs=columns(vectors), args={"path": "out/players"})
    """

    version = 1.2  # categories are dictionaries
    Args = ExportParquetArgs

    def find_missing_effects(self) -> list[str]:
        report = self.receipt.report
        kept = report.get("rejects_file")
        missing = verify_export(
            [ExportedFile(**file) for file in [*report["manifest"], *([kept] if kept else [])]]
        )
        beside = name_rejects(self.args["path"])
        if not kept and is_rejects(beside):
            missing.append(f"{beside}: holds rejects, and there are none")
        return missing

    def plan_effect(self) -> Dataset:
        self.receipt.rows_in = self.receipt.rows_out = self.table.num_rows
        self.receipt.notes.append(
            f"would write {self.receipt.rows_in:,} rows to {self.args['path']}"
        )
        if trace_rejects(self.inputs):
            self.receipt.notes.append(f"and the rejects to {name_rejects(self.args['path'])}")
        return Dataset(MANIFEST_SCHEMA.empty_table())

    def run(self) -> Dataset:
        args = self.args
        self.receipt.rows_in = total = self.table.num_rows
        lineage, rejects = trace_lineage(self.inputs), trace_rejects(self.inputs)
        beside = name_rejects(args["path"])
        if rejects:
            check_rejects(beside)
        described = _describe(self.table.open_reader(), trace_descriptions(self.inputs))
        reader = encode_categories(described, trace_categories(self.inputs))
        encoded = [field.name for field in reader.schema if field.type == DICTIONARY]
        files = write_parquet(
            reader,
            args["path"],
            compression=args["compression"],
            row_group_rows=args["row_group_rows"],
            max_file_bytes=args["max_file_bytes"],
            metadata={**lineage, "version": __version__},
            on_progress=lambda rows: self.advance(rows, total),
        )
        manifest: list[dict[str, Any]] = [asdict(file) for file in files]
        for file in manifest:
            file["path"] = str(file["path"])
        self.receipt.files = [file["path"] for file in manifest]
        self.receipt.report |= {"manifest": manifest, "lineage": lineage}
        if encoded:
            self.receipt.report["dictionaries"] = encoded
            self.receipt.notes.append(f"as dictionaries: {', '.join(encoded)}")
        kept = export_rejects(beside, rejects, str(args["path"]))
        if kept is not None:
            self.receipt.report["rejects_file"] = asdict(kept) | {"path": str(kept.path)}
            self.receipt.notes.append(f"{kept.rows:,} rejects in {kept.path}")
        stored = self.store(pa.Table.from_pylist(manifest, schema=MANIFEST_SCHEMA).to_reader())
        self.receipt.rows_out = sum(file.rows for file in files)
        return stored


def _describe(
    reader: pa.RecordBatchReader, descriptions: dict[str, dict[str, str]]
) -> pa.RecordBatchReader:
    """The stream with its columns described, also where a step on the way lost the metadata of
    fields."""
    schema = describe_schema(reader.schema, descriptions)
    batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, batches)


__all__ = ["ExportParquet"]
