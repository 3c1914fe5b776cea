"""Pairs of rows of two tables that may belong together, with their scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dreambolt_steps.matching.groups import split_by
from dreambolt_steps.matching.nearest import EXACT_PAIRS, NONE, Vectors, find_nearest

NO_ROW = -1


@dataclass(frozen=True)
class Side:
    """The rows of one table.

    Attributes:
        places: where the vector of each row is, int64; negative where it has no text.
        groups: which rows may be compared at all (`number_groups`); -1 with none.
        open_vectors: vectors of some places.
    """

    places: np.ndarray
    groups: np.ndarray
    open_vectors: Callable[[np.ndarray], Vectors]


@dataclass(frozen=True)
class Candidates:
    """The nearest rows of a reference for each distinct text of a table; the best ones first.

    Attributes:
        unit_of_row: for each row of the table its distinct text, `NO_ROW` without any.
        first_rows: of each distinct text.
        units, references: of each pair: distinct text, and row of the reference.
        cosines, lexical, scores: of each pair; `lexical` is None where letters are not compared.
    """

    unit_of_row: np.ndarray
    first_rows: np.ndarray
    units: np.ndarray
    references: np.ndarray
    cosines: np.ndarray
    scores: np.ndarray
    lexical: np.ndarray | None = None

    def score(self, lexical: np.ndarray | None, weight: float) -> Candidates:
        """The pairs with another score: `weight` of the letters, the rest of the cosine."""
        scores = self.cosines
        if lexical is not None:
            scores = (1 - weight) * self.cosines + weight * lexical
        order = np.lexsort((self.references, -scores, self.units))
        return Candidates(
            self.unit_of_row,
            self.first_rows,
            self.units[order],
            self.references[order],
            self.cosines[order],
            scores[order].astype(np.float32),
            None if lexical is None else lexical[order],
        )

    def rank(self) -> tuple[np.ndarray, np.ndarray]:
        """For each pair its rank among those of its text, from 1, and the lead of its score over
        the next one; NaN for the last."""
        starts = np.searchsorted(self.units, self.units, side="left")
        ranks = np.arange(len(self.units)) - starts + 1
        leads = np.full(len(self.units), np.nan, np.float32)
        if len(self.units) > 1:
            same = self.units[1:] == self.units[:-1]
            leads[:-1][same] = (self.scores[:-1] - self.scores[1:])[same]
        return ranks, leads

    def spread(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of texts as pairs of rows.

        Args:
            kept: positions of pairs, ascending.

        Returns: rows of the table, ascending, and the position of each one's pair.
        """
        units = self.units[kept]
        rows = np.flatnonzero(self.unit_of_row != NO_ROW)
        first = np.searchsorted(units, self.unit_of_row[rows], side="left")
        counts = np.searchsorted(units, self.unit_of_row[rows], side="right") - first
        ends = np.cumsum(counts)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.repeat(rows, counts), kept[np.repeat(first, counts) + within]


def find_candidates(
    left: Side, right: Side, k: int, *, exact_pairs: int = EXACT_PAIRS
) -> Candidates:
    """Find the `k` nearest rows of a reference for each distinct text of a table, within groups.

    Args:
        left: the table.
        right: the reference.
        k: how many.
        exact_pairs: as of `find_nearest`.
    """
    unit_of_row = np.full(len(left.places), NO_ROW, np.int64)
    right_rows = dict(split_by(np.where(right.places < 0, -1, right.groups)))
    firsts: list[np.ndarray] = []
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    count = 0
    for group, rows in split_by(np.where(left.places < 0, -1, left.groups)):
        places, first, unit = np.unique(left.places[rows], return_index=True, return_inverse=True)
        unit_of_row[rows] = count + unit
        firsts.append(rows[first])
        others = right_rows.get(group)
        if others is not None:
            asked, held = left.open_vectors(places), right.open_vectors(right.places[others])
            wanted = min(k, len(others))
            near, at = find_nearest(asked, held, wanted, exact_pairs=exact_pairs)
            there = at != NONE
            # A product of two equal vectors may be a little less than 1, or more.
            same = right.places[others[at]] == places[:, None]
            near = np.where(same & there, 1, np.minimum(near, 1)).astype(np.float32)
            units = np.repeat(np.arange(len(places)), there.sum(axis=1)) + count
            found.append((units, others[at[there]], near[there]))
        count += len(places)
    units, references, cosines = (
        np.concatenate([one[at] for one in found] or [np.empty(0, kind)])
        for at, kind in enumerate((np.int64, np.int64, np.float32))
    )
    firsts = firsts or [np.empty(0, np.int64)]
    return Candidates(
        unit_of_row, np.concatenate(firsts), units, references, cosines, cosines
    ).score(None, 0)
