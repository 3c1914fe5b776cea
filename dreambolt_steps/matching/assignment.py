"""One-to-one pairs with the greatest sum of scores."""

from __future__ import annotations

import numpy as np

_GAIN = 1e-6  # a pair with the least score still is better than none


def assign_pairs(left: np.ndarray, right: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Choose pairs so that no row is in two of them, and the sum of their scores is the greatest.

    Args:
        left, right: row numbers of the candidate pairs.
        scores: of each; negative ones count as 0.

    Returns: positions of the chosen pairs, ascending.

    >>> assign_pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.9, 0.8, 0.85]))
    array([1, 2])
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    if not len(scores):
        return np.empty(0, np.int64)
    lefts, rows = np.unique(left, return_inverse=True)
    rights, columns = np.unique(right, return_inverse=True)
    # Every left row may also stay alone, in a column of its own that costs the most.
    worth = np.maximum(scores.astype(np.float64), 0)
    most = float(worth.max()) + 1
    alone = np.arange(len(lefts))
    costs = np.concatenate([most - worth - _GAIN, np.full(len(lefts), most)])
    graph = csr_matrix(
        (
            costs,
            (np.concatenate([rows, alone]), np.concatenate([columns, len(rights) + alone])),
        ),
        shape=(len(lefts), len(rights) + len(lefts)),
    )
    matched, partner = min_weight_full_bipartite_matching(graph)
    paired = partner < len(rights)
    wanted = set(zip(matched[paired].tolist(), partner[paired].tolist(), strict=True))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return np.array([at for at, pair in enumerate(pairs) if pair in wanted], np.int64)
