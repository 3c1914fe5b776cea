"""Whether a column holds days or moments, and in which order days and months stand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import TIMESTAMP, TIMESTAMPTZ
from dreambolt_steps.tables.decision import ColumnWarning, Spelling
from dreambolt_steps.tables.inference.tally import Tally, accept
from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.text_look import TextLook
from dreambolt_steps.tables.text.timestamp_cast import cast_iso
from dreambolt_steps.tables.text.timestamp_parts import MomentParts
from dreambolt_steps.tables.text.timestamp_text import read_moments

OPEN_ORDERS = ("open_day_order", "mixed_day_orders", "open_year")
"""Codes of warnings that `day_first` settles."""
_DAY_LENGTH = 10
_Count = Callable[[Tally, np.ndarray], None]


class MomentEvidence:
    """All days and moments of a column, batch after batch.

    Either none has an offset from UTC, or every one has. Where numbers leave open which of day and
    month comes first, one day beyond the twelfth tells it for the whole column.
    """

    family = "date or timestamp"

    def __init__(self, column: str, day_first: bool | None = None) -> None:
        """Look at values of `column`; `day_first` is the order of days and months, if told."""
        self._column = column
        self._told = day_first
        self._days, self._plain, self._zoned = Tally(), Tally(), Tally()
        self._by_order = {True: Tally(), False: Tally()}
        self._open, self._short, self._year_first = Tally(), Tally(), Tally()
        self._too_fine = Tally()
        self._year_last = 0

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.BooleanArray:
        """Count a batch; return which values are days or moments, NULL where the text is."""
        shortest, longest = _find_lengths(look)
        kinds = (pa.date32(),) if longest == _DAY_LENGTH else (TIMESTAMP, TIMESTAMPTZ)
        for kind in kinds if shortest >= _DAY_LENGTH else ():
            if cast_iso(text, kind) is not None:
                self._count_iso(text, look, kind, rows_before)
                return accept(text)
        return self._include_forms(text, rows_before)

    def decide(self, *, lenient: bool = False) -> Verdict:
        """Choose date, timestamp (days among moments are midnights) or timestamptz."""
        if self._zoned and (self._days or self._plain):
            other = self._plain or self._days
            code, words = (
                "mixed_offsets",
                f"with and without an offset from UTC: {self._zoned} and {other}",
            )
            return Verdict(warnings=(ColumnWarning(code, words),))
        if self._too_fine:
            words = f"parts of a second finer than a millionth: {self._too_fine}"
            return Verdict(warnings=(ColumnWarning("too_fine", words),))
        kind = TIMESTAMPTZ if self._zoned else TIMESTAMP if self._plain else pa.date32()
        if not (self._zoned or self._plain or self._days):
            return Verdict()
        first, second = self._by_order[True], self._by_order[False]
        if first and second:
            code = "mixed_day_orders"
            words = f"days and months in both orders: {first} and {second}"
            return Verdict(warnings=(ColumnWarning(code, words, self._order_argument()),))
        order = self._told if self._told is not None else self._find_order()
        if order is None and self._open:
            code = "open_day_order"
            words = f"the day or the month may come first: {self._open}"
            return Verdict(warnings=(ColumnWarning(code, words, self._order_argument()),))
        if self._told is None and self._year_first and not self._year_last:
            code, words = "open_year", f"the year may come first or last: {self._year_first}"
            return Verdict(warnings=(ColumnWarning(code, words, self._order_argument()),))
        notes = []
        if first or second:
            notes.append(f"the {'day' if first else 'month'} comes first: {first or second}")
        warnings = (self._ask_about_century(),) if self._short else ()
        spelling = None if order is None else Spelling(day_first=order)
        return Verdict(kind, spelling, "; ".join(notes), warnings)

    def _ask_about_century(self) -> ColumnWarning:
        words = f"the century of years of two digits is guessed, 1969 to 2068: {self._short}"
        return ColumnWarning("guessed_century", words, f"types={{{self._column!r}: 'text'}}")

    def _find_order(self) -> bool | None:
        return next((order for order, tally in self._by_order.items() if tally), None)

    def _count_iso(
        self, text: pa.Array, look: TextLook, kind: pa.DataType, rows_before: int
    ) -> None:
        if kind == TIMESTAMPTZ:
            self._zoned.include(text, pc.is_valid(text), rows_before)
            return
        days = look.lengths == _DAY_LENGTH
        self._days.include(text, pa.array(days), rows_before)
        self._plain.include(text, pa.array((look.lengths > 0) & ~days), rows_before)

    def _include_forms(self, text: pa.Array, rows_before: int) -> pa.BooleanArray:
        """Count a batch of many forms; each distinct text is read once."""
        coded = text.dictionary_encode()
        parts = read_moments(coded.dictionary)
        good = {order: parts.find_good(order) for order in (True, False)}
        either = good[True] | good[False] if self._told is None else good[self._told]

        def count(tally: Tally, found: np.ndarray) -> None:
            if found.any():
                tally.include(text, pc.take(pa.array(found), coded.indices), rows_before)

        count(self._too_fine, either & parts.is_too_fine)
        count(self._zoned, either & parts.has_zone)
        count(self._plain, either & parts.has_time & ~parts.has_zone)
        count(self._days, either & ~parts.has_time)
        if self._told is None:
            for order in (True, False):
                count(self._by_order[order], good[order] & ~good[not order])
            count(self._open, good[True] & good[False] & parts.differs())
        self._count_short_years(either, parts, count)
        return pc.take(pa.array(either), coded.indices)

    def _count_short_years(self, good: np.ndarray, parts: MomentParts, count: _Count) -> None:
        short = good & parts.is_short
        count(self._short, short)
        count(self._year_first, short & parts.may_start_with_year)
        self._year_last += int((short & ~parts.may_start_with_year).sum())

    def _order_argument(self) -> str:
        return f"day_first={{{self._column!r}: True}} or False"


def _find_lengths(look: TextLook) -> tuple[int, int]:
    """Bytes of the shortest and the longest value that is not empty."""
    lengths = look.lengths[look.lengths > 0]
    return (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
