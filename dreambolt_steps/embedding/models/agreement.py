"""Whether an own road from texts to vectors gives what sentence-transformers gives.

A model may be prepared in ways that token ids alone do not show: texts made small, prompts left out
of the mean, a decoder's mask, another pooling. So a few texts are encoded both ways when a model is
loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SAMPLES = (
    "Capitals, Ümläute and 日本代表",
    "  blanks before,  within\tand behind ",
    "",
    "a text that is longer than most models read " * 80,
)
EXACT, HALF = 1e-5, 5e-2


def encode_by_library(
    model: SentenceTransformer, texts: Sequence[str], prompt: str = ""
) -> np.ndarray:
    """Vectors as sentence-transformers makes them, float32 of shape (texts, dims)."""
    found = model.encode(
        list(texts), prompt=prompt or None, show_progress_bar=False, convert_to_numpy=True
    )
    return np.asarray(found, np.float32)


def agree(ours: np.ndarray, theirs: np.ndarray, most: float = EXACT) -> bool:
    """Whether vectors are the same ones but for `most` in each float of a vector of length 1."""
    if ours.shape != theirs.shape:
        return False
    length = np.maximum(np.linalg.norm(theirs, axis=1, keepdims=True), 1e-12)
    return bool(np.allclose(ours / length, theirs / length, rtol=0, atol=most))
