"""Vectors of a store, of length 1, read as they are needed."""

from __future__ import annotations

import numpy as np

from dreambolt_steps.embedding.store import VectorStore
from dreambolt_steps.matching.nearest import normalize


class StoredVectors:
    """Some vectors of a store, as `find_nearest` and `cluster_near` read them.

    Args:
        store: where they are.
        places: of each, as the store gave them.
    """

    def __init__(self, store: VectorStore, places: np.ndarray) -> None:
        self._store, self._places = store, places

    def __len__(self) -> int:
        return len(self._places)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Float32 of shape (stop - start, dims)."""
        return normalize(self._store.gather(self._places[start:stop]))

    def pick(self, numbers: np.ndarray) -> np.ndarray:
        """Those of some numbers."""
        return normalize(self._store.gather(self._places[numbers]))
