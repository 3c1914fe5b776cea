"""What deserves a look in the columns of a table, from what was measured of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from dreambolt_steps.findings.finding import Finding, Level, Remedy, count
from dreambolt_steps.findings.spread import find_far_values, find_fillers, find_spellings
from dreambolt_steps.profiling.history_facts import ColumnFacts, TableFacts
from dreambolt_steps.profiling.oddities import Oddity

FEW_ROWS = 20  # below, a column with one value, or none, says little
_MOSTLY, _NEARLY_ALL = 0.5, 0.95
_KEY_SHARE = 0.98
_BIRTH = re.compile(r"dob|birth|born|geburt|geboren|naissance|nacimiento|nascita")
_CLEAN, _LOAD = "CleanTable", "LoadTable"


def find_in_columns(facts: TableFacts, nullable: Collection[str] = ()) -> Iterator[Finding]:
    """What deserves a look in each column, in their order.

    Args:
        facts: of the table.
        nullable: columns that somebody said may be NULL.
    """
    for column in facts.columns:
        if facts.rows:
            yield from _find_nulls(column, facts.rows, column.name in nullable)
            yield from _find_constant(column, facts.rows)
            yield from find_oddities(column, facts.rows)
            yield from _find_repeated_keys(column, facts.rows)
            yield from find_spellings(column)
            yield from find_fillers(column)
            yield from find_far_values(column)


def _find_nulls(column: ColumnFacts, rows: int, is_fine: bool) -> Iterator[Finding]:
    share = column.nulls / rows
    if share == 1:
        told = "no value in any row" if rows > 1 else "no value in the only row"
        yield Finding(
            "all_null",
            "note" if is_fine or rows < FEW_ROWS else "moderate",
            told,
            columns=(column.name,),
            count=rows,
            total=rows,
            advice="Leave it out with",
            remedy=Remedy(_CLEAN, "drop", [column.name]),
        )
    elif share >= _MOSTLY and not is_fine and rows >= FEW_ROWS:
        yield Finding(
            "mostly_null",
            "moderate" if share >= _NEARLY_ALL else "note",
            f"{_show_share(share)} of the rows have no value ({column.nulls:,} of {rows:,})",
            columns=(column.name,),
            count=column.nulls,
            total=rows,
            advice="If it should be filled, look into the source; a contract says where NULL is "
            "allowed",
        )


def _find_constant(column: ColumnFacts, rows: int) -> Iterator[Finding]:
    if rows < FEW_ROWS or column.nulls or column.distinct != 1 or not column.values:
        return
    yield Finding(
        "constant",
        "note",
        f"{column.values[0][0]!r} in each of the {rows:,} rows",
        columns=(column.name,),
        count=rows,
        total=rows,
        advice="If it says nothing, leave it out with",
        remedy=Remedy(_CLEAN, "drop", [column.name]),
    )


_ODDITIES: dict[str, tuple[Level, str, str, Remedy | None]] = {
    "lost_characters": (
        "moderate",
        "hold � (U+FFFD), which stands in the file where a letter was lost before it came here",
        "Nothing brings it back; ask for the file in the encoding that it was first written in",
        None,
    ),
    "wrong_encoding": (
        "moderate",
        "were decoded with the wrong encoding",
        "They are mended with",
        Remedy(_CLEAN, "repair", True),
    ),
    "control_characters": (
        "moderate",
        "hold control characters, which no text has",
        "Look at how the source was written",
        None,
    ),
    "invisible_characters": (
        "note",
        "hold characters that nobody sees (zero-width blanks, soft hyphens), so that equal words "
        "differ",
        "Take them out at the source",
        None,
    ),
    "html_entities": (
        "note",
        "hold entities of HTML such as &amp;",
        "They stay as they are; decode them at the source",
        None,
    ),
    "outer_blanks": (
        "note",
        "begin or end with blanks, so that equal words differ",
        "They are kept because trim is off",
        None,
    ),
    "future": ("note", "lie in the future", "Look whether they are meant", None),
}


def find_oddities(column: ColumnFacts, rows: int) -> Iterator[Finding]:
    """Values that are probably not what their source meant."""
    values = rows - column.nulls
    for one in column.oddities:
        if one.kind == "outer_quotes":
            yield from _find_quotes(column, one, values)
            continue
        if one.kind not in _ODDITIES:
            continue
        level, what, advice, remedy = _ODDITIES[one.kind]
        if one.kind == "future" and _BIRTH.search(column.name.lower()):
            level, advice = "moderate", "Years of two digits may stand in another century"
        yield Finding(
            one.kind,
            level,
            f"{one.count:,} of {count(values, 'value')} {what}",
            columns=(column.name,),
            place=f"first {one.first!r} in row {one.row:,}",
            count=one.count,
            total=values,
            advice=advice,
            remedy=remedy,
        )


def _find_quotes(column: ColumnFacts, found: Oddity, values: int) -> Iterator[Finding]:
    """Quotes around most values were meant to be taken off; around a few they are speech."""
    if found.count < max(2, values / 2):
        return
    quote = found.first[:1]
    yield Finding(
        "outer_quotes",
        "moderate",
        f"{found.count:,} of {count(values, 'value')} stand in quotes",
        columns=(column.name,),
        place=f"first {found.first!r} in row {found.row:,}",
        count=found.count,
        total=values,
        advice="If they are no part of the values, name the quote with",
        remedy=Remedy(_LOAD, "quote", quote),
    )


def _find_repeated_keys(column: ColumnFacts, rows: int) -> Iterator[Finding]:
    """A column that is called an id, and is nearly one."""
    values = rows - column.nulls
    again = values - column.distinct
    name = column.name.lower()
    if not column.is_exact or again <= 0 or values < FEW_ROWS:
        return
    if not (name in ("id", "key", "uuid", "guid") or name.endswith(("_id", "_key", "_uuid"))):
        return
    if column.distinct / values < _KEY_SHARE:
        return
    yield Finding(
        "repeated_keys",
        "moderate",
        f"{again:,} of {count(values, 'value')} come again, though nearly all of them are unique",
        columns=(column.name,),
        count=again,
        total=values,
        advice="If it is a key, keep the first row of each with duplicates=drop and",
        remedy=Remedy(_CLEAN, "duplicates_by", [column.name]),
    )


def _show_share(share: float) -> str:
    """A share in percent; what is not all is never shown as 100 %."""
    return f"{min(share * 100, 99.9):.0f} %" if share < 0.995 else "more than 99 %"
