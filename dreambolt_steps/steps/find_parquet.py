"""The step that finds Parquet files which are there already."""

from __future__ import annotations

from functools import cached_property

import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.load_table import FindParquetArgs
from dreambolt_steps.errors import UsageError
from dreambolt_steps.sources.source import SourceFile, fingerprint_source, resolve_source
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.steps.export_parquet import MANIFEST_SCHEMA
from dreambolt_steps.warehouses.parquet_files import read_footers


class FindParquet(TableStep[FindParquetArgs]):
    """Finds Parquet files that are there already, so that they are loaded as and where they are.

    Outputs: the manifest, as of `ExportParquet`: one row a file, `path`, `rows`, `bytes`,
    `fingerprint`. Only the files' footers are read. Files on S3 are loaded into Firebolt from
    there, without a copy; into DuckDB only files of this machine. The result is made again when a
    file changes, comes or goes.

    Raises:
        SourceError: nothing is there, or a file is no Parquet file.
        SchemaError: the files have different columns.
        CredentialError: S3 keys are missing or refused.
        UsageError: a file is neither here nor on S3.

    Example:
        files = FindParquet("files", args={"source": "s3://bucket/players/*.parquet"})
        CopyIntoFirebolt("copy into", inputs=columns(files), args={"table": "players"})
    """

    version = 1.0
    Args = FindParquetArgs

    @cached_property
    def files(self) -> list[SourceFile]:
        """The files, by name."""
        return resolve_source(self.args["source"])

    def identify_content(self) -> object:
        return fingerprint_source(self.files)

    def run(self) -> Dataset:
        for file in self.files:
            if file.container or (file.is_remote and not file.uri.startswith("s3://")):
                raise UsageError(
                    f"{file.uri} can't be loaded where it is; use LoadTable and ExportParquet"
                )
        footers = read_footers([file.uri for file in self.files], "a warehouse")
        rows = {
            "path": list(footers.paths),
            "rows": list(footers.rows),
            "bytes": list(footers.bytes),
            "fingerprint": [file.identity for file in self.files],
        }
        stored = self.store(pa.table(rows, schema=MANIFEST_SCHEMA).to_reader())
        self.receipt.rows_in = self.receipt.rows_out = sum(footers.rows)
        self.receipt.files = list(footers.paths)
        return stored


__all__ = ["FindParquet"]
