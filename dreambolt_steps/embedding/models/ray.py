"""A model that runs on the workers of an engine, batch by batch as it would run here."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from dreambolt_steps.embedding.encode import Encode
from dreambolt_steps.engines.engine import Engine, map_pairs


def can_spread(embedder: Any) -> bool:
    """Whether a model can say what its batches are before it runs: the local ones of this package
    can. Others, such as one behind a server, run where the session is."""
    return all(callable(getattr(embedder, name, None)) for name in ("cut_batches", "run_batch"))


@contextmanager
def spread_model(embedder: Any, engine: Engine) -> Iterator[Encode]:
    """A model on the workers of an engine, each of which loads it once.

    Texts are cut into batches here, the same ones that `encode_batches` runs, and a worker computes
    on as many threads as this process would: the last bit of a sum may depend on either. So vectors
    are the same bit for bit on machines of one kind. They come in the order of the batches.

    Args:
        embedder: one that `can_spread`.
        engine: where it runs.

    Yields: what `embed_columns` takes as `encode`.

    Example:
        >>> with spread_model(MiniLMEmbedder(), engine) as encode:
        ...     batches = list(encode(["Diego MARADONA", "PELE"]))
    """
    threads = embedder.count_threads()
    opened = partial(open_model, pickle.dumps(embedder), threads)
    with engine.open_workers(opened, cores=threads, wants_gpu=embedder.wants_gpu) as workers:

        def encode(texts: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            return map_pairs(workers, embedder.cut_batches(texts))

        yield encode


@contextmanager
def open_model(pickled: bytes, threads: int) -> Iterator[Callable[[Any], np.ndarray]]:
    """A pickled model made ready on so many threads; for a worker, where nothing that counts cores
    is imported yet."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    from dreambolt_steps.session.fast_import import import_datadreamer

    import_datadreamer()
    embedder = pickle.loads(pickled)
    try:
        yield embedder.run_batch
    finally:
        embedder.unload_model()
