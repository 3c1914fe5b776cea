"""`inspect`: what is in a file, and why it is read as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.cli.step_arguments import parse_clean, parse_load
from dreambolt_steps.cli.tables import open_console, show_value
from dreambolt_steps.formats.read import TableRead, read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import SourceFile, resolve_source
from dreambolt_steps.tables.arrow_stream import open_stream, write_stream
from dreambolt_steps.tables.clean import CleanPlan, apply_plan, plan_cleaning
from dreambolt_steps.tables.profile import ColumnProfile, profile_table

_SHOWN_FILES = 10
_WIDEST_VALUES = 36


def show_table(
    source: str,
    load: Sequence[str] = (),
    clean: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> None:
    """Print dialect, schema with evidence, NULLs, ranges, distinct counts and samples of a
    source."""
    load_args, clean_args = parse_load(load), parse_clean(clean, columns)
    console = open_console()
    files = resolve_source(source)
    with TemporaryDirectory(prefix="dreambolt-") as spool:
        paths = [fetch_file(file, spool) for file in files]
        read = read_table(paths, **load_args)
        _show_files(console, files, read)
        text = Path(spool, "table.arrow")
        write_stream(read.reader, text)
        plan = plan_cleaning(lambda: open_stream(text), **clean_args)
        profiles = profile_table(apply_plan(open_stream(text), plan).reader)
        report = read.report()
    rows = f"{report.rows + report.rejected:,} rows, {report.rejected:,} rejected"
    console.print(f"{rows}, {len(plan.columns):,} columns\n", highlight=False)
    _show_columns(console, plan, profiles, report.rows)
    for reject in report.rejects.slice(0, 5).to_pylist():
        where = f"{Path(reject['file']).name} line {reject['line']}"
        told = f"rejected: {where}: {reject['reason']}: {show_value(reject['raw'])}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)


def _show_files(console: Console, files: list[SourceFile], read: TableRead) -> None:
    for file, report in list(zip(files, read.files, strict=True))[:_SHOWN_FILES]:
        told = f"{file.uri}: {file.size:,} bytes, {report.file_format}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)
        if report.dialect is not None:
            dialect = report.dialect
            facts = {name: getattr(dialect, name) for name in dialect.__dataclass_fields__}
            told = ", ".join(f"{name}={value!r}" for name, value in facts.items())
            console.print(f"  dialect: {told}", highlight=False, markup=False, soft_wrap=True)
    if len(files) > _SHOWN_FILES:
        console.print(f"  and {len(files) - _SHOWN_FILES:,} more files", highlight=False)


def _show_columns(
    console: Console, plan: CleanPlan, profiles: list[ColumnProfile], rows: int
) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("column", no_wrap=True)
    table.add_column("type", no_wrap=True)
    for name in ("nulls", "distinct"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("range or samples", max_width=_WIDEST_VALUES, no_wrap=True)
    table.add_column("why", overflow="fold")
    for column, profile in zip(plan.columns, profiles, strict=True):
        cells = [
            column.name,
            column.type_word,
            f"{profile.nulls:,}",
            # Counted by a sketch, which may count a few too many.
            f"{min(profile.distinct, rows - profile.nulls):,}",
            _show_values(column.type_word, profile),
            column.decision.explain(),
        ]
        table.add_row(*map(escape, cells))
    console.print(table, highlight=False)


def _show_values(type_word: str, profile: ColumnProfile) -> str:
    if type_word == "text" or profile.low is None:
        return ", ".join(" ".join(sample.split()) for sample in profile.samples)
    return f"{show_value(profile.low)} .. {show_value(profile.high)}"
