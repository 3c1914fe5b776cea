"""The words of a column that may mean NULL: which are taken so, and how often each occurs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.decision import ColumnWarning, show_counts
from dreambolt_steps.tables.text.blanks import NullTokens, drop_values
from dreambolt_steps.tables.text.text_look import TextLook


class NullEvidence:
    """All null tokens of a column, counted batch after batch."""

    def __init__(self, tokens: Sequence[str], text_tokens: Sequence[str]) -> None:
        """Look for these words.

        Args:
            tokens: what means NULL in a column of numbers, dates and the like.
            text_tokens: those of them that do so in a column that stays text, too.
        """
        self._tokens = NullTokens(tokens)
        self._text_tokens = set(text_tokens)
        self._counts: Counter[str] = Counter()

    def include(self, text: pa.Array, look: TextLook) -> np.ndarray | None:
        """Count a batch; return which values are tokens, None when none is."""
        found = self._tokens.find(text, look)
        if found is not None:
            for one in pc.value_counts(text.filter(pa.array(found))).to_pylist():
                self._counts[one["values"]] += one["counts"]
        return found

    def drop_from_text(self, text: pa.Array, found: np.ndarray | None) -> pa.Array:
        """Put NULL for those of the tokens found that mean it in text."""
        if found is None or not self._text_tokens:
            return text
        known = pc.is_in(text, pa.array(sorted(self._text_tokens), pa.string()))
        return drop_values(text, found & known.to_numpy(zero_copy_only=False))

    def count(self, *, in_text: bool) -> int:
        """How many values are NULL for their words, in a column that stays text or in another."""
        return sum(self._list(in_text=in_text).values())

    def list_words(self, *, in_text: bool) -> tuple[tuple[str, int], ...]:
        """The words that are NULL, and how often each occurs; "" is none of them."""
        return tuple(one for one in self._list(in_text=in_text).items() if one[0])

    def warn(
        self, column: str, strangers: Mapping[str, int], family: str = ""
    ) -> list[ColumnWarning]:
        """Ask about the words that are kept in a column that stays text.

        Args:
            column: its name.
            strangers: words but for which its values would all be of one family.
            family: which.
        """
        kept = {word: n for word, n in self._counts.items() if word not in self._text_tokens}
        if strangers:
            words = f"every value is a {family} but: {show_counts(strangers)}"
        elif kept and self._text_tokens:
            words = f"words that may mean NULL are kept: {show_counts(kept)}"
        else:
            return []
        asked = ["", *(word for word in (*self._counts, *strangers) if word)]
        return [ColumnWarning("null_words", words, f"null_tokens={{{column!r}: {asked!r}}}")]

    def _list(self, *, in_text: bool) -> dict[str, int]:
        return {
            word: count
            for word, count in self._counts.items()
            if not in_text or word in self._text_tokens
        }
