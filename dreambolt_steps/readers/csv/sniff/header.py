"""Which of a table's first rows hold its names, and what the names are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from dreambolt_steps.readers.csv.sniff.value_kinds import find_kind, profile_columns

_MOST_ROWS = 5
_LONGEST_NAME = 400
_HASH = re.compile(r"#+\s*(?:Fields:\s*)?(?!of\b)(\w.*)", re.DOTALL)
_UNIT = re.compile(r"[(\[].*[)\]]")


def count_header_rows(rows: Sequence[Sequence[str]], width: int) -> int:
    """Count the rows at the top that hold names: 0 to 5.

    A first row is a header unless its cells are values like those below. Further rows count only
    where they hold text although several columns below do not.

    Args:
        rows: the table's first rows, a hundred or so, each of `width` cells.
    """
    if not rows:
        return 0
    if all(map(str.strip, rows[0])):  # a header that comes again is no row
        rows = [rows[0], *(row for row in rows[1:] if list(row) != list(rows[0]))]
    below = rows[max(1, min(_MOST_ROWS + 1, len(rows) // 2)) :] if len(rows) > 1 else []
    profile = profile_columns(below, width)
    if not _is_header(rows[0], profile, rows[1:]):
        return 0
    count = 1
    while count < min(_MOST_ROWS, len(rows) - 1) and _is_further_header(
        rows[count], rows[0], profile, is_third=count > 1
    ):
        count += 1
    return count


def join_names(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Join the header rows column by column, with a blank between.

    In every row but the last an empty cell stands for the one on its left: a group's name is
    written once.

    >>> join_names([["", "2019", ""], ["team", "won", "lost"]], 3)
    ['team', '2019 won', '2019 lost']
    """
    parts: list[list[str]] = [[] for _ in range(width)]
    for number, row in enumerate(rows):
        above = ""
        for index in range(width):
            cell = row[index] if index < len(row) else ""
            if cell.strip():
                above = cell
            elif number < len(rows) - 1:
                cell = above
            if cell.strip():
                parts[index].append(cell.strip() if len(rows) > 1 else cell)
    return [" ".join(part) for part in parts]


def fit_names(names: Sequence[str], width: int, first_rows: Sequence[Sequence[str]]) -> list[str]:
    """Make a header of another width fit the table: empty names go first where there are too many;
    where one is missing, it is the first if the first column only numbers or labels the rows, else
    the last.

    Args:
        names: of the header row.
        width: of the table.
        first_rows: rows of the table.
    """
    names = list(names)
    while len(names) > width and "" in map(str.strip, names):
        empty = [index for index, name in enumerate(names) if not name.strip()]
        del names[empty[-1]]
    missing = width - len(names)
    labels = [row[0] for row in first_rows]
    if missing == 1 and len(labels) > 1 and labels == [str(i + 1) for i in range(len(labels))]:
        return ["", *names]
    return names + [""] * missing


def _is_header(row: Sequence[str], profile: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    alike = unlike = codes = 0
    for index, (cell, kind) in enumerate(zip(row, profile, strict=True)):
        found = find_kind(cell)
        if kind in ("", "text") or not found:
            continue
        if found == kind and not _is_label(index, row, below):
            alike += 1
            codes += kind.startswith("code")
        elif found != kind:
            unlike += 1
    if alike or unlike:
        is_named = unlike > 0 and alike == codes and len(set(row)) == len(row)  # "c1", "c2"
        return unlike > alike or (is_named and all(map(str.strip, row)))
    for index, cell in enumerate(row):
        kind = find_kind(cell)
        plain = kind in ("", "text") or kind.startswith("code")
        if not plain and not _is_label(index, row, below):
            return False
    return not any(
        cell.strip() and any(cell == other[index] for other in below)
        for index, cell in enumerate(row)
    )


def _is_label(index: int, row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a number in the first row is a year above measures, not a measure itself."""
    cell = row[index].strip()
    if not (cell.isdecimal() and len(cell) == 4 and 1800 <= int(cell) <= 2200):
        return False
    years = [c for c in map(str.strip, row) if c.isdecimal() and len(c) == 4]
    values = [other[index].strip() for other in below]
    like_years = sum(v.isdecimal() and len(v) == 4 and 1800 <= int(v) <= 2200 for v in values)
    return len(years) > 1 and len(set(years)) == len(years) and like_years < 0.5 * len(values)


def strip_hash(line: str) -> str:
    """Take away what marks a line of names as a comment.

    >>> strip_hash("# wdf,a"), strip_hash("#Fields: date time"), strip_hash("#"), strip_hash("# of")
    ('wdf,a', 'date time', '#', '# of')
    """
    found = _HASH.fullmatch(line)
    return found[1] if found else line


def _is_further_header(
    row: Sequence[str], first: Sequence[str], profile: Sequence[str], *, is_third: bool = False
) -> bool:
    typed = [index for index, kind in enumerate(profile) if kind not in ("", "text")]
    kinds = [find_kind(row[index]) for index in typed]
    if any(kind == profile[index] for kind, index in zip(kinds, typed, strict=True)):
        return False
    if list(row) == list(first):
        return True
    if typed and all(_UNIT.fullmatch(cell.strip()) for cell in row if cell.strip()):
        return any(map(str.strip, row))
    texts = [row[index].strip() for index, kind in zip(typed, kinds, strict=True) if kind]
    if len(typed) < 2 or len(texts) < max(2, len(typed) / 2):
        return False
    return is_third or Counter(texts).most_common(1)[0][1] < max(len(texts), 2)


def is_like_header(row: Sequence[str], profile: Sequence[str]) -> bool:
    """Tell whether a row inside a file holds names: text, short, in several columns that hold
    values of another kind elsewhere, and no value where one belongs."""
    return _is_further_header(row, (), profile) and max(map(len, row)) <= _LONGEST_NAME
