"""One way to read the numbers of a column: with a decimal point, or with a decimal comma."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.inference.number_measure import NumberMeasure
from dreambolt_steps.tables.inference.tally import Tally
from dreambolt_steps.tables.text.number_shapes import NumberShapes
from dreambolt_steps.tables.text.number_text import (
    APOSTROPHES,
    BLANKS,
    THOUSANDS,
    find_special,
    read_numbers,
)


@dataclass
class NumberReading:
    """The numbers of a column, as far as this reading understands them.

    Attributes:
        decimal: what stands before the decimals.
        failed: values that are no numbers, read so.
        marked: values with decimals.
        grouped: by what sets thousands apart, the values that have it.
        uneven: grouped values whose first group is shorter than three digits.
        measure: of all numbers with a mark in them, and others that came in one batch with them.
    """

    decimal: str
    failed: Tally = field(default_factory=Tally)
    marked: Tally = field(default_factory=Tally)
    grouped: dict[str, Tally] = field(default_factory=dict)
    uneven: int = 0
    measure: NumberMeasure = field(default_factory=NumberMeasure)

    def include(self, text: pa.Array, rows_before: int) -> pa.BooleanArray:
        """Measure a batch; return which values are numbers, NULL where the text is."""
        numbers, good, grouped = read_numbers(text, self.decimal, THOUSANDS[self.decimal])
        for sign, found in grouped.items():
            self.grouped.setdefault(sign, Tally()).include(text, found, rows_before)
            uneven = pc.match_substring_regex(text, "^-?[0-9]{1,2}[^0-9]")
            self.uneven += pc.and_(found, uneven).true_count
        unheld = self.measure.include(numbers, rows_before)
        if unheld.true_count:
            good = pc.and_(good, pc.invert(pc.fill_null(unheld, False)))
        if good.false_count:
            special = pc.and_(pc.invert(good), find_special(text))
            self.measure.specials += special.true_count
            good = pc.or_(good, special)
        self.failed.include(text, pc.invert(good), rows_before)
        marked = pc.and_(good, pc.match_substring(text, self.decimal))
        self.marked.include(text, marked, rows_before)
        return good

    def include_points(self, text: pa.Array, shapes: NumberShapes, rows_before: int) -> None:
        """Measure a batch of plain numbers, some with a point: the decimal mark of one reading,
        perhaps the sign of thousands of the other."""
        marked = pa.array(shapes.has_point)
        if self.decimal == ".":
            self.measure.include_shapes(shapes)
            self.marked.include(text, marked, rows_before)
            return
        wrong = shapes.has_point & ~shapes.may_be_grouped
        if wrong.any():
            self.failed.include(text, pa.array(wrong), rows_before)
        else:
            self.include(text, rows_before)

    @property
    def has_lone_blanks(self) -> bool:
        """Whether blanks or apostrophes stand where thousands do, and nothing else says that these
        are numbers: 601 234 567 may be a telephone."""
        signs = set(self.grouped) & {*BLANKS, *APOSTROPHES}
        return bool(signs) and not self.uneven and not self.marked
