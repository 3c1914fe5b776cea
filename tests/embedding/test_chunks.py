"""Long texts cut, pooled and exploded."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.embedding.chunks import Chunks, find_words, pool_chunks
from dreambolt_steps.embedding.explode import explode_rows
from dreambolt_steps.embedding.models.adapter import cut_batches
from dreambolt_steps.embedding.text_source import name_sources
from dreambolt_steps.errors import SchemaError, UsageError


@settings(max_examples=80)
@given(count=st.integers(1, 90), tokens=st.integers(4, 30), data=st.data())
def test_chunks_cover_a_text_and_overlap_as_asked(count, tokens, data):
    overlap = data.draw(st.integers(0, tokens - 3))
    words = [f"w{number}" for number in range(count)]
    chunks = [cut.split() for cut in Chunks(find_words, tokens, overlap).cut(" ".join(words))]
    assert max(map(len, chunks)) <= tokens - 2
    joined = chunks[0]
    for chunk in chunks[1:]:
        assert joined[len(joined) - overlap :] == chunk[:overlap]
        joined = joined + chunk[overlap:]
    assert joined == words


@pytest.mark.parametrize(("tokens", "overlap"), [(10, 8), (10, -1), (2, 0)])
def test_an_overlap_that_leaves_nothing_new(tokens, overlap):
    with pytest.raises(UsageError, match=f"chunks of {tokens} tokens can't overlap by {overlap}"):
        Chunks(find_words, tokens, overlap)


def angle(text: str) -> np.ndarray:
    """A vector of length 2, turned by the number in the text."""
    turn = np.deg2rad(float(re.findall(r"\d+", text)[0]))
    return np.array([2 * np.cos(turn), 2 * np.sin(turn)], np.float32)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_long_text_is_the_mean_direction_of_its_chunks(size):
    asked: list[str] = []

    def encode(texts):
        asked.extend(texts)
        return cut_batches(map(angle, texts), texts, size)

    texts = ["n 10", "n 20 n 40", "n 50 n 60 n 70", "n 30"]
    found = np.zeros((4, 2), np.float32)
    counts = np.zeros(4, int)
    for at, vectors in pool_chunks(encode, Chunks(find_words, 4, 0))(texts):
        found[at] = vectors
        counts[at] += 1
    assert counts.tolist() == [1, 1, 1, 1]
    assert asked == ["n 10", "n 20", "n 40", "n 50", "n 60", "n 70", "n 30"]
    turned = np.rad2deg(np.arctan2(found[:, 1], found[:, 0]))
    np.testing.assert_allclose(turned, [10, 30, 60, 30], atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 2, atol=1e-5)


def test_a_row_for_each_chunk():
    table = pa.table({"id": [1, 2, 3, 4], "text": ["a b c d e", None, "x", " "]})
    (source,) = name_sources(["text"], {})
    found = explode_rows(table.to_reader(), source, Chunks(find_words, 4, 1)).read_all()
    assert found.to_pylist() == [
        {"id": 1, "chunk": "a b c d e"[at : at + 3], "chunk_number": number}
        for number, at in ((1, 0), (2, 2), (3, 4), (4, 6))
    ] + [
        {"id": 2, "chunk": None, "chunk_number": None},
        {"id": 3, "chunk": "x", "chunk_number": 1},
        {"id": 4, "chunk": None, "chunk_number": None},
    ]


def test_columns_of_a_template_stay_beside_its_chunks():
    table = pa.table({"a": ["x y z"], "b": ["w"]})
    (source,) = name_sources([], {"both": "{a} {b}"})
    found = explode_rows(table.to_reader(), source, Chunks(find_words, 4, 0)).read_all()
    assert found.to_pylist() == [
        {"a": "x y z", "b": "w", "chunk": "x y", "chunk_number": 1},
        {"a": "x y z", "b": "w", "chunk": "z w", "chunk_number": 2},
    ]


def test_the_names_of_chunks_may_be_taken():
    table = pa.table({"text": ["a"], "chunk": ["b"]})
    (source,) = name_sources(["text"], {})
    with pytest.raises(SchemaError, match="'chunk' exists already"):
        explode_rows(table.to_reader(), source, Chunks(find_words, 4, 1))
