"""Columns that grow with their table: ids, days, years."""

from __future__ import annotations

from bisect import bisect_right

from dreambolt_steps.profiling.history_facts import ColumnFacts

_NEARLY = 0.04  # quantiles tell a share to 0.02


def is_continued(before: ColumnFacts, now: ColumnFacts, *, follows: bool = False) -> bool:
    """Whether a column only went on where it had ended: its new values lie beyond all old ones.

    Args:
        before, now: of one column in two runs.
        follows: whether the rows of now are only those that were added.

    >>> import pyarrow as pa
    >>> from dreambolt_steps.profiling.history_facts import gather_facts
    >>> one, two, three = (
    ...     gather_facts(pa.table({"id": ids}).to_reader()).columns[0]
    ...     for ids in (range(100), range(200), range(50, 250))
    ... )
    >>> is_continued(one, two), is_continued(one, three)
    (True, False)
    """
    if now.family not in ("number", "moment") or not before.quantiles or not now.quantiles:
        return False
    low, high = before.quantiles[0], before.quantiles[-1]
    if now.quantiles[-1] <= high:
        return False
    below = bisect_right(now.quantiles, high) / len(now.quantiles)
    if follows:
        return below <= _NEARLY
    if _is_key(before) and _is_key(now) and now.quantiles[0] > high:
        return True
    # the old values are still there, all others are beyond
    expected = before.sampled / max(now.sampled, 1)
    added = now.sampled > before.sampled
    return added and now.quantiles[0] >= low and abs(below - expected) <= _NEARLY


def _is_key(column: ColumnFacts) -> bool:
    """Whether its values are whole numbers of which none comes twice."""
    return column.type_word.startswith("int") and column.distinct == column.sampled
