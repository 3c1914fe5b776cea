"""The step that reads a table from files."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from datasets import Dataset

from dreambolt_steps.formats.read import TableRead, read_table
from dreambolt_steps.rehearsal import current_rehearsal
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import SourceFile, fingerprint_source, resolve_source
from dreambolt_steps.steps.table_step import TableStep

_DIALECT_ARGS = ("delimiter", "quote", "escape", "encoding", "header", "skip")
_SHOWN_NOTES = 20


class LoadTable(TableStep):
    """Reads a table from CSV, TSV or Parquet files, local or on S3.

    Outputs: the columns of the files. Text files come as text, untouched: `CleanTable` finds names
    and types. Rows that do not fit are kept in the step's rejects, with file, line and reason. The
    result is made again when a source file changes.

    S3 credentials come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and
    AWS_ENDPOINT_URL for another server than Amazon's.

    Raises:
        SourceError: a file is missing, empty, not readable or not of its format.
        CredentialError: S3 keys are missing or refused.
        SchemaError: several files whose columns no type holds, or that differ and must be the same.

    Example:
        raw = LoadTable("load", args={"source": "s3://bucket/players/*.csv"})
    """

    version = 1.0

    def setup(self) -> None:
        self.register_arg("source", help="A path, a glob, an s3:// URI, or a list of them.")
        self.register_arg(
            "file_format",
            required=False,
            help="csv, tsv or parquet.",
            default_help="by the file's suffix",
        )
        self.register_arg(
            "delimiter", required=False, help="Between two fields.", default_help="found out"
        )
        self.register_arg("quote", required=False, help="Around a field.", default_help="found out")
        self.register_arg(
            "escape", required=False, help="Before a quote in a field.", default_help="found out"
        )
        self.register_arg(
            "encoding", required=False, help="Such as cp1252.", default_help="found out"
        )
        self.register_arg(
            "header",
            required=False,
            help="Whether the first row holds the names.",
            default_help="found out",
        )
        self.register_arg(
            "skip", required=False, help="Lines before the table.", default_help="found out"
        )
        self.register_arg(
            "schemas",
            required=False,
            default="unite",
            help="Files with other columns or types: unite them by name, or insist on the same.",
        )

    @cached_property
    def source_files(self) -> list[SourceFile]:
        """The files behind `source`, each with the identity of its content."""
        return resolve_source(self.args["source"])

    def identify_content(self) -> object:
        return fingerprint_source(self.source_files)

    def run(self) -> Dataset:
        if self.folder is None:
            with TemporaryDirectory(prefix="dreambolt-") as scratch:
                return self._load(Path(scratch))
        spool = Path(self.get_run_output_folder_path()) / "spool"
        loaded = self._load(spool)
        shutil.rmtree(spool, ignore_errors=True)
        return loaded

    def _load(self, spool: Path) -> Dataset:
        args, rehearsal = self.args, current_rehearsal()
        paths = [fetch_file(file, spool) for file in self.source_files]
        read = read_table(
            paths,
            file_format=args["file_format"],
            schemas=args["schemas"],
            limit=rehearsal.rows if rehearsal else None,
            **{name: args[name] for name in _DIALECT_ARGS},
        )
        loaded = self.store(read.reader)
        self._tell(read)
        return loaded

    def _tell(self, read: TableRead) -> None:
        report = read.report()
        self.keep_rejects(report.rejects)
        self.receipt.rows_in = report.rows + report.rejected
        shown = self.source_files[0].uri
        if len(self.source_files) > 1:
            shown += f" and {len(self.source_files) - 1:,} more"
        self.receipt.report = {
            "lineage": {"source": shown, "source_fingerprint": self.identify_content()},
            "dialects": {
                file.file: str(file.dialect) for file in report.files[:20] if file.dialect
            },
            "schemas": list(report.schema_notes),
            "rows_by_file": [[file.file, file.rows] for file in report.files],
        }
        self.receipt.notes += report.schema_notes[:_SHOWN_NOTES]
        if report.rejected:
            first = report.rejects.slice(0, 1).to_pylist()[0]
            self.receipt.notes.append(
                f"first reject: {first['file']} line {first['line']}: {first['reason']}"
            )


__all__ = ["LoadTable"]
