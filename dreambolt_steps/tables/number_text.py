"""Numbers written as text: recognised, measured, and the narrowest type that holds them all.

Only spellings whose value a number prints back count: "007", "+49" and "1_000" are codes, not
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.whole_numbers import MAX_DIGITS, Grouping, WholeRange, cast_integers

_FLOAT_DIGITS = 15  # any decimal of 15 significant digits survives a float64
_MIN_SINGLE_GROUPS = 3
_INTEGER = r"^-?(?:0|[1-9][0-9]{0,37})$"
_DECIMAL = r"^-?(?:0|[1-9][0-9]{0,37})?\.[0-9]{1,37}$"
_FLOAT = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][+-]?[0-9]{1,3}$"


@dataclass(frozen=True)
class NumberType:
    """What a column of numbers is: its type, the separator of thousands it is written with, and
    why, if not plain."""

    type: pa.DataType
    thousands: str | None = None
    note: str = ""


@dataclass
class NumberEvidence:
    """All numbers of a column, batch after batch."""

    whole: WholeRange = field(default_factory=WholeRange)
    points: Grouping = field(default_factory=lambda: Grouping("."))
    commas: Grouping = field(default_factory=lambda: Grouping(","))
    long_wholes: int = 0
    decimals: int = 0
    floats: int = 0
    digits: int = 1
    scale: int = 0

    def include(self, text: pa.Array) -> pa.Array:
        """Measure a batch (nulls allowed); return which values are numbers, null where the text
        is."""
        is_whole = pc.match_substring_regex(text, _INTEGER)
        if is_whole.true_count == len(text) - text.null_count:
            self._include_wholes(text)
            return is_whole
        self._include_wholes(text.filter(is_whole))
        rest = text.filter(pc.invert(is_whole))
        is_number = self._include_others(rest)
        return pc.replace_with_mask(is_whole, pc.fill_null(pc.invert(is_whole), False), is_number)

    def decide(self) -> NumberType | None:
        """Choose the narrowest type that holds every number exactly; None when there is none."""
        points, commas = self.points, self.commas
        grouped = points.several + commas.single + commas.several
        if grouped or self._looks_like_thousands():
            return self._decide_thousands()
        if self.floats:
            return NumberType(pa.float64()) if self.digits + self.scale <= _FLOAT_DIGITS else None
        if self.decimals + points.single:
            if self.digits + self.scale > MAX_DIGITS:
                return None
            return NumberType(pa.decimal128(max(self.digits + self.scale, 1), self.scale))
        kind = self.whole.choose_type()
        return None if kind is None else NumberType(kind)

    def _looks_like_thousands(self) -> bool:
        alone = not (self.decimals or self.floats or self.long_wholes)
        return alone and self.points.single >= _MIN_SINGLE_GROUPS

    def _decide_thousands(self) -> NumberType | None:
        points, commas = self.points, self.commas
        used, other = (points, commas) if points.single + points.several else (commas, points)
        if other.single + other.several or self.decimals or self.floats or self.long_wholes:
            return None
        if not used.several and used.single < _MIN_SINGLE_GROUPS:
            return None
        both = WholeRange()
        for bounds in (self.whole, used.range):
            if bounds.low is not None and bounds.high is not None:
                both.include(pa.array([bounds.low, bounds.high], pa.decimal128(MAX_DIGITS, 0)))
        kind = both.choose_type()
        if kind is None:
            return None
        count = used.single + used.several
        note = (
            f"{used.separator!r} sets thousands apart in {count} values, "
            f"more than once in {used.several}"
        )
        return NumberType(kind, used.separator, note)

    def _include_wholes(self, text: pa.Array) -> None:
        if len(text) == text.null_count:
            return
        numbers = cast_integers(text)
        batch = WholeRange()
        batch.include(numbers)
        assert batch.low is not None
        assert batch.high is not None
        self.whole.include(pa.array([batch.low, batch.high], pa.decimal128(MAX_DIGITS, 0)))
        longest = max(abs(batch.low), abs(batch.high))
        self.digits = max(self.digits, len(str(longest)))
        self.long_wholes += longest > 999

    def _include_others(self, text: pa.Array) -> pa.Array:
        """Measure what is no plain whole number; return which values are numbers."""
        is_decimal = pc.match_substring_regex(text, _DECIMAL)
        if is_decimal.true_count:
            self._include_decimals(text.filter(is_decimal))
        if is_decimal.true_count == len(text):
            return is_decimal
        others = text.filter(pc.invert(is_decimal))
        is_float = pc.match_substring_regex(others, _FLOAT)
        if is_float.true_count:
            is_float = self._include_floats(others, is_float)
        known = pc.or_(is_float, pc.or_(self.commas.include(others), self.points.include(others)))
        return pc.replace_with_mask(is_decimal, pc.invert(is_decimal), known)

    def _include_decimals(self, text: pa.Array) -> None:
        unsigned = pc.utf8_ltrim(text, "-")
        point = pc.find_substring(unsigned, ".")
        scales = pc.subtract(pc.binary_length(unsigned), pc.add(point, 1))
        self.scale = max(self.scale, pc.max(scales).as_py())
        self.digits = max(self.digits, pc.max(point).as_py())
        if self.decimals == 0 and not self.long_wholes:
            grouped = self.points.include(text)
            self.decimals += len(text) - grouped.true_count
        else:
            self.decimals += len(text)

    def _include_floats(self, text: pa.Array, is_float: pa.Array) -> pa.Array:
        """Count floats; a value with more digits or a larger exponent than float64 holds is
        none."""
        digits = pc.utf8_length(pc.replace_substring_regex(text, r"[-+.]|[eE].*$", ""))
        values: Any = pc.if_else(is_float, text, None)
        numbers = pc.cast(values, pa.float64())
        mantissa_is_zero = pc.match_substring_regex(text, r"^-?0(?:\.0+)?[eE]")
        held = pc.and_(
            pc.is_finite(numbers), pc.or_(pc.greater(pc.abs(numbers), 1e-300), mantissa_is_zero)
        )
        good = pc.and_(
            is_float, pc.and_(pc.less_equal(digits, _FLOAT_DIGITS), pc.fill_null(held, False))
        )
        self.floats += good.true_count
        return good
