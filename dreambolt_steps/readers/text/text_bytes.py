"""Text and the bytes it was decoded from: places, and bytes that are no text."""

from __future__ import annotations

import codecs
import re

import pyarrow as pa

_LINE_END = re.compile(b"[\r\n]")
_UNDECODED = re.compile("[\udc80-\udcff]")


def decode(block: bytes) -> str:
    """Decode UTF-8; a byte that is none becomes a lone surrogate, which `encode` turns back."""
    return block.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Encode what `decode` decoded."""
    return text.encode("utf-8", "surrogateescape")


def is_text(text: str) -> bool:
    """Tell whether every byte could be decoded."""
    return text.isascii() or _UNDECODED.search(text) is None


def show(text: str) -> str:
    """Return decoded text with a replacement character for each byte that is none."""
    return text if is_text(text) else encode(text).decode("utf-8", "replace")


class BytePlaces:
    """Byte offsets of places in a decoded text."""

    def __init__(self, text: str, offset: int) -> None:
        """Take a text and where it begins in the file, in bytes."""
        self._text, self._ascii = text, text.isascii()
        self._start, self._place, self._offset = offset, 0, offset

    def find(self, place: int) -> int:
        """Return the byte offset of a place; quick where places ascend."""
        if self._ascii:
            return self._start + place
        if place < self._place:
            return self._offset - len(encode(self._text[place : self._place]))
        self._offset += len(encode(self._text[self._place : place]))
        self._place = place
        return self._offset


def is_utf8(block: bytes) -> bool:
    """Check with Arrow, ten times faster than decoding; a character cut at the end says no."""
    if block.isascii():
        return True
    offsets = pa.py_buffer(len(block).to_bytes(8, "little").rjust(16, b"\0"))
    text = pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(block))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def find_bad_byte(block: bytes) -> int:
    """Return the offset of the first byte that is not UTF-8; the block's length if there is
    none."""
    try:
        block.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(block)


def find_bad_bytes(block: bytes) -> list[int]:
    """Return where bytes are not UTF-8, at least one in each line that has such; a character that
    the end of the block cuts counts."""
    found: list[int] = []
    if is_utf8(block):
        return found
    view, start = memoryview(block), 0
    while start < len(block):
        try:
            codecs.utf_8_decode(view[start:], "strict", True)
        except UnicodeDecodeError as error:
            found.append(start + error.start)
            end = _LINE_END.search(block, found[-1])
            start = end.end() if end else len(block)
            continue
        break
    return found
