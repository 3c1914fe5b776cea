"""Whether a column holds amounts of money or percentages: told, never typed unasked."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.decision import ColumnWarning
from dreambolt_steps.tables.inference.number_evidence import NumberEvidence
from dreambolt_steps.tables.inference.tally import Tally
from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.number_text import take_sign
from dreambolt_steps.tables.text.text_look import TextLook


class SignEvidence:
    """All numbers of a column with a currency or percent sign beside them."""

    def __init__(self, column: str, sign: str, decimal: str | None = None) -> None:
        """Look at values of `column`; `sign` is currency or percent."""
        self.family = sign
        self._column = column
        self._numbers = NumberEvidence(column, decimal)
        self._first = Tally()

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.BooleanArray:
        """Count a batch; return which values are numbers with the sign, NULL where the text is."""
        bare, had = take_sign(text, self.family)
        numbers = self._numbers.include(bare, TextLook(bare), rows_before)
        accepted = pc.and_(numbers, had)
        self._first.include(text, accepted, rows_before)
        return accepted

    def decide(self, *, lenient: bool = False) -> Verdict:
        """Tell what the column looks like."""
        numbers = self._numbers.decide(lenient=lenient)
        if numbers.type is None and not numbers.warnings:
            return Verdict()
        argument = f"types={{{self._column!r}: {self.family!r}}}"
        words = f"every value is a number with a {self.family} sign: {self._first}"
        return Verdict(warnings=(ColumnWarning("looks_like", words, argument),))
