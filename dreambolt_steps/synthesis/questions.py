"""The calls of a synthesis: what a prompt is made of, and what makes two calls the same one."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import xxhash

from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.outcome import estimate_tokens
from dreambolt_steps.llms.protocol import Call
from dreambolt_steps.synthesis.row_keys import choose_key, describe_keyed_row, number_rows
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.synthesis.row_schema import describe_answer
from dreambolt_steps.synthesis.templates import PromptTemplate, show_row
from dreambolt_steps.tables.rejects.schema import Reject


@dataclass(frozen=True)
class Ask:
    """One call that is under way, and what it is about.

    Attributes:
        group, attempt: which slots, for the how manieth time.
        slots: that it asks rows for, in order.
        is_repair: whether it asks to correct rows.
    """

    group: int
    attempt: int
    slots: tuple[Slot, ...]
    is_repair: bool = False


@dataclass(frozen=True)
class Questions:
    """Writes the calls of one synthesis.

    What was made so far is a hint in the prompt and no part of a call's identity: a call is the
    same one whenever it is asked, so that it is paid once.

    Attributes:
        template, repair: of the prompts.
        row_schema: of one row of the answer.
        examples: rows of the table, of which some are shown.
        examples_per_call: how many.
        instruction: what is wanted, in the user's words.
        relations: what has to hold, in words.
        settings, max_tokens: of every call.
        seed: draws the examples of each call.
        most_tokens: that a prompt may have; fewer examples are shown where they would not fit. None
            where the model says nothing of it.
    """

    template: PromptTemplate
    repair: PromptTemplate
    row_schema: Mapping[str, Any]
    examples: Sequence[Mapping[str, Any]] = ()
    examples_per_call: int = 5
    instruction: str | None = None
    relations: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    max_tokens: int | None = None
    seed: int = 0
    most_tokens: int | None = None

    @property
    def label(self) -> str:
        """Name and version of the prompt."""
        return self.template.label

    def ask_rows(self, ask: Ask, made: Collection[Mapping[str, Any]] = ()) -> Call:
        """The call for the rows of some slots.

        Args:
            ask: which.
            made: rows that were made already, to steer away from.

        Raises: ModelError: the prompt is longer than the model reads, without any example.
        """
        draw = random.Random(f"{self.seed} {ask.group} {ask.attempt}")
        size = min(self.examples_per_call, len(self.examples))
        examples = [show_row(row) for row in draw.sample(list(self.examples), size)]
        key = self.choose_key(ask)
        given = number_rows([slot.given for slot in ask.slots], key)
        seeds = number_rows([slot.seed_row or {} for slot in ask.slots], key)
        values = {
            **self._shared(len(ask.slots), key),
            "instruction": self.instruction,
            "examples": examples,
            "given": [show_row(row) for row in given],
            "has_given": any(slot.given for slot in ask.slots),
            "seeds": [show_row(row) for row in seeds],
            "has_seeds": any(slot.seed_row for slot in ask.slots),
            "batch": f"{ask.group + 1}" + (f", try {ask.attempt}" if ask.attempt > 1 else ""),
        }
        shown = [show_row(row) for row in made]
        system, prompt = self.template.render(**values, made=shown)
        while (tokens := self._exceeds(system + prompt)) and (examples or shown):
            examples, shown = examples[: len(examples) // 2], []
            values["examples"] = examples
            system, prompt = self.template.render(**values, made=shown)
        if tokens:
            raise ModelError(
                f"a prompt for {len(ask.slots):,} rows has about {tokens:,} tokens, and the "
                f"model reads {self.most_tokens:,} beside its answer; show it fewer columns "
                "(using), lower rows_per_call, or tell a larger context_length"
            )
        identity = [self.template.text, values, ask.attempt, [slot.index for slot in ask.slots]]
        return self._make_call(prompt, system, identity, len(ask.slots), key)

    def ask_repair(self, ask: Ask, broken: Sequence[Reject], of: str) -> Call:
        """The call that corrects rows.

        Args:
            ask: for which slots.
            broken: the row of each, and what is wrong.
            of: the answer they are from.
        """
        key = self.choose_key(ask)
        numbers = [f"{key} {at}: " if key else "" for at in range(1, len(broken) + 1)]
        shown = [
            {
                "row": number + (reject.raw or "(missing)"),
                "reason": f"{reject.column}: {reject.reason}" if reject.column else reject.reason,
                "given": show_row(slot.given) if slot.given else "",
            }
            for number, reject, slot in zip(numbers, broken, ask.slots, strict=True)
        ]
        values = {**self._shared(len(ask.slots), key), "broken": shown}
        system, prompt = self.repair.render(**values)
        identity = [self.repair.text, values, ask.group, ask.attempt, of]
        return self._make_call(prompt, system, identity, len(ask.slots), key)

    def _exceeds(self, text: str) -> int:
        """About how many tokens a text has, if they are too many; else 0."""
        tokens = estimate_tokens(text)
        return tokens if self.most_tokens is not None and tokens > self.most_tokens else 0

    def choose_key(self, ask: Ask) -> str | None:
        """How rows of the answer to a call say which row they are about; None: they need not."""
        return choose_key(ask.slots, self.row_schema["properties"])

    def _describe_row(self, count: int, key: str | None) -> Mapping[str, Any]:
        return self.row_schema if key is None else describe_keyed_row(self.row_schema, key, count)

    def _shared(self, count: int, key: str | None) -> dict[str, Any]:
        row_schema = self._describe_row(count, key)
        schema = json.dumps(row_schema, ensure_ascii=False, default=str)
        return {"schema": schema, "count": count, "relations": list(self.relations)}

    def _make_call(
        self, prompt: str, system: str, identity: list[Any], count: int, key: str | None
    ) -> Call:
        return Call(
            prompt,
            system or None,
            describe_answer(self._describe_row(count, key), count),
            self.settings,
            self.max_tokens,
            xxhash.xxh3_128_hexdigest(
                json.dumps(identity, sort_keys=True, default=str).encode("ascii")
            ),
        )
