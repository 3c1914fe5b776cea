"""What is known and asked of a column before its values are looked at."""

from __future__ import annotations

from dataclasses import dataclass

from dreambolt_steps.tables.column_types import WantedType
from dreambolt_steps.tables.text.blanks import NULL_TOKENS, TEXT_NULL_TOKENS
from dreambolt_steps.tables.text.mend import Normalization


@dataclass(frozen=True)
class Question:
    """How a column is looked at.

    Attributes:
        wanted: the type asked for; None to find it.
        null_tokens: values that mean NULL, after trimming.
        text_tokens: those of them that do where the column stays text, too.
        trim: whether blanks at the ends of values count for nothing.
        repair: whether text that was decoded with the wrong encoding is repaired.
        normalize: the Unicode form that text is put into, NFC or NFKC; None for none.
        day_first: whether days stand before months; None to find it.
        decimal_separator: what stands before decimals; None to find it.
        true_words, false_words: truth values besides the usual ones, in any case.
    """

    wanted: WantedType | None = None
    null_tokens: tuple[str, ...] = NULL_TOKENS
    text_tokens: tuple[str, ...] = TEXT_NULL_TOKENS
    trim: bool = True
    repair: bool = False
    normalize: Normalization | None = None
    day_first: bool | None = None
    decimal_separator: str | None = None
    true_words: tuple[str, ...] = ()
    false_words: tuple[str, ...] = ()

    def choose_tokens(self, *, is_text: bool) -> tuple[str, ...]:
        """What means NULL, by what the column is in the end."""
        return self.text_tokens if is_text else self.null_tokens

    @property
    def sign(self) -> str | None:
        """What stands around numbers, if it was told: currency or percent."""
        return self.wanted.sign if self.wanted else None
