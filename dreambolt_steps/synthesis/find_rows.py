"""The rows inside an answer, in whatever a model puts around them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from dreambolt_steps.llms.answer_forms import clean_value, strip_thoughts

_BEGIN = re.compile(r"[\[{\"]")
_DEPTH = 4


def find_rows(
    answer: str, columns: Collection[str] = (), key: str | None = None
) -> list[Any] | None:
    """The rows inside an answer: `{"rows": [...]}`, a JSON array, an object, or one a line.

    Thoughts, prose and code fences around it are passed over; rows may lie below any key, be keyed
    themselves, or be JSON that was written as text. Among several lists the one that has most rows
    with the wanted columns counts, and among equals the last: drafts come first.

    Args:
        answer: of a model.
        columns: that a row has to hold.
        key: the column that holds the name of a row, where rows are keyed by their names.

    Returns: its items, or None if there is no JSON to be found.

    Example:
        >>> find_rows('Not [1, 2] but: [{"a": 1}]', ["a"])
        [{'a': 1}]
    """
    values = list(_iterate_values(strip_thoughts(answer)))
    lists = [rows for value in values for rows in _list_readings(value, key, _DEPTH)]
    objects = [value for value in values if isinstance(value, dict)]
    if len(objects) > 1:
        lists.append(objects)
    if not lists:
        return None
    wanted = set(columns)
    best = max(range(len(lists)), key=lambda at: (*_rate(lists[at], wanted), at))
    found: list[Any] = clean_value(lists[best])
    return found


def _rate(rows: list[Any], wanted: set[str]) -> tuple[int, int]:
    """Rows that have all columns, and cells that have a wanted one."""
    objects = [row for row in rows if isinstance(row, dict)]
    whole = sum(1 for row in objects if wanted <= row.keys())
    return whole, sum(len(wanted & row.keys()) for row in objects)


def _iterate_values(text: str) -> Iterator[Any]:
    """The JSON arrays and objects in a text, outermost ones, from left to right; a text only where
    it is the whole answer."""
    decoder = json.JSONDecoder()
    at = 0
    while match := _BEGIN.search(text, at):
        try:
            value, at = decoder.raw_decode(text, match.start())
        except ValueError:
            at = match.start() + 1
            continue
        except RecursionError:
            return  # nothing that deep is a row, and each level would be tried
        if not isinstance(value, str) or not text[at:].strip():
            yield value
        else:
            at = match.start() + 1  # a quoted word of the prose: there may be JSON in it


def _list_readings(value: Any, key: str | None, depth: int) -> Iterator[list[Any]]:
    """The lists of rows that a value can be read as, likelier ones last."""
    if isinstance(value, str):
        if depth:
            for inner in _iterate_values(value.strip()):
                yield from _list_readings(inner, key, depth - 1)
        return
    if isinstance(value, list):
        yield [_decode_row(row) for row in value]
        return
    if not isinstance(value, dict):
        return
    yield [value]
    if depth:
        for inner in value.values():
            if isinstance(inner, list | dict | str) and inner:
                yield from _list_readings(inner, key, depth - 1)
    if value and all(isinstance(row, dict) for row in value.values()):
        yield [({key: name} if key else {}) | row for name, row in value.items()]
    if isinstance(value.get("rows"), list):
        yield [_decode_row(row) for row in value["rows"]]


def _decode_row(row: Any) -> Any:
    """A row that was written as the text of an object, as that object."""
    if isinstance(row, str) and row.lstrip().startswith("{"):
        try:
            return json.loads(row)
        except (ValueError, RecursionError):
            return row
    return row
