"""Whether a column holds truth values."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.inference.verdict import Verdict
from dreambolt_steps.tables.text.convert import FALSE_WORDS, TRUE_WORDS
from dreambolt_steps.tables.text.text_look import TextLook


class BooleanEvidence:
    """All truth words of a column: one pair of words, true and false or yes and no, in any case; or
    the words that were told.

    A column of nothing but "no" stays text: it may be a country, a language, an answer.
    """

    family = "boolean"

    def __init__(self, true_words: Sequence[str] = (), false_words: Sequence[str] = ()) -> None:
        """Look for these words, in any case, besides the usual ones."""
        self._told = pa.array([word.lower() for word in (*true_words, *false_words)], pa.string())
        self._counts = dict.fromkeys(("told", "true", "false", "yes", "no"), 0)

    def include(self, text: pa.Array, look: TextLook, rows_before: int) -> pa.BooleanArray:
        """Count a batch; return which values are truth words, NULL where the text is."""
        lower = pc.utf8_lower(text) if len(self._told) else pc.ascii_lower(text)
        usual = pa.array([*TRUE_WORDS, *FALSE_WORDS])
        accepted = pc.is_in(lower, pa.concat_arrays([usual, self._told]))
        if accepted.true_count:
            for one in pc.value_counts(lower.filter(accepted)).to_pylist():
                word = one["values"] if one["values"] in self._counts else "told"
                self._counts[word] += one["counts"]
        return pc.if_else(pc.is_valid(text), accepted, pa.scalar(None, pa.bool_()))

    def decide(self, *, lenient: bool = False) -> Verdict:
        """Choose boolean, or nothing when the words are of both pairs, or only "no"."""
        counts = self._counts
        if counts["told"]:
            return Verdict(pa.bool_())
        true_false, yes_no = counts["true"] + counts["false"], counts["yes"] + counts["no"]
        if yes_no and (true_false or not counts["yes"]):
            return Verdict()
        return Verdict(pa.bool_() if true_false or yes_no else None)
