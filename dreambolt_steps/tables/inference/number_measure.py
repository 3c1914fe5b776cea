"""How large and how fine the numbers of a column are, and the narrowest type that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.inference.tally import Tally
from dreambolt_steps.tables.text.number_shapes import NumberShapes, find_shapes
from dreambolt_steps.tables.text.number_text import MAX_DIGITS, cast_wholes
from dreambolt_steps.tables.text.text_look import TextLook

_FLOAT_DIGITS = 15  # any decimal of 15 significant digits survives a float64
_INTEGER_TYPES = ((8, pa.int8()), (16, pa.int16()), (32, pa.int32()), (64, pa.int64()))
_LARGEST_FLOAT, _SMALLEST_FLOAT = 1e300, 1e-300


@dataclass
class NumberMeasure:
    """All numbers of a column, measured batch after batch.

    Attributes:
        low, high: the smallest and the largest whole number.
        digits: most digits before the point; of whole numbers and others.
        scale: most digits behind the point.
        decimals, floats, specials: values with a point, with an exponent, infinities and NaNs.
        has_long_wholes: whether any whole number has more than three digits.
        too_long: values with more digits than a decimal holds.
    """

    low: int | None = None
    high: int | None = None
    digits: int = 1
    scale: int = 0
    decimals: int = 0
    floats: int = 0
    specials: int = 0
    has_long_wholes: bool = False
    too_long: Tally = field(default_factory=Tally)

    def include_wholes(self, numbers: pa.Array) -> None:
        """Measure whole numbers, cast already (int64 or decimal)."""
        bounds = pc.min_max(numbers)
        low, high = bounds["min"].as_py(), bounds["max"].as_py()
        if low is not None:
            self._widen(int(low), int(high))

    def include_shapes(self, shapes: NumberShapes) -> None:
        """Measure plain numbers by their shapes; whole ones only as far as decimals need it."""
        self.digits, self.scale = max(self.digits, shapes.digits), max(self.scale, shapes.scale)
        self.decimals += shapes.decimals
        self.has_long_wholes |= bool((~shapes.has_point & (shapes.wholes > 3)).any())

    def include(self, numbers: pa.Array, rows_before: int) -> pa.BooleanArray:
        """Measure numbers written as Arrow casts them; NULLs are passed over.

        Returns: which of them no type can hold: floats of too many digits, or beyond float64.
        """
        shapes = find_shapes(TextLook(numbers), numbers.null_count)
        if shapes is not None and shapes.digits + shapes.scale <= MAX_DIGITS:
            self.include_shapes(shapes)
            if not shapes.decimals:
                self.include_wholes(cast_wholes(numbers))
            return pc.and_(pc.is_null(numbers), False)
        shape = pc.extract_regex(
            numbers, r"^-?(?P<whole>[0-9]*)(?P<point>\.?)(?P<fraction>[0-9]*)(?P<exponent>.*)$"
        )
        whole, point, fraction, exponent = shape.flatten()
        digits = pc.binary_length(whole)
        scale = pc.binary_length(fraction)
        has_point = pc.not_equal(point, "")
        has_exponent = pc.not_equal(exponent, "")
        too_long = pc.greater(pc.add(digits, scale), MAX_DIGITS)
        self.too_long.include(numbers, too_long, rows_before)
        self.digits = max(self.digits, pc.max(digits).as_py() or 0)
        self.scale = max(self.scale, pc.max(scale).as_py() or 0)
        self.decimals += pc.and_(has_point, pc.invert(has_exponent)).true_count
        plain = pc.invert(pc.or_(pc.or_(has_point, has_exponent), too_long))
        if plain.true_count:
            self.include_wholes(cast_wholes(numbers.filter(plain)))
        if not has_exponent.true_count:
            return pc.and_(has_exponent, False)
        held = _find_held(numbers, digits, scale)
        self.floats += pc.and_(has_exponent, held).true_count
        return pc.and_(has_exponent, pc.invert(held))

    def merge(self, other: NumberMeasure) -> NumberMeasure:
        """Both as one."""
        both = NumberMeasure(self.low, self.high)
        if other.low is not None and other.high is not None:
            both._widen(other.low, other.high)
        both.digits = max(self.digits, other.digits, both.digits)
        both.has_long_wholes |= self.has_long_wholes or other.has_long_wholes
        both.scale = max(self.scale, other.scale)
        for name in ("decimals", "floats", "specials"):
            setattr(both, name, getattr(self, name) + getattr(other, name))
        both.too_long = self.too_long or other.too_long
        return both

    def choose_type(self) -> pa.DataType | None:
        """The narrowest type that holds every number exactly; None when there is none."""
        if not (self.decimals or self.floats or self.low is not None):
            return None
        if self.floats or self.specials:
            fits = self.digits + self.scale <= _FLOAT_DIGITS and not self.too_long
            return pa.float64() if fits else None
        if self.decimals:
            fits = self.digits + self.scale <= MAX_DIGITS
            return pa.decimal128(max(self.digits + self.scale, 1), self.scale) if fits else None
        if self.too_long or self.low is None or self.high is None:  # ruled out above: low
            return None
        for bits, kind in _INTEGER_TYPES:
            if -(1 << (bits - 1)) <= self.low and self.high < 1 << (bits - 1):
                return kind
        return pa.decimal128(MAX_DIGITS, 0)

    def _widen(self, low: int, high: int) -> None:
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        longest = max(abs(low), abs(high))
        self.digits = max(self.digits, len(str(longest)))
        self.has_long_wholes |= longest > 999


def _find_held(numbers: pa.Array, digits: pa.Array, scale: pa.Array) -> pa.BooleanArray:
    """Which numbers float64 holds with all their digits, neither infinite nor rounded to zero."""
    size = pc.abs(pc.cast(numbers, pa.float64()))
    is_zero = pc.match_substring_regex(numbers, "^-?[0.]+(?:[eE]|$)")
    in_range = pc.and_(pc.less(size, _LARGEST_FLOAT), pc.greater(size, _SMALLEST_FLOAT))
    short = pc.less_equal(pc.add(digits, scale), _FLOAT_DIGITS)
    return pc.and_(short, pc.or_(in_range, is_zero))
