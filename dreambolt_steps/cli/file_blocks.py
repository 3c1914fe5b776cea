"""The files of a source on the screen: those written alike together, what was found, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.text import Text

from dreambolt_steps.cli.inspection import FoundFile, Inspection
from dreambolt_steps.cli.tables import make_printable, shorten_path, wrap_text
from dreambolt_steps.findings.finding import count
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.table.read_report import FileReport

_SHOWN_FILES = 10
_SHOWN_GROUPS = 10
_SHOWN_LINES = 8
_MARGIN = " " * 13
_NAMES = {"\t": "tab", " ": "blank", ",": "comma", ";": "semicolon", "|": "bar", ":": "colon"}

_DOUBTFUL = (
    "More rows are rejected than read, so the files are probably written otherwise; "
    "tell how: --load delimiter=';' --load quote= --load skip=3 .."
)


def show_files(console: Console, inspection: Inspection) -> None:
    """Print the files in groups of the same format, dialect and columns, each with its facts."""
    groups = _group_files(inspection.files)
    for group in groups[:_SHOWN_GROUPS]:
        _show_group(console, group)
    if len(groups) > _SHOWN_GROUPS:
        left = groups[_SHOWN_GROUPS:]
        files = count(sum(map(len, left)), "more file")
        _say(console, f"and {files}, written in {count(len(left), 'other way')}\n")
    here = f"{Path.cwd()}{os.sep}"
    for note in inspection.read.schema_notes:
        for line in wrap_text(note.replace(here, ""), console.width):
            _say(console, line)
    rows, rejected = inspection.cleaned.rows, inspection.count_rejected()
    told = [
        count(rows + rejected, "row"),
        f"{rejected:,} rejected",
        count(len(inspection.plan.columns), "column"),
    ]
    if len(inspection.files) > 1:
        told.insert(0, count(len(inspection.files), "file"))
    console.print(f"[bold]{', '.join(told)}[/bold]", highlight=False)
    doubts = [_DOUBTFUL] if inspection.read.rejected > inspection.read.rows else []
    for doubt in [*doubts, *inspection.list_doubts()]:
        for line in wrap_text(doubt, console.width):
            _say(console, line)
    console.print()


def _group_files(files: Sequence[FoundFile]) -> list[list[FoundFile]]:
    """Files of the same format, dialect and columns together."""
    groups: dict[object, list[FoundFile]] = {}
    for file in files:
        alike = (file.report.file_format, file.report.dialect, file.report.columns)
        groups.setdefault(alike, []).append(file)
    return list(groups.values())


def _show_group(console: Console, group: Sequence[FoundFile]) -> None:
    for file in group[:_SHOWN_FILES]:
        report = file.report
        counts = f"{decimal(file.bytes)}, {count(report.rows + report.rejected, 'row')}"
        if report.rejected:
            counts += f", {report.rejected:,} rejected"
        line = Text(make_printable(shorten_path(file.uri)), style="bold")
        console.print(line.append(f"  {counts}", style="not bold"), soft_wrap=True)
    if len(group) > _SHOWN_FILES:
        size = decimal(sum(file.bytes for file in group[_SHOWN_FILES:]))
        left = count(len(group) - _SHOWN_FILES, "more file")
        _say(console, f"and {left} like these, {size}")
    room = console.width - len(_MARGIN)
    for name, told in _list_facts([file.report for file in group]):
        for at, text in enumerate(wrap_text(told, room)):
            margin = f"  {'' if at else name}".ljust(len(_MARGIN))
            console.print(Text(margin, style="dim").append(text, style="not dim"), soft_wrap=True)
    console.print()


def _list_facts(reports: Sequence[FileReport]) -> Iterator[tuple[str, str]]:
    """Name and words of everything known of files that are written alike."""
    first = reports[0]
    yield "format", first.file_format
    if first.dialect is not None:
        yield from _list_dialect(first.dialect, min(one.encoding_confidence for one in reports))
    findings = [
        f"{Path(report.file).name}: {line}" if len(reports) > 1 else line
        for report in reports
        for line in report.findings
    ]
    for name, lines in (("found", findings), ("why", first.evidence)):
        for at, line in enumerate(lines[:_SHOWN_LINES]):
            yield ("" if at else name), line
        if len(lines) > _SHOWN_LINES:
            yield "", f"and {len(lines) - _SHOWN_LINES:,} more"


def _list_dialect(dialect: Dialect, confidence: float) -> Iterator[tuple[str, str]]:
    sure = "" if confidence >= 1 else f", {confidence:.0%} sure"
    yield "encoding", f"{dialect.encoding}{sure}"
    yield "delimiter", _name(dialect.delimiter)
    if not dialect.quote:
        yield "quote", "none"
    else:
        doubled = dialect.escape in ("", dialect.quote)
        within = "doubled" if doubled else f"escaped by {dialect.escape}"
        yield "quote", f"{dialect.quote}, {within} within a field"
    if dialect.comment:
        yield "comments", f"lines that begin with {dialect.comment}"
    before = f", after {count(dialect.skip, 'line')} of no table" if dialect.skip else ""
    if dialect.header:
        yield "header", f"{count(dialect.header_rows, 'row')}{before}"
    else:
        yield "header", f"none{before}"
    if dialect.footer:
        yield "footer", f"{count(dialect.footer, 'line')} of no table"


def _name(delimiter: str) -> str:
    if not delimiter:
        return "none, there is one column"
    name = _NAMES.get(delimiter)
    return f"{name} ({delimiter})" if name and delimiter.strip() else name or delimiter


def _say(console: Console, line: str) -> None:
    console.print(make_printable(line), highlight=False, markup=False, soft_wrap=True)
