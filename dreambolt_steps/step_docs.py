"""docs/steps.md, from the steps themselves: `python -m dreambolt_steps.step_docs >
docs/steps.md`."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

STEPS = (
    "LoadTable",
    "CleanTable",
    "SuggestSchema",
    "SynthesizeRows",
    "CompleteColumns",
    "AssessSynthesis",
    "EmbedColumns",
    "MatchSimilar",
    "DropNearDuplicates",
    "ExportParquet",
    "FindParquet",
    "CopyIntoDuckDB",
    "CopyIntoFirebolt",
)
_HEAD = """# Steps

Written by `python -m dreambolt_steps.step_docs > docs/steps.md`; change the steps, not this page.

Every step takes `inputs=columns(step)` (or single output columns) and `args={...}`, and works in
any DataDreamer session. Besides the args below it takes DataDreamer's own parameters, such as
`force` and `verbose`.
"""


def find_step(name: str) -> Any:
    """The class of a public step."""
    import dreambolt_steps

    return getattr(dreambolt_steps, name)


def summarize_step(step: Any) -> str:
    """The first sentence of a step's docstring."""
    return (inspect.getdoc(step) or "").split("\n\n")[0].replace("\n", " ")


def list_arguments(step: Any) -> list[tuple[str, str]]:
    """Name and description of each registered argument, with its default.

    DataDreamer keeps them in the help it renders for a step class.
    """
    found = re.search(r"args = (\{\n.*?\n\t\})", step.help, re.DOTALL)
    arguments = ast.literal_eval(found[1]) if found else {}
    return [(name, _tell_default(words)) for name, words in arguments.items()]


def _tell_default(words: str) -> str:
    told = re.sub(r"\(optional, defaults to (.*)\)$", r"Default: \1.", words, flags=re.DOTALL)
    told = re.sub(r"\(optional\)$", "Optional.", told)
    return f"{words} Required." if told == words else told


def render_step(step: Any) -> str:
    """One step as Markdown: docstring, arguments, example."""
    text = inspect.getdoc(step) or ""
    words, _, example = text.partition("Example:")
    words = re.sub(r"^(Inputs|Outputs|Args|Raises):", r"**\1:**", words, flags=re.MULTILINE)
    words = re.sub(r"^    (\w+Error): ", r"- `\1`: ", words, flags=re.MULTILINE)
    words = words.replace("**Raises:**\n-", "**Raises:**\n\n-")
    rows = [
        f"| `{name}` | {told.replace('|', chr(92) + '|')} |" for name, told in list_arguments(step)
    ]
    return "\n".join(
        [
            f"## {step.__name__}",
            "",
            words.strip(),
            "",
            "| argument | |",
            "|---|---|",
            *rows,
            "",
            "```python",
            inspect.cleandoc(example),
            "```",
            "",
        ]
    )


def render_step_docs() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(render_step(find_step(name)) for name in STEPS)])


if __name__ == "__main__":
    print(render_step_docs(), end="")
