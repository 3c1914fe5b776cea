"""Proposals for columns: what one says, and whether it may be believed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from dreambolt_steps.suggestion.vocabulary import (
    MAX_UNIT_CHARACTERS,
    NUMERIC_FAMILIES,
    SEMANTIC_TYPES,
    is_unit,
)
from dreambolt_steps.tables.naming import MAX_NAME_CHARACTERS, clean_names

MAX_DESCRIPTION_CHARACTERS = 200


@dataclass(frozen=True)
class Proposal:
    """What a model proposes for one column, checked.

    Attributes:
        column: its name in the table.
        name: the proposed one; snake_case, may be the same.
        description: one line.
        semantic_type: one of `SEMANTIC_TYPES`, or None.
        unit: of a number, such as "kg" or "EUR"; or None.
    """

    column: str
    name: str
    description: str
    semantic_type: str | None = None
    unit: str | None = None

    @property
    def words(self) -> str:
        """The proposal as one line of a diff: `pos -> position (category): Where the player
        stands`."""
        facts = ", ".join(fact for fact in (self.semantic_type, self.unit) if fact)
        kind = f" ({facts})" if facts else ""
        arrow = self.column if self.name == self.column else f"{self.column} -> {self.name}"
        return f"{arrow}{kind}: {self.description}"


@dataclass(frozen=True)
class RejectedProposal:
    """A proposal that was not believed: for which column, why, and what the model said."""

    column: str
    reason: str
    raw: str

    @property
    def words(self) -> str:
        """One line of a diff."""
        return f"{self.column}: rejected: {self.reason}"


ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "column": {"type": "string"},
        "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME_CHARACTERS},
        "description": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_DESCRIPTION_CHARACTERS,
        },
        "semantic_type": {"enum": [*SEMANTIC_TYPES, None]},
        "unit": {"type": ["string", "null"], "maxLength": MAX_UNIT_CHARACTERS},
    },
    "required": ["column", "name", "description", "semantic_type", "unit"],
    "additionalProperties": False,
}
_VALIDATOR = Draft202012Validator(ANSWER_SCHEMA)


def check_proposal(answer: Mapping[str, Any], family: str) -> Proposal | str:
    """The proposal in an answer, or in words what is wrong with it.

    Args:
        answer: one object of the model's answer.
        family: of the column, from `find_family`.

    >>> check_proposal({"column": "a", "name": "A B", "description": "d", "semantic_type": None,
    ...                 "unit": None}, "text")
    "name 'A B' is not snake_case; write it as 'a_b'"
    """
    for error in _VALIDATOR.iter_errors(answer):
        where = f"{error.absolute_path[0]}: " if error.absolute_path else ""
        return f"{where}{_shorten(error.message)}"
    proposal = Proposal(**answer)
    name, unit, semantic = proposal.name, proposal.unit, proposal.semantic_type
    (regular,) = clean_names([name])
    if name != regular:
        return f"name {name!r} is not snake_case; write it as {regular!r}"
    if any(unicodedata.category(c).startswith("C") for c in proposal.description + name):
        return "description: has line ends or invisible characters; write one plain line"
    if semantic is not None and family not in SEMANTIC_TYPES[semantic]:
        return f"semantic_type {semantic!r} can't stand on a column of {family}s"
    if unit is not None and family not in NUMERIC_FAMILIES:
        return f"unit {unit!r} on a column of {family}s; only numbers have one"
    if unit is not None and not is_unit(unit):
        return f"unit {unit!r} is no UCUM unit or currency code; write kg, km/h, %, {{goals}}, EUR"
    return proposal


def find_taken(proposals: Mapping[str, Proposal], columns: Sequence[str]) -> dict[str, str]:
    """The proposals whose name another column has or gets, with the reason in words.

    Of two that want the same name the first one in the table has it, unless the second is called
    so already.

    Args:
        proposals: column -> its proposal.
        columns: all columns of the table in order, those without a proposal too.
    """
    taken: dict[str, str] = {}
    while True:
        final = {
            column: proposals[column].name
            if column in proposals and column not in taken
            else column
            for column in columns
        }
        stays = {name for column, name in final.items() if name == column}
        seen: dict[str, str] = {}
        before = len(taken)
        for column, name in final.items():
            if name != column and (name in stays or name in seen):
                owner = seen.get(name, name)
                taken[column] = f"name {name!r} is that of column {owner!r}; choose another"
            else:
                seen[name] = column
        if len(taken) == before:
            return taken


def _shorten(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:197]}..."
