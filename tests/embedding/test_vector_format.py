"""Vectors as a table has them: cut, normalised, in small types."""

from __future__ import annotations

import numpy as np
import pytest

from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.errors import UsageError

VECTORS = np.random.default_rng(3).normal(size=(50, 32)).astype(np.float32)


def cosines(vectors: np.ndarray) -> np.ndarray:
    wide = vectors.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    return wide @ wide.T


def test_as_the_model_gives_them():
    form = VectorFormat(32, 32)
    assert form.convert(VECTORS).tobytes() == VECTORS.tobytes()
    assert str(form.type) == "fixed_size_list<item: float>[32]"


@pytest.mark.parametrize(("dtype", "error"), [("float16", 2e-3), ("int8", 2e-2)])
def test_small_types_keep_cosines(dtype, error):
    form = VectorFormat(32, 32, dtype)
    found = form.convert(VECTORS)
    assert found.dtype == dtype
    assert np.abs(cosines(found) - cosines(VECTORS)).max() < error


def test_binary_holds_the_signs():
    form = VectorFormat(32, 32, "binary")
    found = form.convert(VECTORS)
    assert found.shape == (50, 4)
    assert (np.unpackbits(found, axis=1).astype(bool) == (VECTORS > 0)).all()
    assert form.type.list_size == 4


def test_fewer_dimensions_are_normalised_again_unless_told_otherwise():
    cut = VectorFormat(32, 8).convert(VECTORS)
    np.testing.assert_allclose(np.linalg.norm(cut, axis=1), 1, atol=1e-6)
    plain = VectorFormat(32, 8, normalize=False).convert(VECTORS)
    assert plain.tolist() == VECTORS[:, :8].tolist()
    unit = VectorFormat(32, 32, normalize=True).convert(np.vstack([VECTORS, np.zeros((1, 32))]))
    np.testing.assert_allclose(np.linalg.norm(unit[:-1], axis=1), 1, atol=1e-6)
    assert not unit[-1].any()


def test_missing_vectors_are_null():
    form = VectorFormat(32, 16, "int8")
    array = form.build_array(form.convert(VECTORS[:3]), np.array([False, True, False]))
    assert array.type == form.type
    assert array.is_valid().to_pylist() == [True, False, True]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ((32, 33), "33 dimensions were asked for, the model gives 32"),
        ((32, 0), "ask for 1 to 32"),
        ((32, 32, "float64"), "'float64' is unknown"),
        ((32, 12, "binary"), "a multiple of 8"),
    ],
)
def test_forms_that_are_none(wanted, words):
    with pytest.raises(UsageError, match=words):
        VectorFormat(*wanted)
