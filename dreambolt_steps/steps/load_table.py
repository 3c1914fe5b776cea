"""The step that reads a table from files."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from datasets import Dataset

from dreambolt_steps.arguments.load_table import LoadTableArgs, ReadArgs
from dreambolt_steps.dry_run import current_rehearsal
from dreambolt_steps.errors import SourceError
from dreambolt_steps.findings.finding import hand_over
from dreambolt_steps.findings.in_files import find_in_files
from dreambolt_steps.readers.cache.cached_read import CachedRead
from dreambolt_steps.readers.cache.file_cache import FileCache
from dreambolt_steps.readers.cache.read import name_file_key, read_files
from dreambolt_steps.readers.location import RowPlace
from dreambolt_steps.readers.table.locate_rows import FORMATS, locate_rows
from dreambolt_steps.readers.table.read import TableRead, read_table
from dreambolt_steps.session import step_cache
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.file_selection import Intake
from dreambolt_steps.sources.journal import KnownFile
from dreambolt_steps.sources.source import check_unchanged
from dreambolt_steps.steps.base.load_increment import (
    conclude_intake,
    find_since,
    open_intake,
    tell_since,
)
from dreambolt_steps.steps.base.table_step import TableStep

_SHOWN_NOTES = 20


class LoadTable(TableStep[LoadTableArgs]):
    """Reads a table from files, on this machine, on S3 or behind a URL.

    CSV and other delimited text, Parquet, Arrow and Feather, Excel and OpenDocument spreadsheets,
    XML; each also packed with gzip, zstd, bz2, xz or in a zip. The source is a path, a glob, a
    folder (also one partitioned as `year=2024/country=DE/`), an http(s):// or s3:// URL or that of
    any other file system fsspec knows, whose library has to be installed.

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

    version = 1.4  # sheets, JSON and XML of more shapes are read
    Args = LoadTableArgs
    _from_cache: int | None = None
    _counted: Mapping[str, int] = MappingProxyType({})

    @cached_property
    def intake(self) -> Intake:
        """The files behind `source`, and what is taken of them in this run."""
        return open_intake(self, self.args)

    def identify_content(self) -> object:
        return self.intake.plan.increment.content

    def run(self) -> Dataset:
        if self.folder is None:
            with TemporaryDirectory(prefix="dreambolt-") as scratch:
                return self._load(Path(scratch))
        spool = Path(self.get_run_output_folder_path()) / "spool"
        loaded = self._load(spool)
        shutil.rmtree(spool, ignore_errors=True)
        return loaded

    def _load(self, spool: Path) -> Dataset:
        if not self.intake.plan.files:
            raise SourceError(
                f"step {self.name}: nothing is new, and the files of the last run are not what "
                "they were; name another --session to take every file again"
            )
        read = self._open(spool)
        loaded = self.store(read.reader)
        check_unchanged(self.intake.plan.files)
        self._tell(read)
        return loaded

    def _open(self, spool: Path) -> TableRead | CachedRead:
        files, rehearsal, cache = self.intake.plan.files, current_rehearsal(), self._cache
        limit = rehearsal.rows if rehearsal else None
        if len(self.intake.files) == 1 or limit is not None or cache is None:
            allowed = self.args["max_expanded_bytes"]
            paths = [fetch_file(file, spool, max_expanded_bytes=allowed) for file in files]
            return read_table(paths, sources=files, spool=spool, limit=limit, **self._reading)
        read = read_files(
            files,
            cache,
            spool,
            version=self.version,
            siblings=self.intake.files,
            advance=lambda done: self.advance(done, len(files), "files"),
            **self._reading,
        )
        self._from_cache = len(files) - len(read.fresh)
        self._counted = read.count_rows()
        return read

    @property
    def _reading(self) -> dict[str, Any]:
        told = {name: self.args[name] for name in ReadArgs.__annotations__}
        return told | {"since": find_since(self.intake, self.args)}

    @property
    def _cache(self) -> FileCache | None:
        session = self.find_session_folder()
        return FileCache(session / step_cache.PARTS) if session else None

    def _tell(self, read: TableRead | CachedRead) -> None:
        report = read.report()
        self.keep_rejects(report.spooled)
        self.receipt.rows_in = report.rows + report.rejected
        shown = report.files[0].file
        if len(report.files) > 1:
            shown += f" and {len(report.files) - 1:,} more"
        increment = self.intake.plan.increment
        lineage = {"source": shown, "source_fingerprint": increment.content}
        if increment.follows:
            lineage["source_follows"] = increment.follows
        self.receipt.report |= {
            "lineage": lineage,
            "dialects": {
                file.file: str(file.dialect) for file in report.files[:20] if file.dialect
            },
            "schemas": list(report.schema_notes),
            "formats": sorted({file.file_format for file in report.files}),
            "rows_by_file": [[file.file, file.rows] for file in report.files],
        }
        several = len(report.files) > 1
        told = [
            f"{Path(file.file).name}: {finding}" if several else finding
            for file in report.files
            for finding in file.findings
        ]
        if self._from_cache is not None:  # each file was read alone
            told = [note for file in self.intake.files for note in file.notes] + told
        self.receipt.report["findings"] = told
        hand_over(self.receipt, *find_in_files(report.files, report.schema_notes))
        self.receipt.notes += [*report.schema_notes, *told][:_SHOWN_NOTES]
        if since := self._reading["since"]:
            tell_since(self.receipt, since, report, read.schema)
        if report.rejected:
            first = report.spooled.take_first(1).to_pylist()[0]
            self.receipt.notes.append(
                f"first reject: {first['file']} line {first['line']}: {first['reason']}"
            )

    def locate_rows(self, rows: Iterable[int]) -> Iterator[tuple[str, RowPlace] | None]:
        """Yield the file of each row of the table, and where it stands there; None where the format
        has no lines. Files with such rows are read again.

        Args:
            rows: 0-based, ascending.

        Raises: SourceError and others where a file can't be read again.
        """
        if current_rehearsal() or not set(FORMATS) & set(self.receipt.report["formats"]):
            yield from (None for _ in rows)
            return
        told = {name: self.args[name] for name in ReadArgs.__annotations__}
        by_file = self.receipt.report["rows_by_file"]
        with TemporaryDirectory(prefix="dreambolt-") as spool:
            yield from locate_rows(rows, self.intake.plan.files, by_file, Path(spool), **told)

    def conclude(self) -> None:
        conclude_intake(self, self.intake, self._describe_files(), self._from_cache)

    def _describe_files(self) -> list[KnownFile]:
        """The files of this run that no journal knows yet."""
        known, found = self.intake.find_known(), []
        for file in self.intake.plan.files:
            if file.uri in known:
                continue
            key = name_file_key(file, self.version, self._reading)
            rows = self._count_cached(key)
            if rows is None:
                key, rows = "", self.receipt.rows_in
            found.append(KnownFile(file.uri, file.identity, rows, key))
        return found

    def _count_cached(self, key: str) -> int | None:
        """The rows of a file that was read alone; None of one that was not."""
        if key in self._counted:
            return self._counted[key]
        cached = self._cache.find(key) if self._cache else None
        return cached.count_rows() if cached else None


__all__ = ["LoadTable"]
