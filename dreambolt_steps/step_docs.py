"""docs/steps.md, from what the steps declare: `python -m dreambolt_steps.step_docs >
docs/steps.md`. DataDreamer is not imported."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path

from dreambolt_steps import find_home
from dreambolt_steps.arguments.argument import Argument, list_arguments
from dreambolt_steps.arguments.describe import describe_default, describe_takes
from dreambolt_steps.arguments.steps import DECLARATIONS

STEPS = tuple(DECLARATIONS)
_HEAD = """# Steps

Written by `python -m dreambolt_steps.step_docs > docs/steps.md`; change the steps, not this page.

Every step takes `inputs=columns(step)` (or single output columns) and `args={...}`, and works in
any DataDreamer session. Besides the args below it takes DataDreamer's own parameters, such as
`force` and `verbose`. Arguments are checked before anything is done: a name that is unknown, or a
value of another kind than its row says, ends in one line that tells what was meant. An editor
completes them in `args={...}`, and checks them in `args=CleanTable.Args(...)`, which gives the same
dictionary.
"""


@cache
def read_docstring(name: str) -> str:
    """What a step says of itself; its source is read, not run."""
    source = Path(__file__).parent.joinpath(*find_home(name).split(".")).with_suffix(".py")
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return ast.get_docstring(node) or ""
    return ""


def summarize_step(name: str) -> str:
    """The first sentence of a step's docstring."""
    return read_docstring(name).split("\n\n")[0].replace("\n", " ")


def render_step(name: str) -> str:
    """One step as Markdown: docstring, arguments, example."""
    words, _, example = read_docstring(name).partition("Example:")
    words = re.sub(r"^(Inputs|Outputs|Args|Raises):", r"**\1:**", words, flags=re.MULTILINE)
    words = re.sub(r"^    (\w+Error): ", r"- `\1`: ", words, flags=re.MULTILINE)
    words = words.replace("**Raises:**\n-", "**Raises:**\n\n-")
    return "\n".join(
        [
            f"## {name}",
            "",
            words.strip(),
            "",
            "| argument | takes | |",
            "|---|---|---|",
            *map(_render_row, list_arguments(DECLARATIONS[name])),
            "",
            "```python",
            inspect.cleandoc(example),
            "```",
            "",
        ]
    )


def _render_row(argument: Argument) -> str:
    told = [describe_takes(argument), f"{argument.help} {describe_default(argument)}"]
    cells = [f"`{argument.name}`", *(one.replace("|", "\\|") for one in told)]
    return f"| {' | '.join(cells)} |"


def render_step_docs() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *map(render_step, STEPS)])


if __name__ == "__main__":
    print(render_step_docs(), end="")
