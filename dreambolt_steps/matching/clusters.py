"""Near duplicates: each vector goes with the first that is near enough and stands for others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dreambolt_steps.matching.nearest import Vectors

_BLOCK = 2048

Accept = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes numbers of vectors and of those they would go with; says of each pair whether it may."""


def cluster_near(
    vectors: Vectors, threshold: float, accept: Accept | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Put vectors together that are near one that stands for them.

    Vectors are taken in their order: each goes with the nearest of those that already stand for
    others, if it is near enough, else it stands for itself. So every member is within the threshold
    of its representative; there are no chains.

    Args:
        vectors: of length 1, the most preferred representatives first.
        threshold: the least cosine.
        accept: a further condition.

    Returns: for each vector the number of its representative (its own, if it is one), int64, and
    its cosine to it, float32.

    >>> from dreambolt_steps.matching.nearest import ArrayVectors
    >>> near = ArrayVectors(np.array([[1.0, 0.0], [0.0, 1.0], [0.99, 0.1]]))
    >>> cluster_near(near, 0.9)[0].tolist()
    [0, 1, 0]
    """
    count = len(vectors)
    owner = np.arange(count)
    cosine = np.ones(count, np.float32)
    leaders = np.empty(0, np.int64)
    for start in range(0, count, _BLOCK):
        numbers = np.arange(start, min(start + _BLOCK, count))
        block = vectors.read(start, int(numbers[-1]) + 1)
        best = np.full(len(numbers), -np.inf, np.float32)
        for first in range(0, len(leaders), _BLOCK):
            some = leaders[first : first + _BLOCK]
            near = block @ _read(vectors, some).T
            _join(near, numbers, some, threshold, accept, owner, best)
        within = block @ block.T
        made: list[int] = []  # of this block: each may stand for those that follow it
        for at, number in enumerate(numbers.tolist()):
            if made:
                one = slice(at, at + 1)
                near = within[one, made]
                _join(near, numbers[one], numbers[made], threshold, accept, owner, best[one])
            if owner[number] == number:
                made.append(at)
            else:
                cosine[number] = best[at]
        leaders = np.concatenate([leaders, numbers[np.asarray(made, np.int64)]])
    return owner, cosine


def _join(
    near: np.ndarray,
    numbers: np.ndarray,
    leaders: np.ndarray,
    threshold: float,
    accept: Accept | None,
    owner: np.ndarray,
    best: np.ndarray,
) -> None:
    """Let each of `numbers` go with the nearest acceptable leader, if it beats the best so far."""
    if accept is not None:
        rows, columns = np.nonzero(near >= threshold)
        refused = ~accept(numbers[rows], leaders[columns]) if len(rows) else np.empty(0, bool)
        near[rows[refused], columns[refused]] = -np.inf
    at = near.argmax(axis=1)
    found = near[np.arange(len(near)), at]
    better = (found >= threshold) & (found > best)
    owner[numbers[better]] = leaders[at[better]]
    best[better] = found[better]


def _read(vectors: Vectors, numbers: np.ndarray) -> np.ndarray:
    """Vectors by their numbers, ascending, which may lie apart."""
    pick = getattr(vectors, "pick", None)
    if callable(pick):
        return np.asarray(pick(numbers))
    first = int(numbers[0])
    return vectors.read(first, int(numbers[-1]) + 1)[numbers - first]
