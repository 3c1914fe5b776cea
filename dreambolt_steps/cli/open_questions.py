"""What the data leave open, as arguments of `CleanTable` that a person may give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dreambolt_steps.tables.arguments import read_argument
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan


@dataclass(frozen=True)
class OpenQuestion:
    """An argument that would settle something.

    Attributes:
        name: of the argument, such as day_first.
        answers: column -> value that it could have.
        others: the other values, in words: "or False".
        reasons: what was seen, a sentence a column.
    """

    name: str
    answers: dict[str, Any]
    others: str = ""
    reasons: tuple[str, ...] = ()


def find_open_questions(columns: Iterable[ColumnPlan]) -> list[OpenQuestion]:
    """The warnings of columns that an argument settles, together by argument.

    Returns: one question an argument and its alternatives, in the order of the columns.
    """
    found: dict[tuple[str, str], OpenQuestion] = {}
    for column in columns:
        for warning in column.decision.warnings:
            parsed = read_argument(warning.argument)
            if parsed is None:
                continue
            name, answers, others = parsed
            known = found.get((name, others), OpenQuestion(name, {}, others))
            reason = f"{column.name}: {warning.message}"
            found[name, others] = OpenQuestion(
                name, known.answers | answers, others, (*known.reasons, reason)
            )
    return list(found.values())
