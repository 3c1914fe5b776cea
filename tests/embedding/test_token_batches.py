"""Batches by tokens: their sizes, their order, and what becomes of them without memory."""

from __future__ import annotations

import threading
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.embedding.models.token_batches import cut_token_batches, run_token_batches
from dreambolt_steps.errors import ModelError


@settings(max_examples=60)
@given(lengths=st.lists(st.integers(1, 60), max_size=80), budget=st.integers(1, 200))
def test_every_row_once_within_the_budget_and_little_padding(lengths, budget):
    batches = list(cut_token_batches(lengths, budget))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert list(chain(*batches)) == sorted(range(len(lengths)), key=lengths.__getitem__)
    for batch in batches:
        longest, shortest = lengths[batch[-1]], lengths[batch[0]]
        assert len(batch) == 1 or longest * len(batch) <= budget
        assert longest - shortest <= longest // 8


class Small:
    """A model that has memory for so many tokens of a batch."""

    def __init__(self, room: int, error: BaseException) -> None:
        self.room, self.error = room, error
        self.sizes: list[int] = []

    def __call__(self, tokens: list[list[int]]) -> np.ndarray:
        self.sizes.append(len(tokens) * len(tokens[0]))
        if self.sizes[-1] > self.room:
            raise self.error
        return np.array([[sum(ids)] for ids in tokens], np.float32)


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    MemoryError(),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_a_batch_without_memory_is_halved_and_the_next_ones_are_as_small(error):
    model = Small(104, error)
    tokens = [[number] * 8 for number in range(200)]
    found = np.zeros(200)
    for rows, vectors in run_token_batches(tokens, 800, [model]):
        found[rows] = vectors[:, 0]
    assert found.tolist() == [number * 8 for number in range(200)]
    assert sorted(model.sizes)[-3:] == [200, 400, 800]  # one failure of each size, no more
    assert sum(size > 104 for size in model.sizes) == 3


def test_one_text_without_memory_is_an_error_that_says_what_to_do():
    model = Small(100, OUT_OF_MEMORY[0])
    with pytest.raises(ModelError, match=r"101 tokens does not fit.*smaller chunks"):
        list(run_token_batches([[1] * 101], 800, [model]))


def test_another_error_of_the_model_is_not_taken_for_that():
    model = Small(0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1"):
        list(run_token_batches([[1]], 800, [model]))


def test_two_devices_work_at_the_same_time():
    both = threading.Barrier(2, timeout=20)

    def forward(tokens: list[list[int]]) -> np.ndarray:
        both.wait()  # a device alone would wait for ever
        return np.array([[len(ids)] for ids in tokens], np.float32)

    batches = list(run_token_batches([[1] * 10] * 8, 20, [forward, forward]))
    assert sorted(row for rows, _ in batches for row in rows) == list(range(8))
