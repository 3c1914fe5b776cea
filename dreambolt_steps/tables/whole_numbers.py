"""Whole numbers written as text: their range, their type, and thousands set apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

MAX_DIGITS = 38
_INTEGER_TYPES = ((8, pa.int8()), (16, pa.int16()), (32, pa.int32()), (64, pa.int64()))


def cast_integers(text: pa.Array) -> pa.Array:
    """Read whole numbers: int64 where all fit, else decimal(38,0)."""
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    return pc.cast(text, pa.int64() if longest <= 18 else pa.decimal128(MAX_DIGITS, 0))


def ungroup(text: pa.Array, separator: str) -> pa.Array:
    """Take the separators of thousands out."""
    return pc.replace_substring(text, separator, "")


@dataclass
class WholeRange:
    """The smallest and the largest of the whole numbers seen."""

    low: int | None = None
    high: int | None = None

    def include(self, numbers: pa.Array) -> None:
        bounds = pc.min_max(numbers)
        low, high = bounds["min"].as_py(), bounds["max"].as_py()
        if low is not None:
            self.low = int(low) if self.low is None else min(self.low, int(low))
            self.high = int(high) if self.high is None else max(self.high, int(high))

    def choose_type(self) -> pa.DataType | None:
        low, high = self.low or 0, self.high or 0
        for bits, kind in _INTEGER_TYPES:
            if -(1 << (bits - 1)) <= low and high < 1 << (bits - 1):
                return kind
        digits = max(len(str(abs(low))), len(str(abs(high))))
        return pa.decimal128(digits, 0) if digits <= MAX_DIGITS else None


@dataclass
class Grouping:
    """Values such as 590.549 or 1,234,567: whole numbers, if the thousands are really set apart."""

    separator: str
    single: int = 0
    several: int = 0
    range: WholeRange = field(default_factory=WholeRange)

    def include(self, text: pa.Array) -> pa.Array:
        """Count the grouped values; return which they are."""
        sign = "\\" + self.separator
        one = pc.match_substring_regex(text, rf"^[1-9][0-9]{{0,2}}{sign}[0-9]{{3}}$")
        more = pc.match_substring_regex(text, rf"^-?[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}}){{2,11}}$")
        self.single += one.true_count
        self.several += more.true_count
        grouped = pc.or_(one, more)
        if grouped.true_count:
            plain = pc.replace_substring(text.filter(grouped), self.separator, "")
            self.range.include(cast_integers(plain))
        return grouped
