"""Tables on the screen."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.findings.finding import count
from dreambolt_steps.tables.text.printable import make_printable

if TYPE_CHECKING:
    import pyarrow as pa

_WIDEST = 40
_NARROWEST = 14
_WIDTH_OF_FILES = 160


def open_console() -> Console:
    """Standard output, as wide as its terminal; wide where it is none, so that less is cut."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_FILES
    return console


def show_rows(rows: pa.Table, *, console: Console | None = None, types: bool = False) -> None:
    """Print rows as a table; long values are cut, vectors shortened.

    Args:
        rows: what to print.
        console: where to; stdout by default.
        types: print each column's type under its name.
    """
    from dreambolt_steps.tables.column_types import is_number, name_type

    console = console or open_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    fitting = max(1, console.width // _NARROWEST)
    shown = rows.schema.names[:fitting]
    cells = [
        [show_value(value) for value in row.values()] for row in rows.select(shown).to_pylist()
    ]
    for at, name in enumerate(shown):
        arrow_type, shown_name = rows.schema.field(name).type, make_printable(name)
        kind = f"\n[dim]{escape(name_type(arrow_type))}[/dim]" if types else ""
        numeric = is_number(arrow_type)
        longest = max([len(shown_name), *(len(row[at]) for row in cells)])
        table.add_column(
            escape(shown_name) + kind,
            justify="right" if numeric else "left",
            overflow="ellipsis",
            no_wrap=True,
            min_width=min(longest, _NARROWEST - 3),
        )
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table, highlight=False)
    if rows.num_columns > fitting:
        left = make_printable(", ".join(rows.schema.names[fitting:]))
        told = f"and {count(rows.num_columns - fitting, 'more column')}: {left}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    if not rows.num_rows:
        console.print("no rows", highlight=False)


def show_value(value: Any) -> str:
    """A value as short text.

    >>> show_value([0.25, 0.5, 0.75, 1.0])
    '[0.25, 0.5, .. 4]'
    """
    if value is None:
        return "NULL"
    if isinstance(value, list) and len(value) > 3:
        return (
            f"[{value[0]:.3g}, {value[1]:.3g}, .. {len(value)}]"
            if _is_vector(value)
            else (f"[{value[0]}, .. {len(value)}]")
        )
    text = make_printable(f"{value:.4f}" if isinstance(value, float) else str(value))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 2] + ".."


def shorten_path(path: str) -> str:
    """A local path from the working folder, if it is below it; anything else unchanged."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def wrap_text(text: str, width: int) -> list[str]:
    """Text from a file or a model as lines of at most `width` characters (20 at least)."""
    return textwrap.wrap(make_printable(text), max(width, 20), break_on_hyphens=False)


def _is_vector(value: list[Any]) -> bool:
    return all(isinstance(item, float) for item in value[:2])
