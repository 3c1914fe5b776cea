"""The loop that turns prompts into rows: ask, check, count, ask again for what is missing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from dreambolt_steps.synthesis.answers import RowValidator, find_rows, reject_answer
from dreambolt_steps.synthesis.prompt import render_rows_prompt
from dreambolt_steps.synthesis.row_schema import describe_row
from dreambolt_steps.synthesis.sample import find_known_rows, sample_table
from dreambolt_steps.tables.rejects import Reject

_POOL = 50
_ROUNDS = 3


@dataclass
class Synthesis:
    """What came of it.

    Args:
        rows: new rows, typed, at most as many as were asked for.
        rejects: answers and rows that could not be used.
        calls: prompts that were asked.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    calls: int = 0


def synthesize_rows(
    open_reader: Callable[[], pa.RecordBatchReader],
    ask: Callable[[list[str]], Iterable[str]],
    rows: int,
    *,
    rows_per_call: int = 5,
    examples_per_call: int = 5,
    instruction: str | None = None,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Synthesis:
    """Make new rows of a table with a language model.

    Every row is checked against the table's JSON Schema and types; rows that stand in the table, or
    were made already, are rejected. What is missing after a round is asked for again, three rounds
    at most.

    Args:
        open_reader: gives a new stream over the table.
        ask: sends prompts, and gives one answer each, in their order.
        rows: new rows wanted.
        rows_per_call: asked for in one prompt.
        examples_per_call: rows of the table shown in one prompt.
        instruction: what the rows should be about.
        seed: of the examples; the same table, arguments and seed give the same prompts.
        advance: called with the number of rows made so far.
    """
    schema = open_reader().schema
    sample = sample_table(open_reader, _POOL, seed)
    row_schema = describe_row(schema, sample.nullable)
    validator = RowValidator(row_schema, schema)
    draw = random.Random(seed)
    made = Synthesis()
    for _ in range(_ROUNDS):
        missing = rows - len(made.rows)
        if missing <= 0:
            break
        prompts: list[str] = []
        for start in range(0, missing, rows_per_call):
            prompts.append(
                render_rows_prompt(
                    row_schema,
                    draw.sample(sample.examples, min(examples_per_call, len(sample.examples))),
                    count=min(rows_per_call, missing - start),
                    batch=made.calls + len(prompts) + 1,
                    instruction=instruction,
                )
            )
        fresh: list[dict[str, Any]] = []
        for answer in ask(prompts):
            fresh += _accept_answer(answer, validator, made.rejects)
            if advance is not None:
                advance(min(rows, len(made.rows) + len(fresh)))
        made.calls += len(prompts)
        kept = _drop_known(fresh, open_reader, schema, row_schema, made.rejects)
        made.rows += kept[:missing]
        if not kept:
            break
    return made


def _accept_answer(
    answer: str, validator: RowValidator, rejects: list[Reject]
) -> list[dict[str, Any]]:
    found = find_rows(answer)
    if found is None:
        rejects.append(reject_answer("the answer holds no JSON", answer))
        return []
    accepted = []
    for row in found:
        checked = validator.check(row)
        if isinstance(checked, Reject):
            rejects.append(checked)
        else:
            accepted.append(checked)
    return accepted


def _drop_known(
    fresh: list[dict[str, Any]],
    open_reader: Callable[[], pa.RecordBatchReader],
    schema: pa.Schema,
    row_schema: dict[str, Any],
    rejects: list[Reject],
) -> list[dict[str, Any]]:
    """The rows that do not stand in the table itself."""
    described = pa.schema([schema.field(name) for name in row_schema["properties"]])
    known = find_known_rows(open_reader, pa.Table.from_pylist(fresh, schema=described))
    reason = "the same row is in the table already"
    rejects += [reject_answer(reason, json.dumps(fresh[at], default=str)) for at in sorted(known)]
    return [row for at, row in enumerate(fresh) if at not in known]
