"""Whether the columns of a load fit those of the table it is appended to."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from dreambolt_steps.errors import SchemaError

_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
# bits and sign of the integers; decimal digits they need at most
_INTEGERS = {
    f"{sign}{name}": (bits, bool(sign), digits)
    for name, bits, signed, unsigned in (
        ("TINYINT", 8, 3, 3),
        ("SMALLINT", 16, 5, 5),
        ("INTEGER", 32, 10, 10),
        ("BIGINT", 64, 19, 20),
        ("HUGEINT", 128, 39, 39),
    )
    for sign, digits in (("", signed), ("U", unsigned))
}
_WRITTEN = {"BOOLEAN", "DATE", "TIME", "TIMESTAMP"}  # in one way, whatever the session's settings
_MAX_DIGITS = 38
_EXACT_BITS = {"FLOAT": 24, "DOUBLE": 53}  # of the integers that a float holds exactly


def fold_name(name: str) -> str:
    """Fold a column name as DuckDB does: only A to Z have no case.

    >>> fold_name("ÉA")
    'Éa'
    """
    return name.translate(_FOLDED)


def fits_type(source: str, target: str) -> bool:
    """Say whether every value of one DuckDB type is held by another without change.

    The same type fits. So does an integer in a wider one, in a decimal with enough digits, and in a
    float that holds all its values exactly; a decimal in one with as many digits on both sides of
    its point; FLOAT in DOUBLE. Nothing else does: not a date in a timestamp, nothing in text.

    >>> fits_type("INTEGER", "BIGINT"), fits_type("BIGINT", "INTEGER")
    (True, False)
    """
    if source == target or (source, target) == ("FLOAT", "DOUBLE"):
        return True
    into = _DECIMAL.fullmatch(target)
    decimal = _DECIMAL.fullmatch(source)
    if decimal and into:
        whole = int(decimal[1]) - int(decimal[2])
        return int(decimal[2]) <= int(into[2]) and whole <= int(into[1]) - int(into[2])
    if source not in _INTEGERS:
        return False
    bits, unsigned, digits = _INTEGERS[source]
    if into:
        return digits <= int(into[1]) - int(into[2])
    if target in _EXACT_BITS:
        return bits <= _EXACT_BITS[target]
    if target not in _INTEGERS:
        return False
    wider, target_unsigned, _ = _INTEGERS[target]
    return wider > bits and (unsigned or not target_unsigned)


def widen_type(source: str, target: str) -> str | None:
    """Choose the DuckDB type of a column that is to hold its own values and those of files, as it
    is altered when its table evolves.

    The wider of the two where one holds the other; for integers and decimals a decimal with enough
    digits on both sides of the point; TIMESTAMP for days and moments; VARCHAR for text and values
    that have one way to be written: integers, decimals, booleans, dates, times and timestamps
    without zone.

    Args:
        source: the type of the files.
        target: the type of the table.

    Returns: None where there is no such type.

    >>> widen_type("DECIMAL(4,2)", "INTEGER"), widen_type("TIMESTAMP", "DATE")
    ('DECIMAL(12,2)', 'TIMESTAMP')
    """
    if fits_type(source, target):
        return target
    if fits_type(target, source):
        return source
    pair = {source, target}
    if pair == {"DATE", "TIMESTAMP"}:
        return "TIMESTAMP"
    if "VARCHAR" in pair:
        (other,) = pair - {"VARCHAR"}
        written = other in _WRITTEN or other in _INTEGERS or _DECIMAL.fullmatch(other)
        return "VARCHAR" if written else None
    digits = [_count_digits(kind) for kind in (source, target)]
    known = [one for one in digits if one is not None]
    if len(known) < 2:
        return None
    whole, scale = max(one[0] for one in known), max(one[1] for one in known)
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= _MAX_DIGITS else None


def _count_digits(kind: str) -> tuple[int, int] | None:
    """Digits before and behind the point that an integer or a decimal may have."""
    if kind in _INTEGERS:
        return _INTEGERS[kind][2], 0
    found = _DECIMAL.fullmatch(kind)
    return (int(found[1]) - int(found[2]), int(found[2])) if found else None


@dataclass(frozen=True)
class ColumnPlan:
    """How the columns of files go into a table.

    `columns` has the type that each column of the files is loaded as; `added` and `widened` are
    what has to be done to the table before, type by column name.
    """

    columns: dict[str, str]
    added: dict[str, str] = field(default_factory=dict)
    widened: dict[str, str] = field(default_factory=dict)


def match_columns(
    source: Mapping[str, str],
    target: Mapping[str, str],
    table: str,
    *,
    evolve: bool = False,
    required: Collection[str] = (),
    fits: Callable[[str, str], bool] = fits_type,
    widen: Callable[[str, str], str | None] = widen_type,
    fold: Callable[[str], str] = fold_name,
) -> ColumnPlan:
    """Match the columns of files with those of a table, by name.

    Args:
        source: type by name, of the files.
        target: type by name, of the table.
        table: its name, for the error.
        evolve: add columns that the table lacks, widen those that are too narrow, and let those
            that the files lack be NULL.
        required: columns of the table that can't be NULL.
        fits: whether every value of one type is held by another.
        widen: the type that holds both one of the files and one of the table.
        fold: makes names alike that are one to the warehouse.

    Returns: the columns of the files, under the table's types, and what to do to the table before.

    Raises:
        SchemaError: names each column that is missing in the files, missing in the table, or of a
            type that does not fit.

    Example:
        match_columns({"n": "INTEGER"}, {"N": "BIGINT"}, "players").columns  # {"n": "BIGINT"}
    """
    there = {fold(name): name for name in target}
    folded = {fold(name) for name in source}
    problems = [
        f"{name!r} is only in the table"
        for name in target
        if fold(name) not in folded and (not evolve or name in required)
    ]
    columns: dict[str, str] = {}
    added: dict[str, str] = {}
    widened: dict[str, str] = {}
    for name, kind in source.items():
        held = there.get(fold(name))
        if held is None:
            added[name] = columns[name] = kind
        elif fits(kind, target[held]):
            columns[name] = target[held]
        elif evolve and (wide := widen(kind, target[held])) is not None:
            columns[name] = wide
            if wide != target[held]:
                widened[held] = wide
        else:
            problems.append(f"{name!r} is {kind} in the files and {target[held]} in the table")
    if not evolve:
        problems += [f"{name!r} is only in the files" for name in added]
    if problems:
        told = f"table {table} has another schema: {'; '.join(problems)}"
        if evolve:
            told += ", which can't evolve into one another; give the column the table's type before"
            raise SchemaError(f"{told} exporting (types of CleanTable), or load with mode replace")
        raise SchemaError(
            f"{told}; change the columns before exporting, let the table evolve, or load with mode"
            " replace"
        )
    return ColumnPlan(columns, added, widened)
