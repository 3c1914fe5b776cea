"""Whether a column holds times of day."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import TIME
from dreambolt_steps.tables.decision import ColumnWarning
from dreambolt_steps.tables.inference.tally import Tally
from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.text_look import TextLook
from dreambolt_steps.tables.text.timestamp_text import read_times


class TimeEvidence:
    """All times of day of a column: 03:45, 3:45:00.5, 3:45 pm. What is written 3:45 may be a
    duration, and is text unless it is told."""

    family = "time"

    def __init__(self, column: str) -> None:
        """Look at values of `column`."""
        self._column = column
        self._times, self._doubtful = Tally(), Tally()

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.BooleanArray:
        """Count a batch; return which values are times, NULL where the text is."""
        coded = text.dictionary_encode()
        _, good, sure = read_times(coded.dictionary)
        accepted = pc.take(pa.array(good), coded.indices)
        self._times.include(text, accepted, rows_before)
        if (good & ~sure).any():
            doubtful = pc.take(pa.array(good & ~sure), coded.indices)
            self._doubtful.include(text, doubtful, rows_before)
        return accepted

    def decide(self, *, lenient: bool = False) -> Verdict:
        """Choose time, unless some value may be a duration."""
        if self._doubtful:
            words = f"times of day or durations: {self._doubtful}"
            return Verdict(
                warnings=(ColumnWarning("open_time", words, f"types={{{self._column!r}: 'time'}}"),)
            )
        return Verdict(TIME if self._times else None)
