"""What `inspect` finds: a source read and cleaned as `LoadTable` and `CleanTable` would, with all
their reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from dreambolt_steps.cli.step_arguments import list_plan_kinds, list_read_kinds
from dreambolt_steps.errors import UsageError
from dreambolt_steps.profiling.profile import ColumnProfile, profile_table
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import FileReport, ReadReport, have_nulls
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import SourceFile, resolve_source
from dreambolt_steps.tables.arrow_stream import open_stream, write_stream
from dreambolt_steps.tables.clean import CleanPlan, CleanReport, apply_plan, plan_cleaning
from dreambolt_steps.tables.rejects.schema import count_repeats


@dataclass(frozen=True)
class FoundFile:
    """A file that was read.

    Attributes:
        uri: its name for people.
        bytes: its size.
        identity: of its content.
        report: of `read_table`.
    """

    uri: str
    bytes: int
    identity: str
    report: FileReport


@dataclass(frozen=True)
class Inspection:
    """A source that was read and cleaned.

    Attributes:
        source: as it was named.
        load_args, clean_args: what was told by hand.
        files: that were read, in their order.
        read, plan, cleaned: what `read_table`, `plan_cleaning` and `apply_plan` report.
        profiles: of the clean columns, in the plan's order.
        stored: the table as it was read, an Arrow stream file that goes with the inspection.
    """

    source: str
    load_args: Mapping[str, Any]
    clean_args: Mapping[str, Any]
    files: Sequence[FoundFile]
    read: ReadReport
    plan: CleanPlan
    cleaned: CleanReport
    profiles: Sequence[ColumnProfile]
    stored: Path

    def open_clean(self) -> pa.RecordBatchReader:
        """A new stream over the clean table."""
        return apply_plan(open_stream(self.stored), self.plan).reader

    def count_rejected(self) -> int:
        """The rows that are rejected, when they are read and when they are cleaned."""
        return self.read.rejected + self.cleaned.rejected

    def list_doubts(self) -> list[str]:
        """Sentences on why `ingest` would stop; none where it would not."""
        unfit = self.count_rejected() - count_repeats(self.cleaned.rejects)
        if 2 * unfit <= self.read.rows + self.read.rejected:
            return []
        return [
            f"More than half of the rows are rejected ({unfit:,}), so `ingest` would stop before it"
            " loads anything."
        ]


@contextmanager
def inspect_source(
    source: str, load_args: Mapping[str, Any], clean_args: Mapping[str, Any]
) -> Iterator[Inspection]:
    """Read, clean and profile a source; what is spooled for it is gone after the block.

    Args:
        source: a path, a glob or a URI.
        load_args: of `LoadTable`; those about a session have no say here.
        clean_args: of `CleanTable`; those about history have no say here.

    Raises: what those functions raise; UsageError for a contract, which is not checked here.
    """
    if "contract" in clean_args:
        raise UsageError(
            "inspect shows what is in a source, and checks no contract;"
            " `ingest SOURCE --contract FILE` does"
        )
    files = resolve_source(source)
    with TemporaryDirectory(prefix="dreambolt-") as folder:
        about_files = {name: load_args[name] for name in list_read_kinds() if name in load_args}
        allowed = about_files.get("max_expanded_bytes")
        paths = [fetch_file(file, folder, max_expanded_bytes=allowed) for file in files]
        read = read_table(paths, sources=files, spool=folder, **about_files)
        stored = Path(folder, "table.arrow")
        write_stream(read.reader, stored)
        about_columns = {name: clean_args[name] for name in list_plan_kinds() if name in clean_args}
        has_nulls = have_nulls(file.file_format for file in read.files)
        plan = plan_cleaning(lambda: open_stream(stored), **about_columns, has_nulls=has_nulls)
        cleaned = apply_plan(open_stream(stored), plan)
        profiles = profile_table(cleaned.reader, read.report().rows)
        report = read.report()
        yield Inspection(
            source,
            load_args,
            clean_args,
            _join(files, report),
            report,
            plan,
            cleaned.report(),
            profiles,
            stored,
        )


def _join(files: Sequence[SourceFile], read: ReadReport) -> list[FoundFile]:
    """Put files and reports together; a zip that does not call itself one has several reports."""
    known = {file.shown: file for file in files}
    found = []
    for report in read.files:
        file = known.get(report.file) or known[report.file.split("!", 1)[0]]
        found.append(FoundFile(report.file, file.size, file.identity, report))
    return found
