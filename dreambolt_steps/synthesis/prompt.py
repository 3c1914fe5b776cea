"""Prompts, rendered from the templates beside this file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import StrictUndefined, Template


@cache
def read_template(name: str) -> str:
    """The text of a packaged template; part of the fingerprint of what is made with it.

    Args:
        name: such as `rows`.
    """
    return (files(__package__) / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")


def render_rows_prompt(
    schema: Mapping[str, Any],
    examples: Sequence[Mapping[str, Any]],
    *,
    count: int,
    batch: int,
    instruction: str | None = None,
) -> str:
    """The prompt that asks for new rows.

    Args:
        schema: the JSON Schema of one row.
        examples: rows of the table; each is shown as one line of JSON.
        count: rows wanted.
        batch: number of the call, so that no two prompts are the same.
        instruction: what the rows should be about, in the user's words.
    """
    names = list(schema["properties"])
    shown = [
        json.dumps({name: row[name] for name in names}, default=str, ensure_ascii=False)
        for row in examples
    ]
    template = Template(read_template("rows"), undefined=StrictUndefined, autoescape=False)
    return template.render(
        schema=json.dumps(schema, ensure_ascii=False),
        examples=shown,
        count=count,
        batch=batch,
        instruction=instruction,
    )
