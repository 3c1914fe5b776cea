"""`steps`: the steps, and what each takes."""

from __future__ import annotations

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.errors import UnknownNameError
from dreambolt_steps.step_docs import STEPS, render_step, summarize_step
from dreambolt_steps.unknown_names import tell_known


def show_steps(name: str | None) -> None:
    """List the steps, or show one.

    Raises:
        UsageError: no step of that name.
    """
    console = Console()
    if name is None:
        table = Table.grid(padding=(0, 2))
        for step in STEPS:
            table.add_row(step, escape(summarize_step(step)))
        console.print(table, highlight=False)
        return
    if name not in STEPS:
        raise UnknownNameError(f"no step {name!r}; {tell_known(name, STEPS)}")
    text = render_step(name)
    console.print(Markdown(text) if console.is_terminal else text, highlight=False, markup=False)
