"""Text from files and models, safe to print."""

from __future__ import annotations

_JOINERS = "\u200c\u200d"  # within words of some scripts, and between emoji


def make_printable(text: str) -> str:
    r"""Text from a file as one line that can't move the cursor, colour the screen or turn the
    direction of writing.

    >>> make_printable("a\n\x1b[31mb")
    'a \\x1b[31mb'
    """
    text = " ".join(text.split("\n"))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else repr(c)[1:-1] for c in text)
