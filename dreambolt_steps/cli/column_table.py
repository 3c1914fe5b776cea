"""The columns of a table on the screen: one line each, and below it what a reader should know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from dreambolt_steps.cli.tables import make_printable, show_value, wrap_text
from dreambolt_steps.profiling.profile import ColumnProfile
from dreambolt_steps.tables.clean import ColumnPlan

_HEADS = ("column", "type", "nulls", "distinct", "range or samples")
_WIDEST = (32, 16, 14, 14)
_GAP = "  "
_INDENT = "    "


def show_columns(
    console: Console, columns: Sequence[ColumnPlan], profiles: Sequence[ColumnProfile]
) -> None:
    """Print name, type, NULLs, distinct values, range or samples of every column, and why."""
    rows = [_list_cells(*pair) for pair in zip(columns, profiles, strict=True)]
    widths = [
        min(limit, console.width // 3, max(cell_len(row[at]) for row in [_HEADS, *rows]))
        for at, limit in enumerate(_WIDEST)
    ]
    widths.append(max(console.width - sum(widths) - len(_GAP) * len(widths), 10))

    def say(line: str, style: str = "") -> None:
        fitting = line if cell_len(line) <= console.width else set_cell_size(line, console.width)
        console.print(Text(fitting.rstrip(), style=style), soft_wrap=True)

    say(_join(_HEADS, widths), "bold")
    for row, column in zip(rows, columns, strict=True):
        say(_join(row, widths))
        for note in list_notes(column):
            for line in wrap_text(note, console.width - len(_INDENT)):
                say(_INDENT + line, "dim")


def list_notes(column: ColumnPlan) -> Iterator[str]:
    """What a reader should know of a column, in sentences."""
    decision = column.decision
    facts = []
    if not _is_plain_rename(decision.name, column.name):
        facts.append(f"from {decision.name!r}")
    if column.is_explicit:
        facts.append("type as asked")
    if decision.note:
        facts.append(decision.note)
    for failure in decision.failures[:1]:
        others = failure.count - 1
        more = f" and {others:,} more" if others else ""
        facts.append(f"no {failure.family}: {failure.value!r} in row {failure.row:,}{more}")
    if facts:
        yield "; ".join(facts)
    for warning in decision.warnings:
        yield f"warning: {warning}"


def _is_plain_rename(source: str, clean: str) -> bool:
    """Whether the clean name says the same as the source's: only case, blanks and signs differ."""
    return "".join(filter(str.isalnum, source.lower())) == clean.replace("_", "")


def _list_cells(column: ColumnPlan, profile: ColumnProfile) -> tuple[str, ...]:
    semantic = column.decision.semantic
    kind = f"{column.type_word} {semantic}" if semantic else column.type_word
    return (
        make_printable(column.name),
        make_printable(kind),
        f"{profile.nulls:,}",
        profile.told_distinct,
        _show_values(column.type_word, profile),
    )


def _show_values(type_word: str, profile: ColumnProfile) -> str:
    if type_word == "text" or profile.low is None:
        return ", ".join(" ".join(make_printable(one).split()) for one in profile.samples)
    return f"{show_value(profile.low)} .. {show_value(profile.high)}"


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells side by side, numbers at the right; what is too wide ends in two points."""
    fitted = []
    for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if cell_len(cell) > width:
            fitted.append(set_cell_size(cell, width - 2) + "..")
        elif at in (2, 3):
            fitted.append(" " * (width - cell_len(cell)) + cell)
        else:
            fitted.append(set_cell_size(cell, width))
    return _GAP.join(fitted).rstrip()
