"""The part of a file that holds a table's rows."""

from __future__ import annotations

from dataclasses import dataclass


class NotUtf8Error(Exception):
    """A byte is not UTF-8; `offset` tells which."""

    def __init__(self, offset: int) -> None:
        """Take its offset in the file."""
        super().__init__(offset)
        self.offset = offset


@dataclass(frozen=True)
class Region:
    """The part of a file that holds a table's rows, and how to walk over it.

    Attributes:
        start, end: byte offsets.
        lines_before: lines before the start.
        line_end: how its lines end, as bytes.
        odd_from: byte offset from which rows are not to be trusted even if they look well-formed.
        copy: whether a copy is needed even if all rows are well-formed.
        pad: whether rows with too few fields are filled up with nulls.
        bad_bytes: whether rows that are not UTF-8 are rejected; otherwise NotUtf8Error is raised.
    """

    start: int
    end: int
    lines_before: int
    line_end: bytes
    odd_from: int
    copy: bool = False
    pad: bool = False
    bad_bytes: bool = False
