"""Text that was decoded with the wrong encoding, and characters that Unicode writes in two ways."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.arguments.clean_table import Normalization
from dreambolt_steps.tables.text.text_look import TextLook

# A character of several bytes that was decoded one by one is several characters beyond ASCII; the
# last of them may have become a plain blank.
_SUSPECT = "[^\\x00-\\x7f][^\\x00-\\x7f]|[\u00c2\u00c3\u00e0] "
_LEAD, _SECONDS = 0xC3, (0x82, 0x83)  # the letters that most broken text has, in UTF-8
_THIRDS = (0xC2, 0xC5, 0xCB, 0xE2)


def is_ascii(look: TextLook) -> bool:
    """Whether all values are plain ASCII, which nothing here changes."""
    own = look.own
    return not len(own) or int(own.max()) < 128


def repair_text(text: pa.Array, look: TextLook | None = None) -> tuple[pa.Array, np.ndarray | None]:
    """Repair text that was UTF-8, but decoded as something else: "JosÃ©" is "José".

    Only values that look broken are given to ftfy, and each distinct one once.

    Args:
        text: the values.
        look: at them, if there is one already.

    Returns: the repaired values, and which were repaired: None when none was.

    >>> repair_text(pa.array(["JosÃ©", "José", "Jose"]))[0].to_pylist()
    ['José', 'José', 'Jose']
    """
    if is_ascii(look or TextLook(text)):
        return text, None
    suspect = pc.fill_null(pc.match_substring_regex(text, _SUSPECT), False)
    if not suspect.true_count:
        return text, None
    from ftfy import fix_encoding
    from ftfy.badness import is_bad

    coded = text.filter(suspect).dictionary_encode()
    known = coded.dictionary.to_pylist()
    fixed = pa.array([fix_encoding(value) if is_bad(value) else value for value in known])
    values = pc.take(fixed, coded.indices)
    repaired = pc.replace_with_mask(text, suspect, values)
    changed = pc.fill_null(pc.not_equal(repaired, text), False).to_numpy(zero_copy_only=False)
    return (repaired, changed) if changed.any() else (text, None)


def normalize_text(text: pa.Array, form: Normalization, look: TextLook | None = None) -> pa.Array:
    """Write equal characters equally; the very same array when all are ASCII.

    Args:
        text: the values.
        form: NFC composes letters and accents; NFKC writes ﬁ, ① and fullwidth letters plainly too.
        look: at them, if there is one already.
    """
    return text if is_ascii(look or TextLook(text)) else pc.utf8_normalize(text, form)


def may_be_broken(look: TextLook) -> bool:
    """Whether the bytes hold what broken text mostly holds: Ã or Â, and a stray byte behind it."""
    own = look.own
    if is_ascii(look) or len(own) < 4:
        return False
    at = np.flatnonzero(own[:-3] == _LEAD)
    return bool((np.isin(own[at + 1], _SECONDS) & np.isin(own[at + 2], _THIRDS)).any())
