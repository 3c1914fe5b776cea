"""A packed BERT against transformers' own, on models of several shapes."""

from __future__ import annotations

import platform

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from dreambolt_steps.embedding.models.packed_bert import PackedBert, pack_model
from dreambolt_steps.embedding.models.torch_devices import build_tensors, has_bfloat16

pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"),
    reason="an x86 processor is missing: oneDNN packs weights there only",
)


def _make_model(**told: object) -> BertModel:
    torch.manual_seed(1930)
    shape = {"hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 96}
    config = BertConfig(vocab_size=99, num_hidden_layers=2, **{**shape, **told})
    model = BertModel(config, add_pooling_layer=False).eval()
    for weights in model.parameters():  # else what is near zero hides what differs
        torch.nn.init.normal_(weights, std=0.3)
    return model


@pytest.fixture(scope="module")
def model() -> BertModel:
    return _make_model()


def _draw_tokens(lengths: list[int]) -> list[list[int]]:
    draw = np.random.default_rng(len(lengths))
    return [draw.integers(1, 99, length).tolist() for length in lengths]


def _compare(model: BertModel, packed: PackedBert, lengths: list[int], tolerance: float) -> None:
    ids, mask = build_tensors(_draw_tokens(lengths), 0, "cpu")
    with torch.inference_mode():
        exact = model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = packed.encode(ids, mask)
    assert found.dtype == torch.float32
    assert found.shape == exact.shape
    kept = mask.bool()
    assert torch.allclose(found[kept], exact[kept], atol=tolerance)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_texts_of_any_lengths(model: BertModel, lengths: list[int]) -> None:
    packed = pack_model(model)
    assert packed is not None
    _compare(model, packed, lengths, 1e-4)


@pytest.mark.parametrize("tokens", [1, 2, 5, 7, 8, 9, 15, 16, 17, 33, 200])
@pytest.mark.parametrize("texts", [1, 2, 3, 17])
def test_texts_of_one_length(model: BertModel, tokens: int, texts: int) -> None:
    packed = pack_model(model)
    assert packed is not None
    _compare(model, packed, [tokens] * texts, 1e-4)


def test_company_in_a_group_changes_nothing(model: BertModel) -> None:
    packed = pack_model(model)
    assert packed is not None
    tokens = _draw_tokens([5, 5, 5, 3])
    with torch.inference_mode():
        whole = packed.encode(*build_tensors(tokens, 0, "cpu"))
        for text, found in zip(tokens, whole, strict=True):
            alone = packed.encode(*build_tensors([text], 0, "cpu"))[0]
            assert torch.allclose(found[: len(text)], alone, atol=1e-5)


def test_products_in_bfloat16_are_near(model: BertModel) -> None:
    packed = pack_model(model, half=True)
    assert packed is not None
    ids, mask = build_tensors(_draw_tokens([6] * 8), 0, "cpu")
    with torch.inference_mode():
        exact = model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = packed.encode(ids, mask)
    alike = torch.nn.functional.cosine_similarity(exact, found, dim=2).min()
    assert alike > 0.99
    assert torch.allclose(exact, found, atol=1e-4) == (not has_bfloat16("cpu"))


@pytest.mark.parametrize(
    "told",
    [
        {"hidden_act": "relu"},
        {"hidden_act": "gelu_new"},
        {"position_embedding_type": "relative_key"},
    ],
)
def test_a_model_of_another_kind_is_not_packed(told: dict[str, str]) -> None:
    assert pack_model(_make_model(**told)) is None


def test_a_model_in_another_precision_is_not_packed() -> None:
    assert pack_model(_make_model().to(torch.bfloat16)) is None


def test_a_model_that_is_no_bert_is_not_packed() -> None:
    config = DistilBertConfig(vocab_size=99, dim=32, n_heads=2, hidden_dim=32, n_layers=1)
    assert pack_model(DistilBertModel(config)) is None
