"""Whether an error is that of a full disk, whichever library raises it."""

from __future__ import annotations

import errno

_CODES = (errno.ENOSPC, errno.EDQUOT)
_WORDS = (
    "No space left on device",
    "Disk quota exceeded",
    "database or disk is full",  # SQLite
    "no space left on device",
)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or one that it came of, is that of a disk without room.

    >>> is_disk_full(OSError(errno.ENOSPC, "No space")), is_disk_full(ValueError("no"))
    (True, False)
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _CODES:
            return True
        if any(words in str(error) for words in _WORDS):
            return True
        error = error.__cause__ or error.__context__
    return False
