"""Plans how a table is made regular: names, blanks, nulls and types, found over all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import get_args

import pyarrow as pa

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.blanks import NULL_TOKENS
from dreambolt_steps.tables.clean_column import clean_column
from dreambolt_steps.tables.column_plan import CleanPlan, ColumnPlan, OnMismatch
from dreambolt_steps.tables.column_types import parse_type
from dreambolt_steps.tables.decision import ColumnWarning
from dreambolt_steps.tables.infer import infer_types
from dreambolt_steps.tables.naming import clean_names


def plan_cleaning(
    open_reader: Callable[[], pa.RecordBatchReader],
    *,
    types: Mapping[str, str] | None = None,
    null_tokens: Sequence[str] = NULL_TOKENS,
    trim: bool = True,
    names: Mapping[str, str] | None = None,
    on_mismatch: OnMismatch | Mapping[str, OnMismatch] = "reject",
) -> CleanPlan:
    """Look at all rows of a table and plan how to clean it.

    Args:
        open_reader: opens the table anew; read once, and once more for columns to be widened.
        types: type words (`text`, `int32`, `decimal(9,2)`...) by source or clean name; "*" is for
            all columns not named.
        null_tokens: values that mean NULL, after trimming.
        trim: whether to take blanks off both ends of text.
        names: wanted names by source name; the other columns get clean ones.
        on_mismatch: what happens with a value that does not fit a type asked for: `reject` its row,
            make it `null`, `raise` SchemaError, or `widen` the column to text. For all columns, or
            by source or clean name ("*": the rest).

    Returns: the plan; `.columns` carries the evidence.
    Raises: UsageError for a column or a type word that does not exist, or names that collide.

    >>> table = pa.table({"Shirt Number": ["1", "22"]})
    >>> plan_cleaning(lambda: table.to_reader()).schema.field(0)
    pyarrow.Field<shirt_number: int8>
    """
    reader = open_reader()
    sources = reader.schema.names
    reader.close()
    clean = _choose_names(sources, names or {})
    wanted = _choose_types(sources, clean, types or {})
    reactions = _choose_reactions(sources, clean, on_mismatch)
    decisions = infer_types(open_reader, null_tokens=null_tokens, trim=trim)
    columns = [
        ColumnPlan(
            name, explicit or decision.type, explicit is not None, decision, tokens, reaction
        )
        for name, explicit, decision, tokens, reaction in zip(
            clean, wanted, decisions, [tuple(null_tokens)] * len(clean), reactions, strict=True
        )
    ]
    return CleanPlan(tuple(_widen(open_reader, columns)))


def _widen(
    open_reader: Callable[[], pa.RecordBatchReader], columns: list[ColumnPlan]
) -> list[ColumnPlan]:
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
                values, good = batch.column(at), clean_column(batch.column(at), columns[at])[1]
                if good is not None:
                    first = good.index(False).as_py()
                    told = f"{values[first].as_py()!r} in row {rows + first + 1}"
                    columns[at] = _make_text(columns[at], told)
                    waiting.remove(at)
            rows += batch.num_rows
    return columns


def _make_text(column: ColumnPlan, told: str) -> ColumnPlan:
    warning = ColumnWarning(f"text, not {column.type_word} as asked: {told}", "")
    decision = replace(column.decision, warnings=(*column.decision.warnings, warning))
    return replace(column, type=pa.string(), decision=decision)


def _choose_names(sources: Sequence[str], names: Mapping[str, str]) -> list[str]:
    unknown = [name for name in names if name not in sources]
    if unknown:
        raise UsageError(f"no column {unknown[0]!r} to rename; there are {', '.join(sources)}")
    clean = iter(clean_names([name for name in sources if name not in names]))
    chosen = [names[name] if name in names else next(clean) for name in sources]
    name, count = Counter(chosen).most_common(1)[0] if chosen else ("", 0)
    if count > 1:
        raise UsageError(f"two columns would be called {name!r}; choose another name for one")
    return chosen


def _choose_types(
    sources: Sequence[str], clean: Sequence[str], types: Mapping[str, str]
) -> list[pa.DataType | None]:
    for name in types:
        if name != "*" and name not in sources and name not in clean:
            raise UsageError(f"no column {name!r} to type; there are {', '.join(clean)}")
    parsed = {name: parse_type(word) for name, word in types.items()}
    return [
        parsed.get(source, parsed.get(name, parsed.get("*")))
        for source, name in zip(sources, clean, strict=True)
    ]


def _choose_reactions(
    sources: Sequence[str], clean: Sequence[str], given: OnMismatch | Mapping[str, OnMismatch]
) -> list[OnMismatch]:
    by_name: Mapping[str, OnMismatch] = {"*": given} if isinstance(given, str) else given
    for name, word in by_name.items():
        if word not in get_args(OnMismatch):
            known = ", ".join(get_args(OnMismatch))
            raise UsageError(f"on_mismatch {word!r} is none of {known}")
        if name != "*" and name not in sources and name not in clean:
            raise UsageError(f"no column {name!r} for on_mismatch; there are {', '.join(clean)}")
    rest = by_name.get("*", "reject")
    return [
        by_name.get(source, by_name.get(name, rest))
        for source, name in zip(sources, clean, strict=True)
    ]
