"""What is wanted of each new row before it is made: the plan that conditions a synthesis."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dreambolt_steps.errors import UsageError


@dataclass(frozen=True)
class Slot:
    """The place of one row that is to be made.

    Attributes:
        index: its number, from 0.
        given: values that the row has to have.
        seed_row: the row that it shall be a variation of.
    """

    index: int
    given: Mapping[str, Any] = field(default_factory=dict)
    seed_row: Mapping[str, Any] | None = None


def plan_slots(
    fixed: Mapping[str, Any] | None = None,
    where: Mapping[str, Sequence[Any] | Mapping[Any, int]] | None = None,
    seed_rows: Sequence[Mapping[str, Any]] = (),
) -> Iterator[Slot]:
    """The slots of a synthesis, as many as anybody asks for; ends where quotas are full.

    The first slots are the same however many are taken.

    Args:
        fixed: column -> the value that every row has.
        where: column -> values to be taken in turn, or value -> how many rows. With several columns
            each goes its own turn, so that combinations mix; quotas of several columns are filled
            side by side.
        seed_rows: rows to vary, in turn.

    >>> [slot.given for slot in itertools.islice(plan_slots(where={"t": ["a", "b"]}), 3)]
    [{'t': 'a'}, {'t': 'b'}, {'t': 'a'}]
    """
    turns = [
        _take_turns(name, values, at) for at, (name, values) in enumerate((where or {}).items())
    ]
    for index in itertools.count():
        given = dict(fixed or {})
        for turn in turns:
            pair = next(turn, None)
            if pair is None:
                return
            given[pair[0]] = pair[1]
        seed_row = seed_rows[index % len(seed_rows)] if seed_rows else None
        yield Slot(index, given, seed_row)


def count_quota(where: Mapping[str, Sequence[Any] | Mapping[Any, int]] | None) -> int | None:
    """Rows that quotas allow; None without quotas.

    Raises: UsageError for quotas of different sums, or a column without values.
    """
    sums = {}
    for name, values in (where or {}).items():
        if not values:
            raise UsageError(f"where: {name} has no values")
        if isinstance(values, Mapping):
            sums[name] = sum(values.values())
        elif isinstance(values, str):
            raise UsageError(f"where: {name} needs a list of values, or values with quotas")
    if len(set(sums.values())) > 1:
        told = ", ".join(f"{name}: {rows}" for name, rows in sums.items())
        raise UsageError(f"where: quotas add up to different numbers of rows ({told})")
    return next(iter(sums.values()), None)


def list_asked_values(
    fixed: Mapping[str, Any] | None, where: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """Values that the user asked for, by column."""
    asked = {name: [value] for name, value in (fixed or {}).items()}
    return asked | {name: list(values) for name, values in (where or {}).items()}


def _take_turns(
    name: str, values: Sequence[Any] | Mapping[Any, int], place: int
) -> Iterator[tuple[str, Any]]:
    if not isinstance(values, Mapping):
        # Later columns turn slower, so that lists of one length still meet in every combination.
        for at in itertools.count():
            step = at + (at // len(values) if place else 0)
            yield name, values[step % len(values)]
    left = dict(values) if isinstance(values, Mapping) else {}
    while any(left.values()):
        for value in list(left):
            if left[value]:
                left[value] -= 1
                yield name, value
