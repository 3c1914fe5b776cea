"""The talk with a language model about the columns of a table: ask, check, ask once more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dreambolt_steps.suggestion.column_facts import ColumnFacts
from dreambolt_steps.suggestion.prompt import render_prompt
from dreambolt_steps.suggestion.proposal import (
    Proposal,
    RejectedProposal,
    check_proposal,
    find_taken,
)
from dreambolt_steps.synthesis.find_rows import find_rows

"""Tokens that an answer about 20 columns may have."""

_RAW_CHARACTERS = 500


@dataclass(frozen=True)
class Suggestion:
    """What came of it.

    Attributes:
        proposals: checked, in the order of the table; their names collide with none.
        rejected: columns without a usable proposal, after one correction.
        calls: prompts that were asked.
    """

    proposals: tuple[Proposal, ...]
    rejected: tuple[RejectedProposal, ...]
    calls: int

    @property
    def names(self) -> dict[str, str]:
        """Column -> new name, for those that get another one."""
        return {one.column: one.name for one in self.proposals if one.name != one.column}


@dataclass
class _Talk:
    """What is known so far."""

    columns: Sequence[str]
    families: Mapping[str, str]
    proposals: dict[str, Proposal] = field(default_factory=dict)
    problems: dict[str, RejectedProposal] = field(default_factory=dict)

    def hear(self, answer: str, asked: Sequence[str]) -> None:
        """Take an answer about some columns apart."""
        said = find_rows(answer, ["column"])
        by_column = {
            one.get("column"): one
            for one in said or []
            if isinstance(one, dict) and isinstance(one.get("column"), str)
        }
        for column in asked:
            found = by_column.get(column)
            if said is None:
                self.reject(column, "the answer holds no JSON", answer)
            elif found is None:
                self.reject(column, "the answer says nothing of this column", answer)
            else:
                checked = check_proposal(found, self.families[column])
                if isinstance(checked, str):
                    self.reject(column, checked, json.dumps(found, ensure_ascii=False))
                else:
                    self.proposals[column] = checked
                    self.problems.pop(column, None)

    def reject(self, column: str, reason: str, raw: str) -> None:
        self.proposals.pop(column, None)
        self.problems[column] = RejectedProposal(column, reason, raw[:_RAW_CHARACTERS])

    def reject_taken(self) -> None:
        """Reject the proposals whose names collide."""
        for column, reason in find_taken(self.proposals, self.columns).items():
            said = json.dumps(vars(self.proposals[column]), ensure_ascii=False)
            self.reject(column, reason, said)


def suggest_columns(
    facts: Sequence[ColumnFacts],
    columns: Sequence[str],
    ask: Callable[[list[str]], Iterable[str]],
    *,
    columns_per_call: int = 20,
    instruction: str | None = None,
) -> Suggestion:
    """Ask a model for the catalogue entries of columns, and keep what can be believed.

    What is wrong is named to the model once, and rejected if it comes wrong again.

    Args:
        facts: of the columns asked about, from `gather_facts`.
        columns: names of all columns of the table, in order.
        ask: sends prompts, and gives one answer each, in their order.
        columns_per_call: columns in one prompt.
        instruction: what the table is about, in the words of its owner.
    """
    talk = _Talk(columns, {one.name: one.family for one in facts})
    groups = [facts[at : at + columns_per_call] for at in range(0, len(facts), columns_per_call)]

    def render(group: Sequence[ColumnFacts], problems: Sequence[RejectedProposal] = ()) -> str:
        about = {one.name for one in group}
        others = [name for name in columns if name not in about]
        return render_prompt(group, others, instruction=instruction, problems=problems)

    def hold_round(asked: Sequence[tuple[Sequence[ColumnFacts], str]]) -> int:
        answers = ask([prompt for _, prompt in asked]) if asked else []
        for (group, _), answer in zip(asked, answers, strict=True):
            talk.hear(answer, [one.name for one in group])
        talk.reject_taken()
        return len(asked)

    calls = hold_round([(group, render(group)) for group in groups])
    wrong = [[one for one in group if one.name in talk.problems] for group in groups]
    calls += hold_round(
        [
            (group, render(group, [talk.problems[one.name] for one in group]))
            for group in wrong
            if group
        ]
    )
    order = [one.name for one in facts]
    return Suggestion(
        tuple(talk.proposals[name] for name in order if name in talk.proposals),
        tuple(talk.problems[name] for name in order if name in talk.problems),
        calls,
    )
