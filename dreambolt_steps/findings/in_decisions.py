"""What a cleaning decided of columns and a person may decide otherwise: open questions, values that
keep a column from a type, words that became NULL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dreambolt_steps.findings.finding import Finding, Remedy, count
from dreambolt_steps.tables.arguments import read_argument
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.decision import ColumnWarning, Failure

_FEW = 0.1
_WORDS = {"number": "decimal", "boolean": "boolean", "time": "time"}
_CLEAN = "CleanTable"
_WORDS_KEPT = "null_words"


def find_in_decisions(columns: Sequence[ColumnPlan]) -> Iterator[Finding]:
    """What deserves a look in the decisions about a table's columns, in their order."""
    for column in columns:
        warnings = column.decision.warnings
        for warning in warnings:
            yield _tell_warning(column, warning)
        yield from _find_null_words(column)
        if not column.is_explicit and not any(one.code == _WORDS_KEPT for one in warnings):
            for failure in column.decision.failures[:1]:
                yield from _find_mixture(column, failure)


def _tell_warning(column: ColumnPlan, warning: ColumnWarning) -> Finding:
    parsed = read_argument(warning.argument)
    remedy = None
    if parsed is not None:
        name, value, otherwise = parsed
        remedy = Remedy(_CLEAN, name, value, otherwise)
    elif warning.argument == "repair=True":
        remedy = Remedy(_CLEAN, "repair", True)
    return Finding(
        warning.code,
        "moderate" if warning.argument else "note",
        warning.message,
        columns=(column.name,),
        advice=_advise(warning) if remedy else warning.argument,
        remedy=remedy,
    )


def _advise(warning: ColumnWarning) -> str:
    if warning.code != _WORDS_KEPT:
        return "This settles it"
    is_typed = warning.message.startswith("every value")
    return (
        "They become NULL, and the column gets its type, with"
        if is_typed
        else ("They become NULL with")
    )


def _find_null_words(column: ColumnPlan) -> Iterator[Finding]:
    """Words that became NULL, by word and count."""
    words = column.decision.null_words
    if not words:
        return
    yield Finding(
        "read_as_null",
        "note",
        column.decision.tell_nulls(),
        columns=(column.name,),
        count=sum(number for _, number in words),
        total=column.decision.rows,
        advice="They stay what they are with",
        remedy=Remedy(_CLEAN, "null_tokens", {column.name: [""]}),
    )


def _find_mixture(column: ColumnPlan, failure: Failure) -> Iterator[Finding]:
    """A few values that are none of what all others are, so that the column stays text."""
    decision = column.decision
    values = decision.rows - decision.nulls
    if column.type_word != "text" or not 0 < failure.count <= _FEW * values:
        return
    word = _WORDS.get(failure.family) or ("timestamp" if "timestamp" in failure.family else "date")
    few = "the only one" if failure.count == 1 else "the first"
    yield Finding(
        "mixed_types",
        "moderate",
        f"{failure.count:,} of {count(values, 'value')} {'is' if failure.count == 1 else 'are'} no "
        f"{failure.family}, so the column stays text",
        columns=(column.name,),
        place=f"{few} {failure.value!r} in row {failure.row:,}",
        count=failure.count,
        total=values,
        advice="Rows with them are rejected, and all others typed, with",
        remedy=Remedy(_CLEAN, "types", {column.name: word}),
    )
