"""What came of a synthesis: rows, rejects, and why there are not more."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dreambolt_steps.synthesis.row_requests import Slot
from dreambolt_steps.tables.rejects.schema import Reject

ATTEMPTS = 3
_QUOTED = re.compile(r"(?<!\w)(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")(?!\w)")


@dataclass(frozen=True)
class MadeRow:
    """A row that was made.

    Attributes:
        slot: its place.
        values: typed, without those that were given to a completion.
        call_key: of the call that made it, in the ledger.
    """

    slot: Slot
    values: Mapping[str, Any]
    call_key: str


@dataclass
class Synthesis:
    """What came of it.

    Attributes:
        rows: in the order of their slots.
        rejects: rows and answers that could not be used, with their reasons.
        reasons: how often rows were rejected, by reason.
        examples: of each reason the first one, whole.
        calls: that were answered, from the ledger or by the model.
        repaired: rows that one corrective call put right.
        attempts: for each row, at most.
        stopped: why it ended before every slot was tried; None if it did not.
    """

    rows: list[MadeRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    calls: int = 0
    repaired: int = 0
    stopped: str | None = None
    attempts: int = ATTEMPTS

    def reject(self, reject: Reject) -> None:
        """Keep one that can't be used."""
        self.rejects.append(reject)
        kind = _name_kind(reject)
        self.reasons[kind] += 1
        self.examples.setdefault(kind, _tell(reject))


def explain_missing(made: Synthesis, wanted: int) -> str | None:
    """Why there are fewer rows than wanted; None if there are not."""
    missing = wanted - len(made.rows)
    if missing <= 0:
        return None
    common: Sequence[tuple[str, int]] = made.reasons.most_common(3)
    told = "; ".join(f"{_count(count)}: {made.examples[kind]}" for kind, count in common)
    why = made.stopped or f"every row was tried {made.attempts} times"
    return f"{missing:,} of {wanted:,} rows are missing: {why}" + (f" ({told})" if told else "")


def _name_kind(reject: Reject) -> str:
    """A reason with the column in place of its value, and without other values, to count by."""
    reason = reject.reason
    if reject.column and reject.value is not None:
        value = repr(json.loads(reject.value))
        if reason.startswith(f"{value} "):
            return reject.column + reason.removeprefix(value)
    return _QUOTED.sub("...", reason)


def _tell(reject: Reject) -> str:
    """Why one was rejected, whole, with its column."""
    named = reject.column is not None and reject.column not in reject.reason
    return f"{reject.column}: {reject.reason}" if named else reject.reason


def _count(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
