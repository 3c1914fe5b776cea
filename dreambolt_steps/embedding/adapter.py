"""One way to encode texts with any DataDreamer Embedder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datadreamer.embedders import Embedder


def encode_with(
    embedder: Embedder, step: Any, texts: Sequence[str], *, batch_size: int = 32
) -> Iterator[np.ndarray]:
    """Yield one vector per text, in order; texts too long for the model are cut off by it.

    An embedder with a method `encode(texts)` is asked directly; any other runs through
    DataDreamer's batching, with its cache in the session.

    Args:
        embedder: any DataDreamer Embedder.
        step: the step on whose behalf it runs, or None; gives the log level.
        texts: distinct texts, best sorted by length.
        batch_size: texts per call of the model; for `encode` the embedder decides.

    Example:
        >>> vectors = list(encode_with(MiniLMEmbedder(), None, ["Diego MARADONA", "PELE"]))
    """
    encode = getattr(embedder, "encode", None)
    if callable(encode):
        yield from encode(texts)
        return
    yield from embedder.run(
        texts=texts,
        truncate=True,
        return_generator=True,
        batch_size=batch_size,
        total_num_texts=len(texts),
        progress_interval=None,  # the step reports over all chunks, DataDreamer would over each
        _step=step,
        _step_progress=False,
    )
