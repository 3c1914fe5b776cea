"""What changed in a table since the last run, and whether it matters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from dreambolt_steps.profiling.continued import is_continued
from dreambolt_steps.profiling.distance import measure_ks, measure_psi
from dreambolt_steps.profiling.history_facts import ColumnFacts, TableFacts

Level = Literal["moderate", "major"]
FEWER_ROWS = (0.1, 0.5)
MORE_ROWS = (1.0, 9.0)
NULL_SHARE = (0.05, 0.2)
BEYOND_SPAN = (0.1, 1.0)
DISTINCT_FACTOR = (2.0, 10.0)
PSI = (0.1, 0.25)
"""Thresholds, moderate and major; docs/contracts.md says where each comes from."""


@dataclass(frozen=True)
class DriftAlert:
    """One change that a reader should know of.

    Attributes:
        level: moderate, or major.
        column: its name; None for the table.
        what: rows, schema, nulls, range, distinct or distribution.
        words: the change in words, with its numbers.
    """

    level: Level
    column: str | None
    what: str
    words: str


@dataclass(frozen=True)
class Drift:
    """A table compared with the one of the run before.

    Attributes:
        alerts: the changes that matter, major ones first.
        psi: column -> population stability index, where it can be told.
        ks: column -> Kolmogorov-Smirnov distance, of numbers and moments.
    """

    alerts: tuple[DriftAlert, ...]
    psi: dict[str, float]
    ks: dict[str, float]

    @staticmethod
    def from_dict(kept: dict[str, Any]) -> Drift:
        """From its fields as JSON keeps them.

        Raises: TypeError or KeyError for something else.
        """
        alerts = tuple(DriftAlert(**alert) for alert in kept["alerts"])
        return Drift(alerts, dict(kept["psi"]), dict(kept["ks"]))


def compare_facts(before: TableFacts, now: TableFacts, *, follows: bool = False) -> Drift:
    """Compare the facts of two runs.

    What grows with a table, such as ids, days and years, raises no alert where rows were added.

    Args:
        before, now: the facts.
        follows: whether the rows are only those that came after the ones before, so that their
            number says nothing.

    >>> from dreambolt_steps.profiling.history_facts import gather_facts
    >>> import pyarrow as pa
    >>> one = gather_facts(pa.table({"n": range(100)}).to_reader())
    >>> two = gather_facts(pa.table({"n": range(40)}).to_reader())
    >>> compare_facts(one, two).alerts[0].words
    '100 rows before, 40 now (-60 %)'
    """
    alerts = list(_compare_tables(before, now, follows))
    earlier = {column.name: column for column in before.columns}
    psi: dict[str, float] = {}
    ks: dict[str, float] = {}
    for column in now.columns:
        other = earlier.get(column.name)
        if other is None or other.family != column.family:
            continue
        own = _compare_columns(other, before.rows, column, now.rows)
        goes_on = is_continued(other, column, follows=follows)
        alerts += [one for one in own if one.what == "nulls" or not goes_on]
        found = measure_psi(other, column)
        if found is not None:
            psi[column.name] = round(found.value, 4)
            level = _choose_level(found.value, PSI)
            if level and found.value > found.by_chance and not goes_on:
                what = "lengths" if found.of_lengths else "values"
                words = f"{what} are spread otherwise than before (PSI {found.value:.2f})"
                alerts.append(DriftAlert(level, column.name, "distribution", words))
        distance = measure_ks(other, column)
        if distance is not None:
            ks[column.name] = round(distance, 4)
    order = {"major": 0, "moderate": 1}
    return Drift(tuple(sorted(alerts, key=lambda alert: order[alert.level])), psi, ks)


def _compare_tables(before: TableFacts, now: TableFacts, follows: bool) -> Iterator[DriftAlert]:
    change = now.rows / before.rows - 1 if before.rows else (math.inf if now.rows else 0.0)
    level = _choose_level(change, MORE_ROWS) or _choose_level(-change, FEWER_ROWS)
    if level and not follows:
        told = f" ({change:+.0%})".replace("%", " %") if before.rows else ""
        yield DriftAlert(
            level, None, "rows", f"{before.rows:,} rows before, {now.rows:,} now{told}"
        )
    earlier = {column.name: column for column in before.columns}
    names = {column.name for column in now.columns}
    for name in earlier:
        if name not in names:
            yield DriftAlert("major", name, "schema", "the column is gone")
    for column in now.columns:
        other = earlier.get(column.name)
        if other is None:
            yield DriftAlert("moderate", column.name, "schema", f"new column, {column.type_word}")
        elif other.type_word != column.type_word:
            same = other.family == column.family
            words = f"was {other.type_word}, is {column.type_word}"
            yield DriftAlert("moderate" if same else "major", column.name, "schema", words)


def _compare_columns(
    before: ColumnFacts, rows_before: int, now: ColumnFacts, rows: int
) -> Iterator[DriftAlert]:
    if not rows_before or not rows:
        return
    share, earlier = now.nulls / rows, before.nulls / rows_before
    level = _choose_level(abs(share - earlier), NULL_SHARE)
    if level:
        words = f"{earlier:.1%} NULL before, {share:.1%} now".replace("%", " %")
        yield DriftAlert(level, now.name, "nulls", words)
    yield from _compare_ranges(before, now)
    if before.is_categorical and now.is_categorical and now.family in ("text", "boolean"):
        known = {value for value, _ in before.values}
        new = [value for value, _ in now.values if value not in known]
        if new:
            shown = ", ".join(map(repr, new[:5]))
            others = f" and {len(new) - 5} more" if len(new) > 5 else ""
            words = f"not there before: {shown}{others}"
            yield DriftAlert("moderate", now.name, "distinct", words)
        return
    if min(before.distinct, now.distinct) > 0:
        # as shares of the values there are: a table of twice the rows has twice the names
        rate = now.distinct / (rows - now.nulls)
        earlier_rate = before.distinct / (rows_before - before.nulls)
        more = now.distinct / before.distinct
        factor = max(min(rate / earlier_rate, more), min(earlier_rate / rate, 1 / more))
        level = _choose_level(factor, DISTINCT_FACTOR)
        if level:
            words = f"about {before.distinct:,} distinct values before, {now.distinct:,} now"
            yield DriftAlert(level, now.name, "distinct", words)


def _compare_ranges(before: ColumnFacts, now: ColumnFacts) -> Iterator[DriftAlert]:
    """Values far outside of what there was, measured in spans of what there was; times go on, so
    moments are let go a whole span."""
    if now.family not in ("number", "moment") or not before.quantiles or not now.quantiles:
        return
    low, high = before.quantiles[0], before.quantiles[-1]
    beyond = max(low - now.quantiles[0], now.quantiles[-1] - high)
    if beyond <= 0 or high <= low:
        return
    spans = beyond / (high - low)
    limits = BEYOND_SPAN if now.family == "number" else (1.0, 10.0)
    level = _choose_level(spans, limits)
    if level:
        words = f"{before.low} to {before.high} before, {now.low} to {now.high} now"
        yield DriftAlert(level, now.name, "range", words)


def _choose_level(value: float, limits: tuple[float, float]) -> Level | None:
    return "major" if value >= limits[1] else "moderate" if value >= limits[0] else None
