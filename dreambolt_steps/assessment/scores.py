"""What an assessment found: one score a measure and column, and the quality that they add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

SCORE_SCHEMA = pa.schema(
    [
        ("part", pa.string()),
        ("measure", pa.string()),
        ("column", pa.string()),
        ("other_column", pa.string()),
        ("value", pa.float64()),
        ("holdout", pa.float64()),
    ]
)
LIKENESS = ("columns", "pairs", "coverage", "discriminator")


@dataclass(frozen=True)
class Score:
    """One measure.

    Attributes:
        part: columns, pairs, coverage, discriminator, rules, privacy, cost or quality.
        measure: its name; those of SDMetrics are computed as SDMetrics defines them.
        column, other_column: that were measured; None for whole rows.
        value: of the synthetic rows.
        holdout: of as many real rows that were held back, measured in the same way; None where that
            says nothing.
    """

    part: str
    measure: str
    column: str | None
    other_column: str | None
    value: float
    holdout: float | None = None


@dataclass(frozen=True)
class Quality:
    """What the scores add up to.

    Attributes:
        score: 0 to 100: likeness times lawful times fresh.
        likeness: 0 to 1, the mean of `parts`.
        lawful: the share of synthetic rows that break no rule.
        fresh: the share of them that are no copies, beyond what real rows have of them.
        parts: columns, pairs, coverage and discriminator, as far as they could be measured; 1 is as
            good as real rows that were held back.
    """

    score: float
    likeness: float
    lawful: float
    fresh: float
    parts: Mapping[str, float]


def rate(scores: Sequence[Score], lawful: float, copies: float, copies_held: float) -> Quality:
    """Add scores up.

    Args:
        scores: all of them.
        lawful: the share of synthetic rows that break no rule.
        copies, copies_held: the share of rows equal to a real one, of the synthetic rows and of
            those held back.

    >>> scores = [Score("columns", "KSComplement", "a", None, 0.9, 0.9)]
    >>> rate(scores, 1.0, 0.5, 0.0).score
    50.0
    """
    parts = {}
    for name in LIKENESS:
        found = [one for one in scores if one.part == name]
        if found:
            value, held = _average(found, "value"), _average(found, "holdout")
            if name == "discriminator":  # 0.5 is best
                parts[name] = 1 - 2 * max(0.0, value - max(0.5, held))
            else:
                parts[name] = min(1.0, value / held) if held > 0 else value
    likeness = sum(parts.values()) / len(parts) if parts else 1.0
    fresh = 1.0 - max(0.0, copies - copies_held) / max(1.0 - copies_held, 1e-9)
    score = round(100 * likeness * lawful * fresh, 1)
    return Quality(score, likeness, lawful, max(0.0, fresh), parts)


def build_scores(scores: Sequence[Score], quality: Quality) -> pa.Table:
    """The scores as a table, with the quality and its parts at their end."""
    total = [Score("quality", "quality", None, None, quality.score)]
    total += [
        Score("quality", name, None, None, getattr(quality, name))
        for name in ("likeness", "lawful", "fresh")
    ]
    total += [
        Score("quality", f"{name} part", None, None, at) for name, at in quality.parts.items()
    ]
    return pa.Table.from_pylist([asdict(one) for one in (*scores, *total)], schema=SCORE_SCHEMA)


def read_score(kept: Mapping[str, Any]) -> Score:
    """A score as `asdict` wrote it."""
    return Score(**{field.name: kept[field.name] for field in fields(Score)})


def _average(scores: Sequence[Score], what: str) -> float:
    values = [getattr(one, what) for one in scores]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 1.0
