"""One way to encode texts with any DataDreamer Embedder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from dreambolt_steps.embedding.text_source import clean_text
from dreambolt_steps.errors import ModelError

if TYPE_CHECKING:
    from datadreamer.embedders import Embedder


def encode_with(
    embedder: Embedder, step: Any, texts: Sequence[str], *, batch_size: int = 32
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches as they are finished: positions of texts, and their vectors.

    An embedder of this package (`encode_batches`) cuts batches itself, from lengths in tokens; one
    with a method `encode(texts)` is asked for one vector after the other; any other runs through
    DataDreamer's batching, with its cache in the session. Texts too long for the model are cut off
    by it.

    Args:
        embedder: any DataDreamer Embedder.
        step: the step on whose behalf it runs, or None; gives the log level.
        texts: distinct texts, best sorted by length.
        batch_size: texts per call of a model that does not cut batches itself.

    Example:
        >>> batches = list(encode_with(MiniLMEmbedder(), None, ["Diego MARADONA", "PELE"]))
    """
    if callable(encode_batches := getattr(embedder, "encode_batches", None)):
        yield from encode_batches(texts, getattr(step, "name", None))  # it cleans them itself
        return
    clean = [clean_text(text) for text in texts]
    if callable(encode := getattr(embedder, "encode", None)):
        yield from cut_batches(encode(clean), clean, batch_size)
        return
    vectors = embedder.run(
        texts=clean,
        truncate=True,
        return_generator=True,
        batch_size=batch_size,
        total_num_texts=len(clean),
        progress_interval=None,  # the step reports over all texts, DataDreamer would over these
        _step=step,
        _step_progress=False,
    )
    yield from cut_batches(vectors, clean, batch_size)


def encode_query(embedder: Any, text: str, prompt: str | None = None) -> np.ndarray:
    """The vector of a text that is looked for, float32 of shape (dims,).

    Args:
        embedder: any DataDreamer Embedder.
        text: what is looked for.
        prompt: put before it; None for what the model wants of a query, if it has said so.
    """
    if callable(with_prompt := getattr(embedder, "with_prompt", None)):
        embedder = with_prompt(embedder.query_prompt if prompt is None else prompt)
    elif prompt:
        text = prompt + text
    return gather_batches(encode_with(embedder, None, [text]), 1)[0]


def gather_batches(batches: Iterable[tuple[np.ndarray, np.ndarray]], texts: int) -> np.ndarray:
    """Batches in any order as one float32 array of shape (texts, dims), in the texts' order."""
    found = np.empty((texts, 0), np.float32)
    for positions, vectors in batches:
        if not found.shape[1]:
            found = np.empty((texts, vectors.shape[1]), np.float32)
        found[positions] = vectors
    return found


def cut_batches(
    vectors: Iterable[Any], texts: Sequence[str], size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Vectors that come one by one, in the order of their texts, as batches of `size`."""
    waiting, start = iter(vectors), 0
    while batch := [np.asarray(vector) for vector in islice(waiting, size)]:
        shape = batch[0].shape
        for text, vector in zip(texts[start:], batch, strict=False):
            if vector.shape != shape:
                raise ModelError(
                    f"the model gave a vector of shape {vector.shape} for {text[:80]!r}, and one "
                    f"of shape {shape} before; use another model"
                )
        yield np.arange(start, start + len(batch)), np.stack(batch)
        start += len(batch)
