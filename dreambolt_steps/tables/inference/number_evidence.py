"""Whether a column holds numbers, and how they are written."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.decision import ColumnWarning, Spelling
from dreambolt_steps.tables.inference.number_measure import NumberMeasure
from dreambolt_steps.tables.inference.number_reading import NumberReading
from dreambolt_steps.tables.inference.tally import accept
from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.number_shapes import find_shapes, may_be_wholes
from dreambolt_steps.tables.text.number_text import MAX_DIGITS, cast_wholes
from dreambolt_steps.tables.text.text_look import TextLook

_MARKS = {".": "point", ",": "comma"}


class NumberEvidence:
    """All numbers of a column, batch after batch, read with a decimal point and with a decimal
    comma until one of them is ruled out."""

    family = "number"

    def __init__(self, column: str, decimal: str | None = None) -> None:
        """Look at values of `column`; `decimal` is what stands before the decimals, if told."""
        self._column = column
        self._readings = [NumberReading(mark) for mark in ([decimal] if decimal else _MARKS)]
        self._wholes = NumberMeasure()
        self._has_others = False

    def include_wholes(self, text: pa.Array, look: TextLook) -> bool:
        """Measure a batch if all its values are plain whole numbers of 64 bits, or NULL; return
        whether they are."""
        if self._has_others or not may_be_wholes(look, text.null_count):
            return False
        try:
            self._wholes.include_wholes(pc.cast(text, pa.int64()))
        except pa.ArrowInvalid:  # which costs more than a cast that succeeds
            self._has_others = True
        return not self._has_others

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.BooleanArray:
        """Measure a batch; return which values are numbers, NULL where the text is."""
        shapes = find_shapes(look, text.null_count)
        if shapes is not None and shapes.digits <= MAX_DIGITS:
            if not shapes.decimals:
                self._wholes.include_wholes(cast_wholes(text))
                return accept(text)
            readings = self._list_live()
            for reading in readings:
                reading.include_points(text, shapes, rows_before)
            if any(reading.decimal == "." for reading in readings):
                return accept(text)
            return accept(text, ~shapes.has_point | shapes.may_be_grouped)
        accepted = [reading.include(text, rows_before) for reading in self._list_live()]
        return accepted[0] if len(accepted) == 1 else pc.or_(*accepted)

    def decide(self, *, lenient: bool = False) -> Verdict:
        """Choose how the numbers are read, and the narrowest type that holds them exactly.

        Args:
            lenient: whether to leave aside what is no number, and read with a point what is open.
        """
        live = [reading for reading in self._readings if not reading.failed]
        if lenient:
            return self._type(self._list_live()[0])
        if len(live) == 2 and self._is_ambiguous(*live):
            return Verdict(warnings=(self._warn_of_marks(*live),))
        if not live:
            return Verdict(warnings=self._warn_of_mixture())
        reading = live[0]
        if len(reading.grouped) > 1:
            told = ", ".join(map(str, reading.grouped.values()))
            words = f"thousands are set apart in several ways: {told}"
            return Verdict(warnings=(ColumnWarning("mixed_thousands", words),))
        if reading.has_lone_blanks:
            (tally,) = reading.grouped.values()
            words = f"numbers with their thousands apart, or codes: {tally}"
            argument = self._type_argument("integer")
            return Verdict(warnings=(ColumnWarning("codes_or_numbers", words, argument),))
        return self._type(reading)

    def _list_live(self) -> list[NumberReading]:
        """Readings that no value has ruled out; else the one that fewest have."""
        live = [reading for reading in self._readings if not reading.failed]
        return live or [min(self._readings, key=lambda reading: reading.failed.count)]

    def _is_ambiguous(self, point: NumberReading, comma: NumberReading) -> bool:
        """Whether 1.234 or 1,234 is all there is. A whole number of four digits that stands as it
        is tells that thousands are not set apart, so that the point, which programs write, is one
        before decimals."""
        if not (point.marked or comma.marked):
            return False
        return bool(comma.marked) or not self._wholes.merge(point.measure).has_long_wholes

    def _type(self, reading: NumberReading) -> Verdict:
        measure = self._wholes.merge(reading.measure)
        kind = measure.choose_type()
        if kind is None:
            return Verdict(warnings=self._warn_of_length(measure))
        thousands, tally = next(iter(reading.grouped.items()), (None, None))
        notes = []
        if reading.decimal == "," and reading.marked:
            notes.append(f"',' stands before the decimals: {reading.marked}")
        if tally:
            notes.append(f"{thousands!r} sets thousands apart: {tally}")
        if measure.specials:
            notes.append(f"infinities or NaNs among numbers: {measure.specials:,}")
        decimal = reading.decimal if reading.marked else "."
        if thousands == ".":
            decimal = ","
        spelling = Spelling(thousands, decimal) if thousands or decimal != "." else None
        return Verdict(kind, spelling, "; ".join(notes))

    def _warn_of_marks(self, point: NumberReading, comma: NumberReading) -> ColumnWarning:
        sign, tally = (".", point.marked) if point.marked else (",", comma.marked)
        words = f"{sign!r} may stand before decimals or set thousands apart: {tally}"
        argument = f"decimal_separator={{{self._column!r}: '.'}} or ','"
        return ColumnWarning("open_separator", words, argument)

    def _warn_of_mixture(self) -> tuple[ColumnWarning, ...]:
        """Warn when each reading was ruled out by a number that the other one reads."""
        if len(self._readings) < 2:
            return ()
        point, comma = self._readings
        first = pa.array([point.failed.value, comma.failed.value])
        swapped = NumberReading(","), NumberReading(".")
        both = [one.include(first.slice(at, 1), 0).true_count for at, one in enumerate(swapped)]
        if not all(both):
            return ()
        words = f"decimals with a point and with a comma: {comma.failed} and {point.failed}"
        return (ColumnWarning("mixed_decimals", words),)

    def _warn_of_length(self, measure: NumberMeasure) -> tuple[ColumnWarning, ...]:
        if measure.too_long:
            words = f"more than {MAX_DIGITS} digits, the most that a decimal holds"
            words = f"{words}: {measure.too_long}"
            return (ColumnWarning("too_many_digits", words, self._type_argument("float")),)
        digits = measure.digits + measure.scale
        if not digits or not (measure.decimals or measure.floats or measure.specials):
            return ()
        held = 15 if measure.floats or measure.specials else MAX_DIGITS
        words = f"numbers that need {digits} digits together, a type for all holds {held}"
        return (ColumnWarning("too_many_digits", words, self._type_argument("float")),)

    def _type_argument(self, word: str) -> str:
        return f"types={{{self._column!r}: {word!r}}}"
