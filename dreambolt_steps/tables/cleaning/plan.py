"""Plans how a table is made regular: names, blanks, nulls and types, found over all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, get_args

import pyarrow as pa

from dreambolt_steps.arguments.clean_table import DecimalSeparator, Duplicates, OnMismatch
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.cleaning.choose_columns import ChosenColumn, choose_columns, look_up
from dreambolt_steps.tables.cleaning.clean_repeats import find_clean_repeats
from dreambolt_steps.tables.cleaning.column_plan import (
    CleanPlan,
    ColumnPlan,
)
from dreambolt_steps.tables.cleaning.masks import Mask, read_mask_key
from dreambolt_steps.tables.cleaning.widen import widen_columns
from dreambolt_steps.tables.column_types import choose_measured, name_type, read_type
from dreambolt_steps.tables.decision import ColumnDecision, Spelling
from dreambolt_steps.tables.inference.infer import infer_types
from dreambolt_steps.tables.inference.question import Question
from dreambolt_steps.tables.inference.timestamp_evidence import OPEN_ORDERS
from dreambolt_steps.tables.naming import Naming
from dreambolt_steps.tables.text.blanks import NULL_TOKENS, TEXT_NULL_TOKENS
from dreambolt_steps.tables.text.mend import Normalization
from dreambolt_steps.unknown_names import tell_known

OpenReader = Callable[[], pa.RecordBatchReader]
_T = TypeVar("_T")


def plan_cleaning(
    open_reader: OpenReader,
    *,
    types: Mapping[str, str] | None = None,
    rename: Mapping[str, str] | None = None,
    keep: Sequence[str] | None = None,
    drop: Sequence[str] | None = None,
    naming: Naming = "snake_case",
    null_tokens: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    trim: bool = True,
    day_first: bool | Mapping[str, bool] | None = None,
    decimal_separator: DecimalSeparator | Mapping[str, DecimalSeparator] | None = None,
    true_words: Sequence[str] = (),
    false_words: Sequence[str] = (),
    repair: bool = False,
    normalize: Normalization | None = None,
    on_mismatch: OnMismatch | Mapping[str, OnMismatch] = "reject",
    duplicates: Duplicates = "keep",
    duplicates_by: Sequence[str] | None = None,
    masks: Mapping[str, Mask] | None = None,
    has_nulls: bool = False,
) -> CleanPlan:
    r"""Look at all rows of a table and plan how to clean it.

    What is given for a column goes by its source or its clean name; "*" is for all columns not
    named.

    Args:
        open_reader: opens the table anew; read once, and again for columns to be widened and for
            repeated rows.
        types: type words (`text`, `int32`, `decimal(9,2)`, `currency`...) by column.
        rename: source or clean name -> wanted name.
        keep: columns to keep, names or patterns ("home_*"); default: all.
        drop: columns to leave out, the same way.
        naming: snake_case, camel, or source: names as they are.
        null_tokens: values that mean NULL, after trimming; for all columns, or by column. Default:
            "", N/A, NA, NULL and the like; in columns that stay text only what is no word, such as
            "", N/A and \N; see `has_nulls`.
        trim: whether to take blanks off both ends of text.
        day_first: whether 1/2/2024 is the first of February; for all, or by column. Default: found.
        decimal_separator: "." or ",": what stands before decimals; for all, or by column. Default:
            found.
        true_words, false_words: truth values besides true/false and yes/no, in any case.
        repair: whether to repair text that was decoded with the wrong encoding ("JosÃ©").
        normalize: NFC or NFKC: a Unicode form to put text into. Default: none.
        on_mismatch: what happens with a value that does not fit a type asked for: `reject` its row,
            make it `null`, `raise` SchemaError, or `widen` the column, at last to text
            (`widen_columns`); for all, or by column.
        duplicates: rows that are equal once they are clean: `keep` them, `drop` all but the first,
            or `flag` those in a column `is_duplicate`.
        duplicates_by: columns that have to be equal for that. Default: all.
        masks: how to make values of a column unreadable: `hash`, `partial` or `redact`, by column.
        has_nulls: whether the source tells NULL from "". Unless `null_tokens` says otherwise,
            columns that stay text then keep "", "NA" and the like.

    Returns: the plan; `.columns` carries the evidence.
    Raises: UsageError for a column or a type word that does not exist, names that collide, or a
        date asked for where day and month may stand in either order. CredentialError for hashes
        without their secret.

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
    masked = look_up(chosen, masks, "to mask", None)
    _check_words(masked, (None, *get_args(Mask)), "mask")
    if "hash" in masked:
        read_mask_key()
    _check_words([normalize], (None, *get_args(Normalization)), "normalize")
    _check_words([duplicates], get_args(Duplicates), "duplicates")
    text_tokens = () if has_nulls else TEXT_NULL_TOKENS
    questions = [
        Question(
            wanted=kind,
            null_tokens=_check_tokens(NULL_TOKENS if tokens is None else tokens),
            text_tokens=tuple(text_tokens if tokens is None else tokens),
            trim=trim,
            repair=repair,
            normalize=normalize,
            day_first=first,
            decimal_separator=separator,
            true_words=tuple(true_words),
            false_words=tuple(false_words),
        )
        for kind, tokens, first, separator in zip(
            wanted,
            look_up(chosen, _spread(null_tokens), "for null_tokens", None),
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
    plan = CleanPlan(tuple(widen_columns(open_reader, columns)))
    if duplicates != "keep":
        repeats = find_clean_repeats(open_reader, plan, duplicates_by, duplicates == "drop")
        plan = replace(plan, repeats=repeats)
    elif duplicates_by:
        raise UsageError("duplicates_by is for duplicates=drop or flag")
    return plan.mask_columns(masked)


def _plan_column(
    chosen: ChosenColumn, question: Question, decision: ColumnDecision, reaction: OnMismatch
) -> ColumnPlan:
    wanted = question.wanted
    kind = decision.type
    if wanted is not None:
        kind = wanted.type or choose_measured(wanted, decision.type)
        if wanted.sign or wanted.format:
            spelling = decision.spelling or Spelling()
            spelling = replace(spelling, sign=wanted.sign, format=wanted.format)
            decision = replace(decision, spelling=spelling)
        if wanted.semantic:
            decision = replace(decision, semantic=wanted.semantic)
        for warning in decision.warnings:
            if warning.code in OPEN_ORDERS and pa.types.is_temporal(kind):
                raise UsageError(
                    f"column {chosen.source!r} is to be {name_type(kind)}, but {warning}"
                )
    return ColumnPlan(chosen.at, chosen.name, kind, question, decision, reaction)


def _spread(given: _T | Mapping[str, _T] | None) -> Mapping[str, _T] | None:
    """One value for all columns as a value for "*"."""
    if given is None or isinstance(given, Mapping):
        return given
    return {"*": given}


def _check_tokens(tokens: Sequence[str]) -> tuple[str, ...]:
    if isinstance(tokens, str):
        raise UsageError(f"null_tokens are lists of words, not {tokens!r}")
    return tuple(tokens)


def _check_words(given: Sequence[str | None], known: Sequence[str | None], argument: str) -> None:
    for word in given:
        if word not in known:
            told = tell_known(word, [one for one in known if one is not None])
            raise UsageError(f"unknown {argument} {word!r}; {told}")
