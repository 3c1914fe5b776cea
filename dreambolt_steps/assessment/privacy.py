"""Whether synthetic rows are copies of real ones, or come too near to them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dreambolt_steps.assessment.encode import Encoded
from dreambolt_steps.assessment.samples import OpenReader, Samples
from dreambolt_steps.assessment.scores import Score
from dreambolt_steps.synthesis.duplicates import KnownRows

_QUERIES, _NEIGHBOURS = 2_000, 10_000
_CHUNK = 200


def find_nearest(
    columns: Sequence[Encoded], which: str, *, most: int = _QUERIES
) -> tuple[np.ndarray, np.ndarray]:
    """For each row its distance to the closest and to the second closest row of the reference.

    Gower's distance, the mean over the columns: of numbers the difference as a share of the
    reference's range from the 1st to the 99th percentile, at most 1; of other values 0 if they are
    equal, else 1. NULL is a value of its own.

    Args:
        columns: encoded.
        which: holdout or synthetic.
        most: rows to look at; the reference is cut to 10,000. A sample is drawn where there are
            more.

    Returns: two arrays of distances, 0 to 1.
    """
    random = np.random.default_rng(0)
    chosen = random.permutation(len(getattr(columns[0], which)))[:most]
    known = random.permutation(len(columns[0].reference))[:_NEIGHBOURS]
    rows = len(chosen)
    nearest = np.empty((rows, 2))
    for start in range(0, rows, _CHUNK):
        distances: np.ndarray | None = None
        for column in columns:
            query = getattr(column, which)[chosen[start : start + _CHUNK]]
            part = _measure(column, query, column.reference[known])
            distances = part if distances is None else distances + part
        assert distances is not None
        distances /= len(columns)
        if distances.shape[1] == 1:
            distances = np.repeat(distances, 2, axis=1)
        nearest[start : start + len(distances)] = np.sort(
            np.partition(distances, 1, axis=1)[:, :2], axis=1
        )
    return nearest[:, 0], nearest[:, 1]


def score_distances(columns: Sequence[Encoded]) -> tuple[list[Score], dict[str, np.ndarray]]:
    """Distances to the closest real row, and the ratio to the second closest.

    Returns: scores, and the distances of synthetic and held back rows, to be drawn.
    """
    found = {which: find_nearest(columns, which) for which in ("synthetic", "holdout")}
    scores = []
    ratios = {
        which: np.divide(one, other, out=np.ones_like(one), where=other > 0)
        for which, (one, other) in found.items()
    }
    for words, values in (
        ("distance to closest record", {which: one for which, (one, _) in found.items()}),
        ("nearest neighbour distance ratio", ratios),
    ):
        for name, quantile in (("5th percentile", 0.05), ("median", 0.5)):
            both = [float(np.quantile(values[which], quantile)) for which in found]
            scores.append(Score("privacy", f"{words}, {name}", None, None, *both))
    return scores, {which: one for which, (one, _) in found.items()}


def score_copies(
    open_real: OpenReader, samples: Samples, names: Sequence[str]
) -> tuple[list[Score], float, float]:
    """Rows that are equal to others in all columns but keys.

    Args:
        open_real: gives a new stream over all real rows.
        samples: what was drawn.
        names: the columns that are compared.

    Returns: scores; the share of synthetic rows that are equal to a real one, and the share of real
        rows that are equal to another real one.
    """
    whole = KnownRows(open_real, names)
    copies = float(np.mean(whole.contains(samples.synthetic.select(names))))
    distinct = samples.synthetic.select(names).group_by(list(names)).aggregate([]).num_rows
    repeated = 1 - distinct / samples.synthetic.num_rows
    held = samples.holdout.select(names).group_by(list(names)).aggregate([]).num_rows
    scores = [
        Score("privacy", "identical match share", None, None, copies, whole.repeated),
        Score(
            "privacy",
            "duplicates of each other",
            None,
            None,
            repeated,
            1 - held / samples.holdout.num_rows,
        ),
    ]
    return scores, copies, whole.repeated


def _measure(column: Encoded, query: np.ndarray, known: np.ndarray) -> np.ndarray:
    if column.family != "number":
        return (query[:, None] != known[None, :]).astype(np.float32)
    values = column.reference[~np.isnan(column.reference)]
    low, high = np.quantile(values, (0.01, 0.99)) if len(values) else (0.0, 0.0)
    span = high - low if high > low else (np.ptp(values) if len(values) else 0.0)
    if not span:
        span = 1.0
    scaled = [((one - low) / span).astype(np.float32) for one in (query, known)]
    away = np.minimum(np.abs(scaled[0][:, None] - scaled[1][None, :]), 1.0)
    missing = np.isnan(query)[:, None], np.isnan(known)[None, :]
    away = np.where(missing[0] != missing[1], np.float32(1), away)
    return np.where(missing[0] & missing[1], np.float32(0), away)
