"""Plans how a table is made regular: names, blanks, nulls and types, found over all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar, get_args

import pyarrow as pa

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.cleaning.choose_columns import ChosenColumn, choose_columns, look_up
from dreambolt_steps.tables.cleaning.clean_column import clean_column
from dreambolt_steps.tables.cleaning.column_plan import CleanPlan, ColumnPlan, OnMismatch
from dreambolt_steps.tables.column_types import choose_measured, name_type, read_type
from dreambolt_steps.tables.decision import ColumnDecision, ColumnWarning, Spelling
from dreambolt_steps.tables.inference.infer import infer_types
from dreambolt_steps.tables.inference.moment_evidence import OPEN_ORDERS
from dreambolt_steps.tables.inference.question import Question
from dreambolt_steps.tables.naming import Naming
from dreambolt_steps.tables.text.blanks import NULL_TOKENS

OpenReader = Callable[[], pa.RecordBatchReader]
DecimalSeparator = Literal[".", ","]
_T = TypeVar("_T")


def plan_cleaning(
    open_reader: OpenReader,
    *,
    types: Mapping[str, str] | None = None,
    rename: Mapping[str, str] | None = None,
    keep: Sequence[str] | None = None,
    drop: Sequence[str] | None = None,
    naming: Naming = "snake_case",
    null_tokens: Mapping[str, Sequence[str]] | Sequence[str] = NULL_TOKENS,
    trim: bool = True,
    day_first: bool | Mapping[str, bool] | None = None,
    decimal_separator: DecimalSeparator | Mapping[str, DecimalSeparator] | None = None,
    true_words: Sequence[str] = (),
    false_words: Sequence[str] = (),
    on_mismatch: OnMismatch | Mapping[str, OnMismatch] = "reject",
) -> CleanPlan:
    """Look at all rows of a table and plan how to clean it.

    What is given for a column goes by its source or its clean name; "*" is for all columns not
    named.

    Args:
        open_reader: opens the table anew; read once, and once more for columns to be widened.
        types: type words (`text`, `int32`, `decimal(9,2)`, `currency`...) by column.
        rename: source or clean name -> wanted name.
        keep: columns to keep, names or patterns ("home_*"); default: all.
        drop: columns to leave out, the same way.
        naming: snake_case, camel, or source: names as they are.
        null_tokens: values that mean NULL, after trimming; for all columns, or by column.
        trim: whether to take blanks off both ends of text.
        day_first: whether 1/2/2024 is the first of February; for all, or by column. Default: found.
        decimal_separator: "." or ",": what stands before decimals; for all, or by column. Default:
            found.
        true_words, false_words: truth values besides true/false and yes/no, in any case.
        on_mismatch: what happens with a value that does not fit a type asked for: `reject` its row,
            make it `null`, `raise` SchemaError, or `widen` the column to text; for all, or by
            column.

    Returns: the plan; `.columns` carries the evidence.
    Raises: UsageError for a column or a type word that does not exist, names that collide, or a
        date asked for where day and month may stand in either order.

    >>> table = pa.table({"Shirt Number": ["1", "22"]})
    >>> plan_cleaning(lambda: table.to_reader()).schema.field(0)
    pyarrow.Field<shirt_number: int8>
    """
    with open_reader() as reader:
        sources = reader.schema.names
    chosen = choose_columns(sources, naming=naming, rename=rename, keep=keep, drop=drop)
    wanted = [read_type(word) if word else None for word in look_up(chosen, types, "to type", None)]
    separators = look_up(chosen, _spread(decimal_separator), "for decimal_separator", None)
    _check_words(separators, (None, *get_args(DecimalSeparator)), "decimal_separator")
    questions = [
        Question(
            wanted=kind,
            null_tokens=tuple(tokens),
            trim=trim,
            day_first=first,
            decimal_separator=separator,
            true_words=tuple(true_words),
            false_words=tuple(false_words),
        )
        for kind, tokens, first, separator in zip(
            wanted,
            look_up(chosen, _spread(null_tokens), "for null_tokens", NULL_TOKENS),
            look_up(chosen, _spread(day_first), "for day_first", None),
            separators,
            strict=True,
        )
    ]
    reactions: list[OnMismatch] = look_up(chosen, _spread(on_mismatch), "for on_mismatch", "reject")
    _check_words(reactions, get_args(OnMismatch), "on_mismatch")
    decisions = infer_types(open_reader, questions, [column.at for column in chosen])
    columns = [
        _plan_column(*parts) for parts in zip(chosen, questions, decisions, reactions, strict=True)
    ]
    return CleanPlan(tuple(_widen(open_reader, columns)))


def _plan_column(
    chosen: ChosenColumn, question: Question, decision: ColumnDecision, reaction: OnMismatch
) -> ColumnPlan:
    wanted = question.wanted
    kind = decision.type
    if wanted is not None:
        kind = wanted.type or choose_measured(wanted, decision.type)
        if wanted.sign:
            spelling = replace(decision.spelling or Spelling(), sign=wanted.sign)
            decision = replace(decision, spelling=spelling)
        if wanted.semantic:
            decision = replace(decision, semantic=wanted.semantic)
        for warning in decision.warnings:
            if warning.code in OPEN_ORDERS and pa.types.is_temporal(kind):
                raise UsageError(
                    f"column {chosen.source!r} is to be {name_type(kind)}, but {warning}"
                )
    return ColumnPlan(chosen.at, chosen.name, kind, question, decision, reaction)


def _widen(open_reader: OpenReader, columns: list[ColumnPlan]) -> list[ColumnPlan]:
    """Let columns that may be widened be text where some value does not fit their type."""
    waiting = {
        at
        for at, column in enumerate(columns)
        if column.on_mismatch == "widen" and column.is_explicit
    }
    if not waiting:
        return columns
    rows = 0
    with open_reader() as reader:
        for batch in reader:
            for at in sorted(waiting):
                values = batch.column(columns[at].at)
                good = clean_column(values, columns[at])[1]
                if good is not None:
                    first = good.index(False).as_py()
                    told = f"{values[first].as_py()!r} in row {rows + first + 1}"
                    columns[at] = _make_text(columns[at], told)
                    waiting.remove(at)
            rows += batch.num_rows
    return columns


def _make_text(column: ColumnPlan, told: str) -> ColumnPlan:
    words = f"text, not {column.type_word} as asked: {told}"
    warnings = (*column.decision.warnings, ColumnWarning("widened", words))
    text = read_type("text")
    return replace(
        column,
        type=text.type,
        question=replace(column.question, wanted=text),
        decision=replace(column.decision, warnings=warnings),
    )


def _spread(given: _T | Mapping[str, _T] | None) -> Mapping[str, _T] | None:
    """One value for all columns as a value for "*"."""
    if given is None or isinstance(given, Mapping):
        return given
    return {"*": given}


def _check_words(given: Sequence[str | None], known: Sequence[str | None], argument: str) -> None:
    for word in given:
        if word not in known:
            told = ", ".join(repr(one) for one in known if one is not None)
            raise UsageError(f"{argument} {word!r} is none of {told}")
