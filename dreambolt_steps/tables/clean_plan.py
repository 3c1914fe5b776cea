"""Plans how a table is made regular: names, blanks, nulls and types, found over all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.blanks import NULL_TOKENS
from dreambolt_steps.tables.column_types import name_type, parse_type
from dreambolt_steps.tables.infer import ColumnDecision, infer_types
from dreambolt_steps.tables.naming import clean_names


@dataclass(frozen=True)
class ColumnPlan:
    """What happens to one column.

    Attributes:
        name: its clean name.
        type: its Arrow type afterwards.
        is_explicit: whether the type was asked for; what does not fit is then rejected.
        decision: what was found in the data, and why.
    """

    name: str
    type: pa.DataType
    is_explicit: bool
    decision: ColumnDecision

    @property
    def type_word(self) -> str:
        """The type as users write it: `int32`, `decimal(9,2)`, `text`."""
        return name_type(self.type)


@dataclass(frozen=True)
class CleanPlan:
    """How to clean a table: its columns in order, and what was asked for."""

    columns: tuple[ColumnPlan, ...]
    null_tokens: tuple[str, ...]
    trim: bool

    @property
    def schema(self) -> pa.Schema:
        """The schema of the clean table."""
        return pa.schema([(column.name, column.type) for column in self.columns])


def plan_cleaning(
    open_reader: Callable[[], pa.RecordBatchReader],
    *,
    types: Mapping[str, str] | None = None,
    null_tokens: Sequence[str] = NULL_TOKENS,
    trim: bool = True,
    names: Mapping[str, str] | None = None,
) -> CleanPlan:
    """Look at all rows of a table and plan how to clean it.

    Args:
        open_reader: opens the table anew; read once.
        types: type words (`text`, `int32`, `decimal(9,2)`...) by source or clean name; "*" is for
            all columns not named.
        null_tokens: values that mean NULL, after trimming.
        trim: whether to take blanks off both ends of text.
        names: wanted names by source name; the other columns get clean ones.

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
    decisions = infer_types(open_reader, null_tokens=null_tokens, trim=trim)
    columns = tuple(
        ColumnPlan(name, explicit or decision.type, explicit is not None, decision)
        for name, explicit, decision in zip(clean, wanted, decisions, strict=True)
    )
    return CleanPlan(columns, tuple(null_tokens), trim)


def _choose_names(sources: Sequence[str], names: Mapping[str, str]) -> list[str]:
    unknown = [name for name in names if name not in sources]
    if unknown:
        raise UsageError(f"no column {unknown[0]!r} to rename; there are {', '.join(sources)}")
    clean = iter(clean_names([name for name in sources if name not in names]))
    chosen = [names[name] if name in names else next(clean) for name in sources]
    for name in chosen:
        if chosen.count(name) > 1:
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
