"""identify_model: every setting that changes the answer, no secret, no run-time state."""

from __future__ import annotations

import json
from enum import Enum
from functools import cached_property

import pytest

from dreambolt_steps.model_identity import identify_model


class Model:
    """Settings and state as DataDreamer's own models hold them."""

    version = 1.0

    def __init__(self, **settings: object) -> None:
        self.model_name = "some/model"
        self.base_url = None
        self.kwargs: dict = {}
        self.adaptive_batch_sizes = {3: 10}
        self.executor_pools = {10: object()}
        self._lock = object()
        self.__dict__.update(settings)

    @property
    def _cache_name(self) -> str:
        return self.model_name.replace("/", "_")

    @cached_property
    def model_card(self) -> str:
        return "asked for on the network"


class Other(Model):
    pass


class Mode(Enum):
    FAST = 1
    EXACT = 2


class Options:
    def __init__(self, level: int) -> None:
        self.level = level


BASE = identify_model(Model())


def _name(value: object) -> str:
    """One name in every process: pytest-xdist compares those of its workers."""
    return str(sorted(value)) if isinstance(value, set) else str(value)


@pytest.mark.parametrize(
    "settings",
    [
        {"model_name": "other/model"},
        {"base_url": "http://localhost:8080/v1"},
        {"version": 2.0},
        {"dtype": "float16"},
        {"instruction": "query: "},
        {"system_prompt": "You are terse."},
        {"tokenizer_model_name": "other/tokenizer"},
        {"tokenizer_revision": "main"},
        {"max_new_tokens": 5},
        {"kwargs": {"temperature": 0.5}},
        {"kwargs": {"max_tokens": 5}},
        {"kwargs": {"mode": Mode.FAST}},
        {"kwargs": {"stop": {"a", "b"}}},
        {"normalize": False},
        {"post_process": len},
        {"prefix": b"\x00"},
    ],
    ids=lambda settings: json.dumps(settings, default=_name),
)
def test_a_setting_that_changes_the_answer_changes_the_identity(settings):
    assert identify_model(Model(**settings)) != BASE
    assert identify_model(Model(**settings)) == identify_model(Model(**settings))


def test_values_are_told_apart():
    def identify(value: object) -> str:
        return identify_model(Model(setting=value))

    values = [None, True, 1, 1.5, "1", [1], {"a": 1}, Mode.FAST, Mode.EXACT, Options(1), Options(2)]
    assert len({identify(value) for value in values}) == len(values)


def test_the_class_counts():
    assert identify_model(Other()) != BASE


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": "sk-hidden"},
        {"api_key": ["sk-hidden"]},
        {"hf_token": "hidden"},
        {"password": 1234},
        {"client_secret": "hidden"},
        {"auth_tokens": ["hidden"]},
        {"aws_credentials": {"id": "hidden"}},
        {"cache_folder_path": "/hidden"},
        {"device": "cuda:1"},
        {"batch_size": 3},
        {"retry_on_fail": True},
        {"model": object()},
        {"client": object()},
        {"hf_model_name": "only known online"},
        {"_private": "hidden"},
        {"model_card": "computed by now"},
        {"adaptive_batch_sizes": {}},
        {"kwargs": {"api_key": "hidden", "timeout": 3}},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_secrets_and_state_change_nothing(settings):
    assert identify_model(Model(**settings)) == BASE


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://me:hidden@host:8080/v1", "https://host:8080/v1"),
        ("https://host/v1?api-version=2&api-key=hidden", "https://host/v1?api-version=2"),
    ],
)
def test_secrets_in_addresses_are_hidden(url, kept):
    settings = json.loads(identify_model(Model(base_url=url)))["settings"]
    assert settings["base_url"] == kept


def test_secrets_in_headers_are_hidden():
    headers = {"Authorization": "Bearer hidden", "X-Api-Key": "hidden", "X-Team": "a"}
    text = identify_model(Model(kwargs={"default_headers": headers}))
    assert json.loads(text)["settings"]["kwargs"] == {"default_headers": {"X-Team": "a"}}


def test_the_server_named_by_the_environment_counts(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:9/v1")
    assert identify_model(Model()) == identify_model(Model(base_url="http://localhost:9/v1"))


def test_a_local_model_counts_with_its_contents(tmp_path):
    first, copied = tmp_path / "a" / "model", tmp_path / "b" / "model"
    for folder in (first, copied):
        folder.mkdir(parents=True)
        (folder / "weights.bin").write_bytes(b"1")
    assert identify_model(Model(adapter=str(first))) == identify_model(Model(adapter=copied))
    (copied / "weights.bin").write_bytes(b"2")
    assert identify_model(Model(adapter=str(first))) != identify_model(Model(adapter=str(copied)))


def test_models_in_parallel_count_as_one():
    class Parallel:
        def __init__(self, *models: Model) -> None:
            self.cachables = list(models)

    other = Model(kwargs={"dimensions": 3})
    assert identify_model(Parallel(Model(), Model())) == BASE
    assert identify_model(Parallel(Model(), other)) == identify_model(Parallel(other, Model()))
    assert identify_model(Parallel(Model(), other)) != BASE


def test_no_memory_address_gets_in():
    text = identify_model(Model(kwargs={"options": Options(1), "call": lambda: 1}))
    assert " at 0x" not in text


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("MiniLMEmbedder", "dreambolt_steps.embedding.minilm.MiniLMEmbedder"),
        ("OnnxEmbedder", "dreambolt_steps.embedding.onnx_model.OnnxEmbedder"),
        (
            "SentenceTransformerEmbedder",
            "dreambolt_steps.embedding.sentence_transformer.SentenceTransformerEmbedder",
        ),
        ("ServerEmbedder", "dreambolt_steps.embedding.server_model.ServerEmbedder"),
        ("StaticEmbedder", "dreambolt_steps.embedding.static_model.StaticEmbedder"),
        ("ChatModel", "dreambolt_steps.llms.chat_model.ChatModel"),
        ("LiteLLMModel", "dreambolt_steps.llms.litellm_model.LiteLLMModel"),
        ("LocalModel", "dreambolt_steps.llms.local_model.LocalModel"),
        ("LaterModel", "dreambolt_steps.LaterModel"),
    ],
)
def test_moving_a_class_to_another_file_changes_no_key(name, kept):
    for module in ("dreambolt_steps.models", "dreambolt_steps.llms.here.there"):
        moved = type(name, (), {"__module__": module})()
        assert json.loads(identify_model(moved))["class"] == kept


def test_a_model_of_another_package_counts_with_its_path():
    model = type("MiniLMEmbedder", (), {"__module__": "theirs.models"})()
    assert json.loads(identify_model(model))["class"] == "theirs.models.MiniLMEmbedder"
