"""How far two distributions are apart: population stability index and Kolmogorov-Smirnov."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreambolt_steps.profiling.history_facts import QUANTILES, ColumnFacts

BINS = 10
_PSEUDOCOUNT = 0.5  # added to each bin: a share of 0 has no logarithm
_Z_999 = 3.0902  # of the normal distribution: 999 of 1,000 are below


@dataclass(frozen=True)
class Psi:
    """A population stability index.

    Attributes:
        of_lengths: whether the lengths of texts were compared, not the texts.
        value: 0 for equal distributions; from 0.25 on a major shift.
        by_chance: what two samples of one distribution reach once in a thousand times, for so many
            bins and values (Yurdakul 2018: the index times a chi-squared variable).
    """

    value: float
    by_chance: float
    of_lengths: bool = False


def measure_psi(before: ColumnFacts, now: ColumnFacts) -> Psi | None:
    """Measure the PSI of one column in two runs; None where there is nothing to compare.

    Values are the bins where there are at most 30 of them in either run, each five times on
    average; else deciles of the earlier run: of numbers, of moments, of the lengths of text.

    >>> from dreambolt_steps.profiling.history_facts import gather_facts
    >>> import pyarrow as pa
    >>> facts = gather_facts(pa.table({"n": range(100)}).to_reader()).columns[0]
    >>> measure_psi(facts, facts).value
    0.0
    """
    if not before.sampled or not now.sampled:
        return None
    of_lengths = False
    if before.is_categorical and now.is_categorical:
        known = list(dict.fromkeys(value for value, _ in (*before.values, *now.values)))
        shares = [_share_values(facts, known) for facts in (before, now)]
    elif before.quantiles and now.quantiles:
        of_lengths = now.family == "text"
        edges = sorted(set(before.quantiles[:: QUANTILES // BINS][1:-1]))
        shares = [share_bins(facts.quantiles, edges) for facts in (before, now)]
    else:
        return None
    old, new = (
        (share * facts.sampled + _PSEUDOCOUNT) / (facts.sampled + _PSEUDOCOUNT * len(share))
        for share, facts in zip(shares, (before, now), strict=True)
    )
    value = float(np.sum((new - old) * np.log(new / old)))
    return Psi(value, _expect_by_chance(len(old), before.sampled, now.sampled), of_lengths)


def measure_ks(before: ColumnFacts, now: ColumnFacts) -> float | None:
    """Measure the largest difference of the two cumulated shares, 0 to 1; None for text.

    Told from 51 quantiles, so to about 0.02.
    """
    if now.family not in ("number", "moment") or not before.quantiles or not now.quantiles:
        return None
    points = sorted({*before.quantiles, *now.quantiles})
    old, new = (_cumulate(facts.quantiles, points) for facts in (before, now))
    return float(np.max(np.abs(old - new)))


def share_bins(quantiles: Sequence[float], edges: Sequence[float]) -> np.ndarray:
    """The share of values in each bin; a bin holds its upper edge, the last one all above."""
    cumulated = _cumulate(quantiles, edges)
    return np.diff(np.concatenate(([0.0], cumulated, [1.0])))


def _cumulate(quantiles: Sequence[float], points: Sequence[float]) -> np.ndarray:
    """The share of values up to each point: between two quantiles as if spread evenly."""
    known = np.asarray(quantiles)
    steps = np.linspace(0.0, 1.0, len(known))
    at = np.searchsorted(known, points, side="right")
    result = np.where(at >= len(known), 1.0, 0.0)
    inside = (at > 0) & (at < len(known))
    left, right = known[at[inside] - 1], known[at[inside]]
    part = (np.asarray(points)[inside] - left) / (right - left)
    result[inside] = steps[at[inside] - 1] + part * (steps[1] - steps[0])
    return result


def _share_values(facts: ColumnFacts, known: Sequence[str]) -> np.ndarray:
    counts = dict(facts.values)
    return np.array([counts.get(value, 0) for value in known]) / facts.sampled


def _expect_by_chance(bins: int, before: int, now: int) -> float:
    free = bins - 1
    if not free:
        return 0.0
    # Wilson and Hilferty's approximation of the chi-squared distribution
    part = 2 / (9 * free)
    chi_squared = free * (1 - part + _Z_999 * math.sqrt(part)) ** 3
    return float(chi_squared * (1 / before + 1 / now))
