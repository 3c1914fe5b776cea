"""The prompt that asks for proposals, rendered from the template beside this file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import StrictUndefined, Template

from dreambolt_steps.suggestion.column_facts import ColumnFacts, write_line
from dreambolt_steps.suggestion.proposal import MAX_DESCRIPTION_CHARACTERS, RejectedProposal
from dreambolt_steps.suggestion.vocabulary import SEMANTIC_TYPES
from dreambolt_steps.tables.naming import MAX_NAME_CHARACTERS

_SHOWN_OTHERS = 200


@cache
def read_template() -> str:
    """The text of the template; part of the fingerprint of what is made with it."""
    return (files(__package__) / "prompts" / "columns.jinja").read_text(encoding="utf-8")


def render_prompt(
    facts: Sequence[ColumnFacts],
    others: Sequence[str],
    *,
    instruction: str | None = None,
    problems: Sequence[RejectedProposal] = (),
) -> str:
    """The prompt for some columns.

    Args:
        facts: of the columns asked about.
        others: names of the table's other columns; the first 200 are told.
        instruction: what the table is about, in the words of its owner.
        problems: of an answer before; asks to mend them.
    """
    wrong = [
        write_line({"column": one.column, "wrong": one.reason, "answer": one.raw})
        for one in problems
    ]
    template = Template(read_template(), undefined=StrictUndefined, autoescape=False)
    return template.render(
        lines=[one.line for one in facts],
        others=write_line({"other columns": list(others[:_SHOWN_OTHERS])}),
        instruction=instruction,
        semantic_types=list(SEMANTIC_TYPES),
        max_name=MAX_NAME_CHARACTERS,
        max_description=MAX_DESCRIPTION_CHARACTERS,
        problems="\n".join(wrong),
    )


def identify_prompt() -> str:
    """Everything of this package that decides what is asked and believed, as one text."""
    return json.dumps([read_template(), SEMANTIC_TYPES], sort_keys=True)
