"""What deserves a look in how files were read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dreambolt_steps.findings.finding import Finding, Remedy, count
from dreambolt_steps.readers.table.read_report import FileReport

ONE_COLUMN, TABLES_LEFT_OUT = "one_column", "tables_left_out"
_MOST = 20
_SURE = 0.9
_LOAD = "LoadTable"
_PLAIN = "the table is a1:"  # the whole sheet: nothing is left out above it or to its left
_OTHERS = ("another table", "other sheets", "other tables")


def find_in_files(files: Sequence[FileReport], notes: Sequence[str] = ()) -> list[Finding]:
    """What deserves a look in files that were read; what holds for several is told once.

    Args:
        files: a report for each.
        notes: what was decided where their schemas differ.
    """
    named: dict[Finding, list[str]] = {}
    for file in files:
        for one in _find_in_file(file):
            named.setdefault(one, []).append(Path(file.file).name)
    told = [_place(one, names, len(files)) for one, names in named.items()]
    if len(told) > _MOST:
        more = f"{len(told) - _MOST:,} more findings in single files"
        told = [*told[:_MOST], Finding("reading", "note", more, advice="`inspect` shows them")]
    return [*told, *(Finding("schema", "note", note) for note in notes[:_MOST])]


def _find_in_file(file: FileReport) -> Iterator[Finding]:
    if file.dialect is not None and len(file.columns) == 1 and file.rows:
        yield Finding(
            ONE_COLUMN,
            "moderate",
            f"{count(file.rows, 'row')} read as one column: nothing was found that sets columns "
            "apart",
            total=file.rows,
            advice="If there are several, tell what is between them, such as",
            remedy=Remedy(_LOAD, "delimiter", ";"),
        )
    for sentence in file.findings:
        words = sentence.lower()
        if words.startswith(_PLAIN):
            continue
        if words.startswith(_OTHERS):
            yield Finding(TABLES_LEFT_OUT, "moderate", sentence)
        elif words.startswith("encoding") and file.encoding_confidence < _SURE:
            yield Finding(
                "encoding_guessed",
                "moderate",
                sentence,
                advice="If letters look wrong, tell another, such as",
                remedy=Remedy(_LOAD, "encoding", "cp1252"),
            )
        else:
            yield Finding("left_out" if "left out" in words else "reading", "note", sentence)


def _place(finding: Finding, names: Sequence[str], files: int) -> Finding:
    if files == 1:
        return finding
    shown = names[0] if len(names) == 1 else f"in {len(names):,} files, first {names[0]}"
    return Finding(
        finding.kind,
        finding.level,
        finding.what,
        place=shown,
        total=finding.total,
        advice=finding.advice,
        remedy=finding.remedy,
    )
