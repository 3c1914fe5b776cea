"""Columns that grow with their table: ids, days, years."""

from __future__ import annotations

from bisect import bisect_left

from dreambolt_steps.profiling.history_facts import ColumnFacts

_NEARLY = 0.04  # quantiles tell a share to 0.02
_YEARS = (1900, 2100)


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
    goes_further = now.quantiles[-1] > high
    if not goes_further and not (_is_time(now) and now.quantiles[-1] == high):
        return False
    if follows:
        return _share_below(now, high) <= _NEARLY
    if goes_further and _is_key(before) and _is_key(now) and now.quantiles[0] > high:
        return True
    # the old values are still there, all others are at their end or beyond
    expected = _share_below(before, high) * before.sampled / max(now.sampled, 1)
    added = now.sampled > before.sampled
    return added and now.quantiles[0] >= low and abs(_share_below(now, high) - expected) <= _NEARLY


def _share_below(column: ColumnFacts, place: float) -> float:
    return bisect_left(column.quantiles, place) / len(column.quantiles)


def _is_time(column: ColumnFacts) -> bool:
    """Whether its values are moments, or whole numbers that may be years."""
    first, last = _YEARS
    is_year = column.type_word.startswith("int") and (
        first <= column.quantiles[0] and column.quantiles[-1] <= last
    )
    return column.family == "moment" or is_year


def _is_key(column: ColumnFacts) -> bool:
    """Whether its values are whole numbers of which none comes twice."""
    return column.type_word.startswith("int") and column.distinct == column.sampled
