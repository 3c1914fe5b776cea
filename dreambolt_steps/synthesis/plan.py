"""What a synthesis needs to know before its first call, from the table and the wishes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.errors import UnknownColumnError, UsageError
from dreambolt_steps.llms.outcome import estimate_tokens
from dreambolt_steps.profiling.row_facts import ColumnFacts, TableFacts, gather_facts
from dreambolt_steps.synthesis.answers import RowValidator
from dreambolt_steps.synthesis.questions import Ask, Questions
from dreambolt_steps.synthesis.relations import (
    Dependency,
    RelationCheck,
    choose_derived,
    find_dependencies,
)
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.synthesis.row_schema import describe_row
from dreambolt_steps.synthesis.templates import load_template, show_row
from dreambolt_steps.unknown_names import tell_known

_POOL = 200
_SPARE = 3
_FRAME_TOKENS = 200


@dataclass(frozen=True)
class SynthesisPlan:
    """What is known and wanted.

    Attributes:
        facts: of the table.
        questions: writes the calls.
        validator: checks rows.
        keys: columns of numbers that no two rows share: they are counted on, not asked for.
        dependencies: columns that follow from others.
    """

    facts: TableFacts
    questions: Questions
    validator: RowValidator
    keys: tuple[str, ...]
    dependencies: tuple[Dependency, ...]

    def estimate(self, slots: Sequence[Slot]) -> tuple[int, int]:
        """About how many tokens one call takes, in and out.

        Args:
            slots: of the first call.
        """
        call = self.questions.ask_rows(Ask(0, 1, tuple(slots)))
        return (
            estimate_tokens(call.prompt + (call.system or "")),
            self._count_row_tokens() * len(slots),
        )

    def _count_row_tokens(self) -> int:
        return count_row_tokens(self.questions.examples, self.validator.row_schema)


def plan_synthesis(
    open_reader: Callable[[], pa.RecordBatchReader],
    *,
    facts: TableFacts | None = None,
    template: str = "rows",
    templates: Any = None,
    instruction: str | None = None,
    relations: Sequence[str] = (),
    find_relations: bool = True,
    keep_ranges: bool = True,
    contract: Contract | None = None,
    asked: Mapping[str, Sequence[Any]] | None = None,
    columns: Sequence[pa.Field] | None = None,
    examples_per_call: int = 5,
    rows_per_call: int = 5,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    max_tokens: int | None = None,
    context_length: int | None = None,
) -> SynthesisPlan:
    """Look at a table, and plan how rows of it are asked for.

    Args:
        open_reader: gives a new stream over the table.
        facts: of the table, if they are known.
        template, templates: name of the prompt, and the user's own templates.
        instruction: what is wanted, in words.
        relations: SQL conditions that every row has to meet.
        find_relations: hold rows to the functional dependencies of the table.
        keep_ranges: hold rows to the ranges, categories and patterns of the table.
        contract: of the table.
        asked: values that were asked for, by column: they are allowed in any case.
        columns: to be written, if not all of the table (completion).
        examples_per_call, rows_per_call, seed, settings, max_tokens: of the calls; without
            max_tokens three times what the example rows take.
        context_length: tokens of prompt and answer that the model takes together, if known.

    Raises: UsageError for an unknown template, an unknown column, or a relation that is none.
    """
    schema = open_reader().schema
    for name in asked or {}:
        if name not in schema.names:
            raise UnknownColumnError(f"no column {name!r}; {tell_known(name, schema.names)}")
    facts = facts or gather_facts(open_reader)
    written = pa.schema(columns) if columns is not None else schema
    keys = () if columns is not None else _find_keys(schema, facts, asked or {}, contract)
    asked_for = pa.schema([field for field in written if field.name not in keys])
    found = find_dependencies(facts) if find_relations and columns is None else []
    found = [one for one in found if not {one.source, one.target} & {*keys}]
    kept = {} if not keep_ranges else _drop_free_columns(facts.columns, found, asked or {})
    nullable = facts.nullable if columns is None else set(written.names)
    row_schema = describe_row(asked_for, nullable, kept, contract, asked)
    derived = choose_derived(found, row_schema, asked or {})
    for one in derived:
        del row_schema["properties"][one.target]
    row_schema["required"] = list(row_schema["properties"])
    if not row_schema["properties"]:
        raise UsageError("the table has no column that a language model can write")
    pool = _draw_rows(facts.sample, seed)
    left_out = {*keys, *(one.target for one in derived)}
    names = [name for name in facts.sample.schema.names if name not in left_out]
    examples = [{name: row[name] for name in names} for row in pool]
    tokens = count_row_tokens(examples, row_schema)
    answer = max_tokens or _SPARE * tokens * rows_per_call + _FRAME_TOKENS
    questions = Questions(
        load_template(template, templates),
        load_template("repair", templates),
        row_schema,
        examples,
        examples_per_call,
        instruction,
        [*relations, *(str(one) for one in found if not {one.source, one.target} & left_out)],
        settings or {},
        answer,
        seed,
        None if context_length is None else max(context_length - answer, context_length // 2),
    )
    given = [field for field in schema if field.name not in written.names]
    check = RelationCheck(relations, found, pa.schema([*given, *written]))
    validator = RowValidator(row_schema, pa.schema([*written]), check, contract, derived)
    return SynthesisPlan(facts, questions, validator, keys, tuple(found))


def count_row_tokens(examples: Sequence[Mapping[str, Any]], row_schema: Mapping[str, Any]) -> int:
    """About how many tokens a row of the answer takes, from rows of the table."""
    names = row_schema["properties"]
    texts = [show_row({name: row.get(name) for name in names}) for row in examples[:50]]
    longest = max((len(text) for text in texts), default=40 * len(names))
    return estimate_tokens("x" * longest)


def _find_keys(
    schema: pa.Schema, facts: TableFacts, asked: Mapping[str, Any], contract: Contract | None
) -> tuple[str, ...]:
    promised = {column.name for column in contract.columns if column.unique} if contract else set()
    return tuple(
        field.name
        for field in schema
        if pa.types.is_integer(field.type)
        and field.name not in asked
        and facts.rows
        and (facts.columns[field.name].unique or field.name in promised)
        and not facts.columns[field.name].nullable
    )


def _drop_free_columns(
    facts: Mapping[str, ColumnFacts],
    dependencies: Sequence[Dependency],
    asked: Mapping[str, Sequence[Any]],
) -> dict[str, ColumnFacts]:
    """Facts without those of columns that follow from a value which the table does not have: the
    code of a new team is a new code."""
    free = {
        one.target
        for one in dependencies
        if any(value not in one.values for value in asked.get(one.source, ()))
    }
    return {name: column for name, column in facts.items() if name not in free}


def _draw_rows(sample: pa.Table, seed: int) -> list[dict[str, Any]]:
    size = min(_POOL, sample.num_rows)
    chosen = sorted(random.Random(seed).sample(range(sample.num_rows), size))
    return sample.take(pa.array(chosen, pa.int64())).to_pylist()
