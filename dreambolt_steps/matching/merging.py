"""Which rows of a table are near duplicates of which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np

from dreambolt_steps.arguments.embedding import Kept
from dreambolt_steps.matching.clusters import Accept, cluster_near
from dreambolt_steps.matching.groups import split_by
from dreambolt_steps.matching.nearest import Vectors

KEEP = get_args(Kept)


@dataclass(frozen=True)
class Merging:
    """Rows that go, and those that stay for them.

    Attributes:
        rows: that go, 0-based, ascending.
        kept: the row that stays for each.
        cosines: between the two.
    """

    rows: np.ndarray
    kept: np.ndarray
    cosines: np.ndarray


def merge_near(
    places: np.ndarray,
    groups: np.ndarray,
    sizes: np.ndarray,
    threshold: float,
    keep: str,
    open_vectors: Callable[[np.ndarray], Vectors],
    accept: Accept | None = None,
) -> Merging:
    """Find near duplicates within groups.

    Args:
        places: where the vector of each row is; negative where it has no text. Equal places are
            equal texts.
        groups: rows that may be merged at all (`number_groups`); -1 with none.
        sizes: of each row's text.
        threshold: the least cosine to the row that stays.
        keep: which text stays: the most "frequent", the "first", or the "longest"; of equals the
            first.
        open_vectors: vectors of some places.
        accept: a further condition; takes rows, and those they would go with.

    A row that stays is the first with its text; every row that goes is within the threshold of it.
    """
    kept = np.arange(len(places))
    cosines = np.ones(len(places), np.float32)
    for _, rows in split_by(np.where(places < 0, -1, groups)):
        found, first, unit, counts = np.unique(
            places[rows], return_index=True, return_inverse=True, return_counts=True
        )
        firsts = rows[first]
        weight = {"frequent": counts, "longest": sizes[firsts], "first": np.zeros(len(found))}[keep]
        order = np.lexsort((firsts, -weight))
        ordered = firsts[order]

        def may(one: np.ndarray, other: np.ndarray, ordered: np.ndarray = ordered) -> np.ndarray:
            assert accept is not None
            return accept(ordered[one], ordered[other])

        owner, near = cluster_near(
            open_vectors(found[order]), threshold, None if accept is None else may
        )
        at = np.empty(len(order), np.int64)
        at[order] = np.arange(len(order))
        kept[rows] = ordered[owner[at[unit]]]
        cosines[rows] = near[at[unit]]
    gone = np.flatnonzero(kept != np.arange(len(places)))
    return Merging(gone, kept[gone], cosines[gone])
