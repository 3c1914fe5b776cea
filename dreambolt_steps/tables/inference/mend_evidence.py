"""Text that is broken: repaired where that was asked for, told where it was not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dreambolt_steps.tables.decision import ColumnWarning
from dreambolt_steps.tables.inference.tally import Tally
from dreambolt_steps.tables.text.mend import (
    Normalization,
    may_be_broken,
    normalize_text,
    repair_text,
)
from dreambolt_steps.tables.text.text_look import TextLook


class MendEvidence:
    """What was mended, or should be, in a column."""

    def __init__(self, repair: bool, normalize: Normalization | None) -> None:
        """`repair` and `normalize` are what was asked for."""
        self._repair, self._normalize = repair, normalize
        self._broken = Tally()
        self._mended = ""

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.Array:
        """Mend a batch, as far as that was asked for; the very same array when nothing is to be
        done. Broken text that nobody asked to mend is looked for until some is found."""
        if self._repair or (not self._broken and may_be_broken(look)):
            repaired, changed = repair_text(text, look)
            if changed is not None:
                if not self._broken:
                    self._mended = repaired[int(np.flatnonzero(changed)[0])].as_py()
                self._broken.include(text, pa.array(changed), rows_before)
            if self._repair:
                text = repaired
        return normalize_text(text, self._normalize) if self._normalize else text

    @property
    def note(self) -> str:
        """What was repaired, in words."""
        if not self._repair or not self._broken:
            return ""
        return f"values repaired: {self._broken.count:,}, {self._broken} to {self._mended!r}"

    def list_warnings(self) -> list[ColumnWarning]:
        """What should be repaired."""
        if self._repair or not self._broken:
            return []
        words = f"text decoded with the wrong encoding: {self._broken} may be {self._mended!r}"
        return [ColumnWarning("broken_text", words, "repair=True")]
