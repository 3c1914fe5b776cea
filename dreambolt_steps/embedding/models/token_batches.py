"""Texts of about the same number of tokens together, as many as a budget of tokens allows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from dreambolt_steps.errors import ModelError

Forward = Callable[[list[list[int]]], np.ndarray]
"""Takes token ids of texts, gives their vectors; runs on one device."""

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")


def cut_token_batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Cut rows into batches of at most `budget` tokens with their padding, the shortest first.

    Rows of one length stay alone where they fill half a batch, so that nothing is padded; others
    are joined while the padding is an eighth at most.

    >>> list(cut_token_batches([3, 9, 3, 8], budget=20))
    [[0, 2], [3, 1]]
    """
    batch: list[int] = []
    for row in np.argsort(np.asarray(lengths, np.int64), kind="stable").tolist():
        length = lengths[row]
        if batch:
            shortest = lengths[batch[0]]
            used = len(batch) * lengths[batch[-1]]
            full = length * (len(batch) + 1) > budget
            padded = length - shortest > length // 8
            if full or padded or (length != lengths[batch[-1]] and used * 2 >= budget):
                yield batch
                batch = []
        batch.append(row)
    if batch:
        yield batch


def pad_tokens(tokens: Sequence[list[int]], padding: int) -> tuple[np.ndarray, np.ndarray]:
    """Ids and attention mask, int64, padded to the longest text."""
    longest = max(map(len, tokens))
    ids = np.full((len(tokens), longest), padding, np.int64)
    mask = np.zeros((len(tokens), longest), np.int64)
    for row, text in enumerate(tokens):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask


def run_token_batches(
    tokens: Sequence[list[int]], budget: int, forwards: Sequence[Forward]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Run a model over batches, one at a time on each device.

    A batch that does not fit into memory is halved, and the ones after it are as small.

    Args:
        tokens: ids of each text.
        budget: tokens of a batch.
        forwards: the model, once a device.

    Yields: rows and their vectors, as they are finished.
    Raises: ModelError when one text alone does not fit.
    """
    # The longest first: what comes after finds room in what they have left in memory.
    waiting = deque(reversed([*cut_token_batches([len(ids) for ids in tokens], budget)]))
    limit = budget

    def run(forward: Forward, rows: list[int]) -> np.ndarray | None:
        try:
            return forward([tokens[row] for row in rows])
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if len(rows) == 1:
                raise ModelError(
                    f"a text of {len(tokens[rows[0]]):,} tokens does not fit into memory, even "
                    "alone; free some, take another device, or cut texts into smaller chunks"
                ) from error
            return None

    free = deque(forwards)
    running: dict[Future[np.ndarray | None], tuple[list[int], Forward]] = {}
    with ThreadPoolExecutor(len(forwards)) if len(forwards) > 1 else _Here() as pool:
        while waiting or running:
            while waiting and free:
                rows = waiting.popleft()
                if len(rows) > 1 and len(tokens[rows[-1]]) * len(rows) > limit:
                    waiting.extendleft([rows[len(rows) // 2 :], rows[: len(rows) // 2]])
                    continue
                forward = free.popleft()
                running[pool.submit(run, forward, rows)] = (rows, forward)
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                rows, forward = running.pop(done)
                free.append(forward)
                vectors = done.result()
                if vectors is None:
                    limit = min(limit, len(tokens[rows[-1]]) * (len(rows) + 1) // 2)
                    waiting.appendleft(rows)
                else:
                    yield np.asarray(rows), vectors


class _Here(Executor):
    """Runs what it is given at once. glibc keeps less memory ready for other threads than for the
    main one: what torch computes there takes a sixth longer."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a model failed for want of memory: of a GPU, or of the machine."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    told = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in told for words in _OUT_OF_MEMORY)
