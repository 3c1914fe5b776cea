"""Sets of byte positions as bits, 64 to a word: a block of text is searched at the speed of
memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint64]

_FEW_WORDS = 256
_ONE, _TOP = np.uint64(1), np.uint64(63)
_STEPS = tuple(np.uint64(1 << power) for power in range(6))
_COUNTS = np.array([bin(value).count("1") for value in range(256)], dtype=np.uint8)


class Masker:
    """Finds characters in blocks, with a buffer that is used again and again."""

    def __init__(self) -> None:
        """Begin with a small buffer."""
        self._equal = np.zeros(1 << 16, dtype=bool)

    def find(self, block: Bytes, character: int) -> Bits:
        """Return the positions of one byte."""
        size = (len(block) + 63) // 64 * 64
        if size > len(self._equal):
            self._equal = np.zeros(2 * size, dtype=bool)
        np.equal(block, character, out=self._equal[: len(block)])
        self._equal[len(block) : size] = False
        return np.packbits(self._equal[:size], bitorder="little").view(np.uint64)


def shift_up(bits: Bits, first: bool = False) -> Bits:
    """Move every position one byte on; `first` tells whether position 0 is then in the set."""
    moved: Bits = bits << _ONE
    moved[1:] |= bits[:-1] >> _TOP
    moved[0] |= np.uint64(first)
    return moved


def shift_down(bits: Bits) -> Bits:
    """Move every position one byte back."""
    moved: Bits = bits >> _ONE
    moved[:-1] |= bits[1:] << _TOP
    return moved


def find_inside(quotes: Bits) -> Bits:
    """Return the positions from each odd quote (itself included) to the next one (left out)."""
    inside = quotes.copy()
    for step in _STEPS:
        inside ^= inside << step
    odd = np.bitwise_xor.accumulate((inside >> _TOP).astype(np.uint8))
    inside[1:] ^= np.uint64(0) - odd[:-1].astype(np.uint64)
    return inside


def keep_before(bits: Bits, place: int) -> Bits:
    """Return the positions before `place`."""
    words, rest = divmod(place, 64)
    kept = bits.copy()
    kept[words + 1 :] = 0
    if words < len(kept):
        kept[words] &= (_ONE << np.uint64(rest)) - _ONE
    return kept


def count_bits(bits: Bits) -> int:
    """Count the positions."""
    return int(_count_words(bits).sum())


def list_positions(bits: Bits) -> npt.NDArray[np.int64]:
    """List the positions, ascending."""
    return np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little").view(bool))


def find_last(bits: Bits) -> int:
    """Return the last position, -1 if there is none; quick where it is near the end."""
    for end in range(len(bits), 0, -_FEW_WORDS):
        start = max(end - _FEW_WORDS, 0)
        words = np.flatnonzero(bits[start:end])
        if len(words):
            place = start + int(words[-1])
            return place * 64 + int(bits[place]).bit_length() - 1
    return -1


def count_before(bits: Bits, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count, for each of some places, the positions before it."""
    totals = np.concatenate(([0], np.cumsum(_count_words(bits))))
    words, rest = places >> 6, (places & 63).astype(np.uint64)
    below = bits[words] & ((_ONE << rest) - _ONE)
    return totals[words] + _count_words(below)


def _count_words(bits: Bits) -> Any:
    if hasattr(np, "bitwise_count"):  # NumPy 2
        return np.bitwise_count(bits).astype(np.int64)
    return _COUNTS[bits.view(np.uint8)].reshape(-1, 8).sum(axis=1, dtype=np.int64)
