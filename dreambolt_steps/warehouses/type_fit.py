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

    Returns: the columns of the files, under the table's types, and what to do to the table before.

    Raises:
        SchemaError: names each column that is missing in the files, missing in the table, or of a
            type that does not fit.

    Example:
        match_columns({"n": "INTEGER"}, {"N": "BIGINT"}, "players").columns  # {"n": "BIGINT"}
    """
    there = {fold_name(name): name for name in target}
    folded = {fold_name(name) for name in source}
    problems = [
        f"{name!r} is only in the table"
        for name in target
        if fold_name(name) not in folded and (not evolve or name in required)
    ]
    columns: dict[str, str] = {}
    added: dict[str, str] = {}
    widened: dict[str, str] = {}
    for name, kind in source.items():
        held = there.get(fold_name(name))
        if held is None:
            added[name] = columns[name] = kind
        elif fits(kind, target[held]):
            columns[name] = target[held]
        elif evolve and fits(target[held], kind):
            widened[held] = columns[name] = kind
        else:
            problems.append(f"{name!r} is {kind} in the files and {target[held]} in the table")
    if not evolve:
        problems += [f"{name!r} is only in the files" for name in added]
    if problems:
        raise SchemaError(
            f"table {table} has another schema: {'; '.join(problems)}; change the columns before"
            " exporting, let the table evolve, or load with mode replace"
        )
    return ColumnPlan(columns, added, widened)
