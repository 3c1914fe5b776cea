"""How alike columns and pairs of columns are: measures as SDMetrics 0.32 defines them.

SDMetrics itself is MIT, but needs `copulas`, which is under the Business Source License. Their
definitions are a line each; tests hold them to numbers that SDMetrics gave.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from dreambolt_steps.assessment.encode import Encoded
from dreambolt_steps.assessment.scores import Score

_BINS = 10
_MOST_PAIRS = 300


def measure_ks(real: np.ndarray, made: np.ndarray) -> float | None:
    """KSComplement: one minus the largest difference of cumulated shares; NULLs are left out.

    >>> measure_ks(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 3, 4]))
    0.5
    """
    real, made = np.sort(real[~np.isnan(real)]), np.sort(made[~np.isnan(made)])
    if not len(real) or not len(made):
        return None
    points = np.concatenate([real, made])
    shares = [np.searchsorted(one, points, side="right") / len(one) for one in (real, made)]
    return float(1 - np.abs(shares[0] - shares[1]).max())


def measure_tv(real: np.ndarray, made: np.ndarray) -> float | None:
    """TVComplement: one minus half the sum of differences of shares; NULLs (-1) are left out."""
    real, made = real[real >= 0], made[made >= 0]
    if not len(real) or not len(made):
        return None
    size = int(max(real.max(), made.max())) + 1
    shares = [np.bincount(one, minlength=size) / len(one) for one in (real, made)]
    return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)


def measure_correlation(real: np.ndarray, made: np.ndarray) -> float | None:
    """CorrelationSimilarity: one minus half the difference of Pearson's correlations.

    Args:
        real, made: two columns each; rows with a NULL are left out.
    """
    found = []
    for one in (real, made):
        kept = one[~np.isnan(one).any(axis=1)]
        if len(kept) < 2 or (kept.min(axis=0) == kept.max(axis=0)).any():
            return None
        found.append(np.corrcoef(kept.T)[0, 1])
    return None if np.isnan(found).any() else float(1 - abs(found[0] - found[1]) / 2)


def measure_contingency(real: np.ndarray, made: np.ndarray) -> float:
    """ContingencySimilarity: TVComplement of the pairs of values, NULL among them.

    Args:
        real, made: two columns of codes each.
    """
    width = int(max(real[:, 1].max(), made[:, 1].max())) + 2
    joined = [(one[:, 0] + 1) * width + one[:, 1] + 1 for one in (real, made)]
    size = int(max(one.max() for one in joined)) + 1
    shares = [np.bincount(one, minlength=size) / len(one) for one in joined]
    return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)


def score_columns(columns: Sequence[Encoded]) -> list[Score]:
    """How alike each column is, and its share of NULLs; of text of many values its lengths."""
    scores: list[Score] = []
    for column in columns:
        if column.family == "number":
            _add(scores, "columns", "KSComplement", column.name, _read(column), measure_ks)
        elif column.family == "category":
            _add(scores, "columns", "TVComplement", column.name, _read(column), measure_tv)
        else:
            lengths = [part[:, 0] for part in column.features]
            _add(scores, "columns", "KSComplement of lengths", column.name, lengths, measure_ks)
        nulls = [_find_nulls(part) for part in _read(column)]
        if any(one.any() for one in nulls):
            means = [float(one.mean()) if len(one) else 0.0 for one in nulls]
            value, held = 1 - abs(means[0] - means[2]), 1 - abs(means[0] - means[1])
            scores.append(
                Score("columns", "MissingValueSimilarity", column.name, None, value, held)
            )
    return scores


def score_pairs(columns: Sequence[Encoded]) -> tuple[list[Score], int]:
    """How alike pairs of columns are, and how many pairs were left out beyond 300.

    Two numbers are compared by their correlation, others by how often their values meet, numbers in
    ten bins. Text of many values is left out.
    """
    usable = [column for column in columns if column.family != "text"]
    pairs = [*itertools.combinations(usable, 2)]
    binned = {column.name: _bin(column) for column in usable}
    scores: list[Score] = []
    for one, other in pairs[:_MOST_PAIRS]:
        names = (one.name, other.name)
        if one.family == other.family == "number":
            parts = [np.column_stack(both) for both in zip(_read(one), _read(other), strict=True)]
            measure: Callable[..., float | None] = measure_correlation
            words = "CorrelationSimilarity"
        else:
            coded = zip(binned[one.name], binned[other.name], strict=True)
            parts = [np.column_stack(both) for both in coded]
            measure, words = measure_contingency, "ContingencySimilarity"
        value, held = measure(parts[0], parts[2]), measure(parts[0], parts[1])
        if value is not None and held is not None:
            scores.append(Score("pairs", words, *names, value, held))
    return scores, max(0, len(pairs) - _MOST_PAIRS)


def score_coverage(columns: Sequence[Encoded]) -> list[Score]:
    """How much of the range of numbers, and how many of the categories, come up."""
    scores: list[Score] = []
    for column in columns:
        if column.family == "number":
            _add(scores, "coverage", "RangeCoverage", column.name, _read(column), _cover_range)
        elif column.family == "category":
            _add(scores, "coverage", "CategoryCoverage", column.name, _read(column), _cover_values)
    return scores


def _cover_range(real: np.ndarray, made: np.ndarray) -> float | None:
    real, made = real[~np.isnan(real)], made[~np.isnan(made)]
    if not len(real) or not len(made) or real.min() == real.max():
        return None
    span = real.max() - real.min()
    below, above = max(made.min() - real.min(), 0), max(real.max() - made.max(), 0)
    return float(max(1 - (below + above) / span, 0))


def _cover_values(real: np.ndarray, made: np.ndarray) -> float | None:
    known = set(real[real >= 0].tolist())
    return len(known & set(made.tolist())) / len(known) if known else None


def _add(
    scores: list[Score],
    part: str,
    measure: str,
    name: str,
    parts: Sequence[np.ndarray],
    compute: Callable[[np.ndarray, np.ndarray], float | None],
) -> None:
    value, held = compute(parts[0], parts[2]), compute(parts[0], parts[1])
    if value is not None and held is not None:
        scores.append(Score(part, measure, name, None, value, held))


def _read(column: Encoded) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return column.reference, column.holdout, column.synthetic


def _find_nulls(part: np.ndarray) -> np.ndarray:
    return np.isnan(part) if part.dtype == np.float64 else part < 0


def _bin(column: Encoded) -> list[np.ndarray]:
    """Codes of a column: a number's bin of the reference's ten, -1 for NULL."""
    if column.family != "number":
        return list(_read(column))
    known = column.reference[~np.isnan(column.reference)]
    if not len(known):
        return [np.full(len(part), -1) for part in _read(column)]
    edges = np.histogram_bin_edges(known, bins=_BINS)[1:-1]
    return [np.where(np.isnan(part), -1, np.digitize(part, edges)) for part in _read(column)]
