"""The nearest vectors of a table for those of another: exactly, in blocks, or by an index."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dreambolt_steps.arguments.embedding import EXACT_PAIRS

"""Pairs up to which every one is compared: a million by a million."""

NONE = -1
_QUERY_ROWS, _REFERENCE_ROWS = 16_384, 131_072
_TRAIN_ROWS_A_LIST = 64
_PROBED_LISTS = 32


class Vectors(Protocol):
    """Vectors of length 1 that are read as they are needed."""

    def __len__(self) -> int: ...

    def read(self, start: int, stop: int) -> np.ndarray:
        """Float32 of shape (stop - start, dims)."""


class ArrayVectors:
    """Vectors in memory, brought to length 1.

    Args:
        values: of shape (n, dims).
    """

    def __init__(self, values: np.ndarray) -> None:
        self._values = normalize(values)

    def __len__(self) -> int:
        return len(self._values)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Some of them."""
        return self._values[start:stop]


def normalize(vectors: np.ndarray) -> np.ndarray:
    """Vectors of length 1, float32; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def find_nearest(
    queries: Vectors, references: Vectors, k: int, *, exact_pairs: int = EXACT_PAIRS
) -> tuple[np.ndarray, np.ndarray]:
    """Find the `k` nearest references of each query, by cosine.

    Up to `exact_pairs` pairs all are compared, 16,384 by 131,072 at a time, so that memory holds
    two blocks and the results. Beyond, an index (faiss, inverted lists) is asked, which finds most
    of them.

    Args:
        queries, references: of the same number of dimensions.
        k: how many.
        exact_pairs: when to take an index.

    Returns: cosines, float32, and numbers of references, int64, both of shape (queries, k), the
    nearest first; `NONE` and -inf where there are fewer.

    >>> found = find_nearest(ArrayVectors(np.eye(2)), ArrayVectors(np.array([[3.0, 4.0]])), 1)
    >>> found[0].round(2).tolist(), found[1].tolist()
    ([[0.6], [0.8]], [[0], [0]])
    """
    cosines = np.full((len(queries), k), -np.inf, np.float32)
    numbers = np.full((len(queries), k), NONE, np.int64)
    if not len(queries) or not len(references) or not k:
        return cosines, numbers
    if len(queries) * len(references) > exact_pairs:
        _search_index(queries, references, cosines, numbers)
    else:
        _search_blocks(queries, references, cosines, numbers)
    return cosines, numbers


def _search_blocks(
    queries: Vectors, references: Vectors, cosines: np.ndarray, numbers: np.ndarray
) -> None:
    import faiss

    for first in range(0, len(references), _REFERENCE_ROWS):
        block = references.read(first, min(first + _REFERENCE_ROWS, len(references)))
        k = min(cosines.shape[1], len(block))
        for start in range(0, len(queries), _QUERY_ROWS):
            stop = min(start + _QUERY_ROWS, len(queries))
            asked = queries.read(start, stop)
            near, at = faiss.knn(asked, block, k, metric=faiss.METRIC_INNER_PRODUCT)
            both = np.hstack([cosines[start:stop], near])
            which = np.hstack([numbers[start:stop], at + first])
            # Stable: of equals, the reference that stands first in its table is taken.
            order = np.argsort(-both, axis=1, kind="stable")[:, : cosines.shape[1]]
            cosines[start:stop] = np.take_along_axis(both, order, axis=1)
            numbers[start:stop] = np.take_along_axis(which, order, axis=1)


def _search_index(
    queries: Vectors, references: Vectors, cosines: np.ndarray, numbers: np.ndarray
) -> None:
    import faiss

    lists = max(1, int(4 * np.sqrt(len(references))))
    wanted = min(len(references), lists * _TRAIN_ROWS_A_LIST)
    sample = references.read(0, wanted)
    dims = sample.shape[1]
    quantizer = faiss.IndexFlatIP(dims)
    index = faiss.IndexIVFFlat(quantizer, dims, lists, faiss.METRIC_INNER_PRODUCT)
    index.nprobe = min(lists, _PROBED_LISTS)
    index.train(sample)
    for first in range(0, len(references), _REFERENCE_ROWS):
        index.add(references.read(first, min(first + _REFERENCE_ROWS, len(references))))
    for start in range(0, len(queries), _QUERY_ROWS):
        stop = min(start + _QUERY_ROWS, len(queries))
        near, at = index.search(queries.read(start, stop), cosines.shape[1])
        numbers[start:stop] = at
        cosines[start:stop] = np.where(at == NONE, -np.inf, near)
