"""Writes a contract from what was found in a table, for people to edit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from dreambolt_steps.errors import UsageError
from dreambolt_steps.profiling.history_facts import VALUE_CHARACTERS, ColumnFacts, TableFacts
from dreambolt_steps.tables.column_types import parse_type
from dreambolt_steps.tables.duplicates import find_repeats

OpenReader = Callable[[], pa.RecordBatchReader]
_MOST_ALLOWED = 20
_NEARLY_ALL = 0.9  # distinct values are counted by a sketch, a few percent off
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_SEMANTICS = ("uuid", "json")
_WORDS_OF_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_HEAD = """\
# What this table promises, written from {rows:,} rows of {source}.
# Ranges and allowed values are those of the rows seen: widen them to what may come.
# Where a promise is broken, a mode decides: evolve (keep it and tell), freeze (stop before
# anything is loaded), discard_row, discard_value (NULL in its place).
contract: 1
table: {table}
modes:
  tables: freeze           # another table altogether: none of these columns
  columns: evolve          # a column that is not named here
  data_type: discard_row   # a value that is none of its column's type
  rows: discard_row        # a value that breaks a promise below
"""


def write_contract(
    open_reader: OpenReader,
    facts: TableFacts,
    *,
    table: str = "table",
    source: str = "a table",
    semantics: Mapping[str, str] | None = None,
) -> str:
    """Write a contract that the table itself keeps.

    Args:
        open_reader: opens the clean table; read once for columns of floats, and once for each
            column that may be unique.
        facts: of `gather_facts` for it.
        table: its name.
        source: where it comes from, in words.
        semantics: column -> what all of its texts are: uuid or json.

    Returns: YAML with comments.

    >>> from dreambolt_steps.profiling.history_facts import gather_facts
    >>> table = pa.table({"id": pa.array([1, 2, 3], pa.int8())})
    >>> text = write_contract(table.to_reader, gather_facts(table.to_reader()))
    >>> print(text.partition("columns:")[2].partition("columns:")[2].strip())
    id: {type: int8, nullable: false, min: 1, max: 3, unique: true}
    """
    unbounded = _find_nan(open_reader, facts)
    unique = {
        column.name
        for column in facts.columns
        if facts.rows > 1
        and not column.nulls
        and column.distinct >= _NEARLY_ALL * facts.rows
        and not len(find_repeats(open_reader, [column.name]))
    }
    semantics = {name: word for name, word in (semantics or {}).items() if word in _SEMANTICS}
    told = "a table" if not source else _one_line(source)
    lines = [_HEAD.format(rows=facts.rows, source=told, table=_quote(table)), "columns:"]
    for column in facts.columns:
        word = semantics.get(column.name, column.type_word)
        written = list(_write_column(column, word, facts.rows, column.name in unbounded))
        if column.name in unique:
            written.append("unique: true")
        body = f"  {_quote_name(column.name)}: {{{', '.join(written)}}}"
        comment = _comment(column, facts.rows)
        lines += [f"  # {comment}", body] if comment else [body]
    return "\n".join(lines if facts.columns else [lines[0], "columns: {}"]) + "\n"


def _write_column(column: ColumnFacts, word: str, rows: int, is_unbounded: bool) -> Iterator[str]:
    try:
        parse_type(word)
    except UsageError:  # nested, bytes, times of other units: there is no word to promise
        if not column.nulls:
            yield "nullable: false"
        return
    yield f"type: {_quote(word)}"
    if rows and not column.nulls:
        yield "nullable: false"
    if column.low is not None and column.high is not None:
        if column.family == "number" and not is_unbounded:
            yield f"min: {_number(column.low)}"
            yield f"max: {_number(column.high)}"
        elif column.family == "moment":
            yield f"min: {_quote(column.low)}"
            yield f"max: {_quote(column.high)}"
    if _is_category(column, rows):
        yield f"allowed: [{', '.join(sorted(_quote(value) for value, _ in column.values))}]"


def _is_category(column: ColumnFacts, rows: int) -> bool:
    """Few texts, all of them seen, each several times."""
    return (
        column.family == "text"
        and column.is_categorical
        and column.sampled == rows - column.nulls
        and len(column.values) <= _MOST_ALLOWED
        and all(len(value) < VALUE_CHARACTERS for value, _ in column.values)  # longer ones are cut
    )


def _comment(column: ColumnFacts, rows: int) -> str:
    if column.family != "text" or not column.values or _is_category(column, rows):
        return ""
    shown = ", ".join(_one_line(value) for value, _ in column.values[:5])
    count = f"{column.distinct:,} different values" if column.distinct != 1 else "one value"
    return f"{count}, {_measure(column)}, such as {shown}"


def _measure(column: ColumnFacts) -> str:
    low, high = int(column.quantiles[0]), int(column.quantiles[-1])
    if high > low:
        return f"{low:,} to {high:,} characters"
    return f"{low:,} characters" if low != 1 else "1 character"


def _find_nan(open_reader: OpenReader, facts: TableFacts) -> set[str]:
    """Columns with values that are no number: they are in no range."""
    names = [column.name for column in facts.columns if column.type_word == "float"]
    found: set[str] = set()
    if names:
        with open_reader() as reader:
            for batch in reader:
                found |= {name for name in names if pc.any(pc.is_nan(batch.column(name))).as_py()}
    return found


def _number(text: str) -> str:
    """A number as YAML reads it; as text where YAML would lose digits, or take 1e+20 for text."""
    plain = re.fullmatch(r"-?\d+", text) or (re.fullmatch(r"-?\d+\.\d+", text) and len(text) <= 16)
    return text if plain else _quote(text)


def _quote_name(name: str) -> str:
    plain = _PLAIN.fullmatch(name) and name not in _WORDS_OF_YAML
    return name if plain else _quote(name)


def _quote(text: str) -> str:
    """Text that YAML reads as this very text; plain where it can only be text."""
    if _PLAIN.fullmatch(text) and text not in _WORDS_OF_YAML:
        return text
    written = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1 << 30)
    return str(written).strip()


def _one_line(text: str) -> str:
    """Text for a comment: no line ends in it, and nothing that YAML refuses."""
    return "".join(c if c.isprintable() else " " for c in text)[:60]


__all__: Sequence[str] = ["write_contract"]
