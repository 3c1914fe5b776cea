"""Which row of an answer is about which row of the question: by a key, never by its position."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dreambolt_steps.synthesis.answers import reject_answer
from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.synthesis.row_schema import describe_object
from dreambolt_steps.synthesis.templates import show_row
from dreambolt_steps.tables.rejects.schema import Reject


@dataclass(frozen=True)
class PairedRows:
    """The rows of an answer, each with the slot that it is about.

    Attributes:
        rows: slot index -> its row without the key, or why it has none.
        strangers: rows that are about none of the slots.
    """

    rows: dict[int, Any]
    strangers: list[Reject] = field(default_factory=list)


def choose_key(slots: Sequence[Slot], columns: Collection[str]) -> str | None:
    """The name under which each row of an answer says which row it is about.

    Args:
        slots: that one call asks for.
        columns: which the answer may hold.

    Returns: `_row`, with more underscores before it where a column has that name; None where it
        takes no key: for a single row, for rows of which nothing is given, and for rows that hold
        what is given themselves.

    >>> choose_key([Slot(0, {"a": 1}), Slot(1, {"a": 2})], ["b"])
    '_row'
    """
    told = {name for slot in slots for name in slot.given}
    if len(slots) < 2 or told <= set(columns):
        return None
    key = "_row"
    while key in told or key in columns:
        key = f"_{key}"
    return key


def describe_keyed_row(row_schema: Mapping[str, Any], key: str, count: int) -> dict[str, Any]:
    """The JSON Schema of a row that begins with its key."""
    numbers = {
        "type": "integer",
        "enum": list(range(1, count + 1)),
        "description": f"the {key} of the row that this one is about",
    }
    return describe_object({key: numbers, **row_schema["properties"]})


def number_rows(rows: Sequence[Mapping[str, Any]], key: str | None) -> list[Mapping[str, Any]]:
    """Rows as they are shown: each begins with its key, from 1 on."""
    if key is None:
        return list(rows)
    return [{key: number, **row} for number, row in enumerate(rows, 1)]


def pair_rows(
    rows: Sequence[Any], slots: Sequence[Slot], key: str | None, columns: Collection[str]
) -> PairedRows:
    """Find for each slot the row that is about it.

    A row may repeat values that were given; where one differs, the row is about something else. One
    without its key counts if what it repeats was given for one slot alone. Two different rows with
    one key are both rejected.

    Args:
        rows: of the answer.
        slots: that the call asked for, in its order.
        key: of `choose_key`.
        columns: that the answer has to hold; given values of other ones are taken out of the rows.
    """
    if key is None:
        return _pair_by_values(rows, slots, set(columns))
    found: dict[int, Any] = {}
    strangers: list[Reject] = []
    for row in rows:
        number, rest = _take_key(row, key)
        if number is None and isinstance(row, dict) and key not in row:
            number = _find_repeated(row, slots)
        if number is None or not 1 <= number <= len(slots):
            strangers.append(reject_answer(_explain_stranger(row, key, len(slots)), show_row(row)))
            continue
        slot = slots[number - 1]
        paired = _drop_repeated(rest, slot.given, set(columns))
        if slot.index in found and found[slot.index] != paired:
            paired = reject_answer(f"the answer holds different rows with {key} {number}", "")
        found[slot.index] = paired
    missing = [slot for slot in slots if slot.index not in found]
    told = f"the answer holds {len(found)} of {len(slots)} rows"
    return PairedRows(found | {slot.index: reject_answer(told, "") for slot in missing}, strangers)


def _pair_by_values(rows: Sequence[Any], slots: Sequence[Slot], columns: set[str]) -> PairedRows:
    """Rows that hold what was given; one that does not is for a slot that is left, and is told so
    when its values are checked."""
    if len(slots) == 1 and len(rows) > 1 and not slots[0].given.keys() <= columns:
        told = f"the answer holds {len(rows)} rows, and one was asked for"
        return PairedRows({slots[0].index: reject_answer(told, show_row(rows))})
    rest, free = [], list(slots)
    found: dict[int, Any] = {}
    for row in rows:
        slot = next((slot for slot in free if slot.given and _holds(row, slot.given)), None)
        if slot is None:
            rest.append(row)
        else:
            found[slot.index] = row
            free.remove(slot)
    for slot, row in zip(free, rest, strict=False):
        found[slot.index] = row
    told = f"the answer holds {len(found)} of {len(slots)} rows"
    return PairedRows(
        {
            slot.index: _drop_repeated(found[slot.index], slot.given, columns)
            if slot.index in found
            else reject_answer(told, "")
            for slot in slots
        }
    )


def _holds(row: Any, given: Mapping[str, Any]) -> bool:
    return isinstance(row, dict) and all(
        name in row and _normalise(row[name]) == _normalise(value) for name, value in given.items()
    )


def _take_key(row: Any, key: str) -> tuple[int | None, Any]:
    if not isinstance(row, dict):
        return None, row
    rest = {name: value for name, value in row.items() if name != key}
    number = row.get(key)
    if isinstance(number, str) and number.strip().isdecimal():
        number = int(number)
    whole = isinstance(number, int | float) and not isinstance(number, bool)
    return (int(number) if whole and number == int(number) else None), rest  # type: ignore[arg-type]


def _find_repeated(row: Mapping[str, Any], slots: Sequence[Slot]) -> int | None:
    """The number of the one slot whose given values a row repeats, as far as it repeats any."""
    alike = [
        number
        for number, slot in enumerate(slots, 1)
        if (told := row.keys() & slot.given.keys())
        and _holds(row, {name: slot.given[name] for name in told})
    ]
    return alike[0] if len(alike) == 1 else None


def _drop_repeated(row: Any, given: Mapping[str, Any], columns: set[str]) -> Any:
    """A row without the given values that are no columns to write."""
    if not isinstance(row, dict):
        return row
    for name in row.keys() & given.keys() - columns:
        if _normalise(row[name]) != _normalise(given[name]):
            reason = f"{name} has to be {given[name]!r}, not {row[name]!r}"
            return reject_answer(reason, show_row(row), name, row[name])
    return {name: value for name, value in row.items() if name in columns or name not in given}


def _normalise(value: Any) -> Any:
    """A value as an answer could repeat it: JSON has no dates and no decimals."""
    if isinstance(value, bool | int | float | None):
        return value
    text = value if isinstance(value, str) else json.loads(show_row(value))
    return text.strip() if isinstance(text, str) else text


def _explain_stranger(row: Any, key: str, count: int) -> str:
    if not isinstance(row, dict):
        return "it is no object"
    if key not in row:
        return f"it does not say which row it is about ({key} is missing)"
    return f"{key} {row[key]!r} is none of the rows asked about (1 to {count})"
