"""Texts longer than a model reads: cut into pieces that overlap, and their vectors pooled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from dreambolt_steps.embedding.encode import Encode
from dreambolt_steps.errors import UsageError

FindTokens = Callable[[str], list[tuple[int, int]]]
"""Where each token of a text begins and ends, in characters."""

_WORD = re.compile(r"\w{1,6}|[^\w\s]")  # where no tokenizer is at hand: about a token each
_SPECIAL = 2  # tokens that a model puts around each text


def choose_tokens(embedder: Any) -> FindTokens:
    """The tokens of an embedder's own tokenizer, or words in pieces of six letters."""
    own = getattr(embedder, "find_tokens", None)
    return own if callable(own) else find_words


def find_words(text: str) -> list[tuple[int, int]]:
    """Pieces of words of six letters at most, and punctuation: about a token each."""
    return [found.span() for found in _WORD.finditer(text)]


class Chunks:
    """Cuts texts into chunks.

    Args:
        find_tokens: of the model that reads them.
        tokens: of one chunk, at most, the two around a text included.
        overlap: tokens at the end of a chunk that the next one begins with.

    Raises: UsageError for an overlap that leaves nothing new in a chunk.

    >>> Chunks(find_words, 5, 1).cut("one two three four five six")
    ['one two three', 'three four five', 'five six']
    """

    def __init__(self, find_tokens: FindTokens, tokens: int, overlap: int) -> None:
        self.tokens, self.overlap = tokens, overlap
        self._find = find_tokens
        self._room = tokens - _SPECIAL
        if not 0 <= overlap < self._room:
            raise UsageError(
                f"chunks of {tokens} tokens can't overlap by {overlap}; take an overlap from 0 to "
                f"{max(self._room - 1, 0)}"
            )

    def cut(self, text: str) -> list[str]:
        """The chunks of a text, at least one."""
        if len(text.encode("utf-8", "replace")) <= self._room:
            return [text]
        spans = self._find(text)
        if len(spans) <= self._room:
            return [text]
        chunks = []
        for start in range(0, len(spans), self._room - self.overlap):
            part = spans[start : start + self._room]
            chunks.append(text[part[0][0] : part[-1][1]])
            if start + self._room >= len(spans):
                break
        return chunks


def pool_chunks(encode: Encode, chunks: Chunks) -> Encode:
    """A model that reads whole texts: the mean of their chunks' vectors, weighted by characters
    and as long as those are on average."""

    def encode_whole(texts: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        pieces: list[str] = []
        owners: list[int] = []
        for position, text in enumerate(texts):
            cut = chunks.cut(text)
            pieces += cut
            owners += [position] * len(cut)
        waiting = np.bincount(owners, minlength=len(texts))
        owner_of = np.asarray(owners)
        single = waiting[owner_of] == 1
        sums: dict[int, np.ndarray] = {}
        for at, vectors in encode(pieces):
            alone = single[at]
            if alone.any():
                yield owner_of[at[alone]], vectors[alone]
            for place, vector in zip(at[~alone], vectors[~alone], strict=True):
                owner = int(owner_of[place])
                size = len(pieces[place])
                part = np.append(vector.astype(np.float64) * size, [size * _norm(vector), size])
                sums[owner] = sums.get(owner, 0) + part
                waiting[owner] -= 1
                if not waiting[owner]:
                    yield np.array([owner]), _pool(sums.pop(owner))[None]

    return encode_whole


def _norm(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))


def _pool(total: np.ndarray) -> np.ndarray:
    """The mean direction, with the mean length."""
    length, size = total[-2:]
    mean = total[:-2] / size
    now = _norm(mean)
    return (mean * (length / size / now if now else 1.0)).astype(np.float32)
