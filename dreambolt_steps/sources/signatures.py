"""What files that are no text begin with, and when that says what they are."""

from __future__ import annotations

import re

_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")

FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x7fELF": "a program",
}
"""Signature -> kind of file, of formats that nothing here reads."""


def has_signature(head: bytes, signature: bytes) -> bool:
    """Tell whether a file begins with a signature and goes on as such a file does.

    Letters and digits alone may as well be a header's: "ORCID,name", "PAR1,PAR2". They do not count
    where lines of text follow.

    Args:
        head: the file's first bytes, some hundred at least.
        signature: what files of that format begin with.

    >>> has_signature(b"ORCID,name\\n", b"ORC"), has_signature(b"ORC\\x00\\x08", b"ORC")
    (False, True)
    """
    if not head.startswith(signature):
        return False
    is_text = b"\n" in head.replace(b"\r", b"\n") and not _CONTROL.search(head)
    return not (signature.isalnum() and is_text)
