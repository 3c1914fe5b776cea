"""JSON Lines cut into blocks of whole lines, each looked at for what fast readers pass over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

MAX_LINE_BYTES = 64 << 20
_BLOCK_BYTES = 1 << 20
_KEPT_BYTES = 1000  # of a line that is too long
_BLANK_LINES = re.compile(rb"\n\s*(?=\n)")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Block:
    """Some whole lines of a file.

    Attributes:
        text: the lines, each with its line end.
        offset: where they begin in the file, in bytes.
        rows: lines that are not blank.
        is_plain: whether every line that is not blank begins with "{".
        is_too_long: whether this is only the beginning of a line of more than 64 MiB.
    """

    text: bytes
    offset: int
    rows: int
    is_plain: bool
    is_too_long: bool = False

    def join_lines(self) -> bytes:
        """The lines as one JSON array."""
        text = self.text
        if b"\n\n" in text or b"\n\r\n" in text or text[:1] in (b"\n", b"\r"):
            text = _BLANK_LINES.sub(b"", b"\n" + text)[1:]
        return b"[" + text.strip().replace(b"\n", b",") + b"]"

    def iterate_lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (byte offset in the file, text) of each line that is not blank, from its first
        character that is not."""
        offset = self.offset
        for line in _split(self.text):
            if text := line.lstrip():
                yield offset + len(line) - len(text), text
            offset += len(line)


def iterate_blocks(path: Path) -> Iterator[Block]:
    """Yield a file in blocks of about 1 MiB, a byte order mark left out; a line of more than 64 MiB
    is passed over, in flat memory."""
    with path.open("rb") as handle:
        offset = len(_BOM) if handle.read(len(_BOM)) == _BOM else 0
        handle.seek(offset)
        carry = b""
        while chunk := handle.read(_BLOCK_BYTES):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield look_at_block(carry + chunk[:cut], offset)
                offset += len(carry) + cut
                carry = chunk[cut:]
                continue
            carry += chunk
            if len(carry) > MAX_LINE_BYTES:
                yield Block(carry[:_KEPT_BYTES], offset, 1, is_plain=False, is_too_long=True)
                offset, carry = _pass_line(handle, offset + len(carry))
        if carry:
            yield look_at_block(carry, offset)


def look_at_block(text: bytes, offset: int) -> Block:
    """Look at some whole lines that begin at a byte offset of their file."""
    values = np.frombuffer(text, np.uint8)
    starts = np.flatnonzero(values[:-1] == 10) + 1
    first = values[np.concatenate(([0], starts))]
    plain = int(np.count_nonzero(first == ord("{")))
    blank = int(np.count_nonzero((first == 10) | (first == 13)))
    is_plain = plain + blank == len(first)
    rows = plain if is_plain else sum(1 for line in _split(text) if line.strip())
    return Block(text, offset, rows, is_plain)


def _split(text: bytes) -> list[bytes]:
    """Split at LF alone; `splitlines` splits at CR too."""
    lines = text.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _pass_line(handle: IO[bytes], offset: int) -> tuple[int, bytes]:
    """Read on to the next line; return where it begins, and what was read of it."""
    while chunk := handle.read(_BLOCK_BYTES):
        cut = chunk.find(b"\n") + 1
        if cut:
            return offset + cut, chunk[cut:]
        offset += len(chunk)
    return offset, b""
