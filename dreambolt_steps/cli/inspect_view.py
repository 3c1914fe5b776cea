"""What `inspect` prints: files, columns, rejected rows, and the arguments by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from dreambolt_steps.cli.column_table import show_columns
from dreambolt_steps.cli.explicit_arguments import HandArguments
from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.file_blocks import show_files
from dreambolt_steps.cli.inspection import Inspection
from dreambolt_steps.cli.tables import make_printable, wrap_text
from dreambolt_steps.cli.write_arguments import write_command, write_python, write_questions

if TYPE_CHECKING:
    from dreambolt_steps.cli.suggest import Proposals

_SHOWN_REJECTS = 5


def show_inspection(
    console: Console,
    inspection: Inspection,
    arguments: HandArguments,
    proposals: Proposals | None = None,
) -> None:
    """Print everything that was found, and what a model proposed."""
    show_files(console, inspection)
    show_columns(console, inspection.plan.columns, inspection.profiles)
    _show_rejects(console, inspection)
    if proposals is not None:
        from dreambolt_steps.cli.suggest import show_proposals

        show_proposals(console, proposals)
    _show_arguments(console, arguments)


def _show_rejects(console: Console, inspection: Inspection) -> None:
    read, cleaned = inspection.read, inspection.cleaned
    total = read.rejects.num_rows + cleaned.rejects.num_rows
    if not total:
        return
    _head(console, f"rejected: {total:,}")
    shown = [
        *read.rejects.slice(0, _SHOWN_REJECTS).to_pylist(),
        *cleaned.rejects.slice(0, _SHOWN_REJECTS).to_pylist(),
    ]
    for reject in shown[:_SHOWN_REJECTS]:
        place = f"{Path(reject['file']).name} line" if reject["file"] else "row"
        value = f" in {reject['column']}: {reject['value']}" if reject["value"] else ""
        told = f"{place} {reject['line']}: {reject['reason']}{value}"
        for line in wrap_text(told, console.width):
            _say(console, line)
        if reject["raw"]:
            raw, room = make_printable(reject["raw"]), max(console.width - 2, 20)
            _say(
                console,
                "  " + (raw if cell_len(raw) <= room else f"{set_cell_size(raw, room - 2)}.."),
            )
    if total > _SHOWN_REJECTS:
        _say(console, f"and {total - _SHOWN_REJECTS:,} more")


def _show_arguments(console: Console, arguments: HandArguments) -> None:
    _head(console, "the same by hand")
    for line in write_command(f"{tell_command()} ingest", arguments):
        _say(console, line)
    for line in write_questions(arguments):
        _say(console, line)
    console.print()
    for line in write_python(arguments):
        _say(console, line)


def _head(console: Console, text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]", highlight=False)


def _say(console: Console, line: str) -> None:
    # Names and values may hold brackets, which are no markup here.
    console.print(make_printable(line), highlight=False, markup=False, soft_wrap=True)
