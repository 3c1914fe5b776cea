"""Nearest vectors against a plain matrix product, in one block, in many, and by an index."""

from __future__ import annotations

import numpy as np
import pytest

from dreambolt_steps.matching import nearest
from dreambolt_steps.matching.nearest import NONE, ArrayVectors, find_nearest


def make(count: int, seed: int, dims: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dims)).astype(np.float32)


def compare_all(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in (left, right)]
    return unit[0] @ unit[1].T


@pytest.mark.parametrize(("queries", "references"), [(10**6, 10**6), (7, 13), (1, 5)])
def test_blocks_find_what_all_pairs_hold(monkeypatch, queries, references):
    monkeypatch.setattr(nearest, "_QUERY_ROWS", queries)
    monkeypatch.setattr(nearest, "_REFERENCE_ROWS", references)
    left, right = make(40, 1), make(53, 2)
    cosines, numbers = find_nearest(ArrayVectors(left), ArrayVectors(right), 6)
    every = compare_all(left, right)
    np.testing.assert_array_equal(numbers, np.argsort(-every, axis=1)[:, :6])
    np.testing.assert_allclose(cosines, -np.sort(-every, axis=1)[:, :6], atol=1e-6)


def test_fewer_references_than_asked_for():
    cosines, numbers = find_nearest(ArrayVectors(make(3, 1)), ArrayVectors(make(2, 2)), 4)
    assert (numbers[:, 2:] == NONE).all()
    assert np.isneginf(cosines[:, 2:]).all()
    assert (numbers[:, :2] != NONE).all()


@pytest.mark.parametrize(("left", "right"), [(0, 3), (3, 0)])
def test_nothing_to_compare(left, right):
    vectors = [ArrayVectors(np.zeros((count, 4))) for count in (left, right)]
    _, numbers = find_nearest(*vectors, 2)
    assert numbers.shape == (left, 2)
    assert (numbers == NONE).all()


def test_of_equals_the_first_is_taken(monkeypatch):
    monkeypatch.setattr(nearest, "_REFERENCE_ROWS", 2)
    same = np.tile(make(1, 1), (6, 1))
    _, numbers = find_nearest(ArrayVectors(same[:1]), ArrayVectors(same), 2)
    assert numbers[0, 0] in (0, 1)


def test_an_index_beyond_the_stated_size_finds_most():
    centres = make(40, 1)
    right = np.repeat(centres, 50, axis=0) + make(2000, 2) * 0.3
    left = centres + make(40, 3) * 0.3
    exact = find_nearest(ArrayVectors(left), ArrayVectors(right), 10)[1]
    cosines, found = find_nearest(ArrayVectors(left), ArrayVectors(right), 10, exact_pairs=1000)
    shared = [len(set(a) & set(b)) for a, b in zip(exact.tolist(), found.tolist(), strict=True)]
    assert np.mean(shared) > 8
    every = compare_all(left, right)
    np.testing.assert_allclose(cosines, np.take_along_axis(every, found, 1), atol=1e-5)
