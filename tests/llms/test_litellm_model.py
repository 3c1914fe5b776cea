"""LiteLLMModel: Gemini, Mistral and Anthropic by their own protocols, over a socket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import AssessSynthesis, LiteLLMModel, LoadTable, SynthesizeRows, columns
from dreambolt_steps.errors import CostLimitError, CredentialError, ModelError, UsageError
from dreambolt_steps.llms.ledger.spending import limit_spending
from dreambolt_steps.llms.open_model import check_language_model, open_language_model
from dreambolt_steps.llms.protocol import Call
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.standins.chat_server import ChatServer, Reply, refuse
from tests.standins.providers import GEMINI, MISTRAL, PROVIDERS, Provider

import_datadreamer()

from datadreamer.steps import DataSource, ProcessWithPrompt  # noqa: E402

KEY = "a-key-of-tests"
every_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.model)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in PROVIDERS:
        monkeypatch.setenv(provider.key, KEY)


def answer_rows(provider: Provider) -> Callable[[dict[str, Any], int], Reply]:
    def answer(body: dict[str, Any], _: int) -> Reply:
        found = re.search(r"Write (\d+) rows .*\(batch (\d+)", provider.read_prompt(body))
        if found is None:
            return provider.reply("loud!")
        rows = [{"name": f"Name {found[2]} {at}", "age": str(at)} for at in range(int(found[1]))]
        return provider.reply(json.dumps({"rows": rows}))

    return answer


@every_provider
def test_rows_are_made_with_a_schema_and_priced_and_paid_once(
    provider: Provider, tmp_path: Path, session: Callable[..., Any]
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,age\nAda,36\nAlan,41\n")
    with ChatServer(answer_rows(provider)) as server:
        llm = LiteLLMModel(provider.model, provider.find_base(server))
        assert llm.price is not None
        each = llm.price.cost(1000, 100)

        def run(rows: int) -> tuple[list[dict[str, Any]], Any]:
            with session():
                load = LoadTable("load", args={"source": str(path)})
                args = {"llm": llm, "rows": rows}
                step = SynthesizeRows("more", inputs=columns(load), args=args)
                scored = AssessSynthesis("assess", inputs=columns(step)).output.dataset.to_list()
                [cost] = [one["value"] for one in scored if one["part"] == "cost"]
                return [row for row in step.output.dataset.to_list() if row["_synthetic"]], cost

        first, cost = run(10)
        assert server.paths == [provider.path] * 2
        schema = provider.read_schema(server.bodies[0])
        assert '"rows"' in json.dumps(schema)
        assert '"age"' in json.dumps(schema)
        assert {row["_synthetic_model"] for row in first} == {provider.model}
        assert [row["name"] for row in first][4:6] == ["Name 1 4", "Name 2 0"]
        assert each > 0
        assert cost == pytest.approx(2 * each / 10)
        again, cost = run(15)
        assert again[:10] == first
        assert len(server.bodies) == 3
        assert cost == pytest.approx(3 * each / 15)


@every_provider
def test_a_step_of_datadreamer_takes_it(provider: Provider, session: Callable[..., Any]) -> None:
    with ChatServer(answer_rows(provider)) as server:
        for _ in range(2):
            with session():
                words = DataSource("words", {"word": ["a", "b"]})
                llm = LiteLLMModel(provider.model, provider.find_base(server))
                args = {"llm": llm, "instruction": "Shout."}
                step = ProcessWithPrompt(
                    "shout", inputs={"inputs": words.output["word"]}, args=args
                )
                assert list(step.output["generations"]) == ["loud!", "loud!"]
        assert len(server.bodies) == 2


@every_provider
def test_troubles_are_those_of_every_server(provider: Provider, tmp_path: Path) -> None:
    unknown = refuse(404, "no such model")
    with ChatServer(lambda *_: unknown) as server:
        llm = LiteLLMModel(
            provider.model, provider.find_base(server), cache_folder_path=str(tmp_path)
        )
        with pytest.raises(ModelError, match=f"has no model {provider.model}: no such model"):
            llm.run(["a"])
        server.answer = lambda *_: refuse(401, f"{KEY} is no key")
        with pytest.raises(CredentialError, match=r"refused the key in .*: \*\*\* is no key"):
            llm.run(["a"])
        server.answer = lambda *_: refuse(400, "the prompt is too long")
        with pytest.raises(ModelError, match="HTTP 400: the prompt is too long"):
            llm.run(["a"])
        busy = iter([refuse(429, "slow down", Retry_After="0.01"), refuse(503, "overloaded")])
        server.answer = lambda *_: next(busy, provider.reply("hello"))
        before = len(server.bodies)
        with llm.open_exchange("count") as exchange:
            exchange.submit(Call("a"))
            assert exchange.collect().text == "hello"
            assert (len(server.bodies) - before, exchange.failures) == (3, 2)
        drops = iter([Reply(drop=True)])
        server.answer = lambda *_: next(drops, provider.reply("hello"))
        assert llm.run(["b"]) == ["hello"]


def test_a_limit_a_minute_of_gemini_is_waited_for_and_a_used_up_quota_is_told(
    tmp_path: Path,
) -> None:
    words = "You exceeded your current quota, please check your plan and billing details."
    wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s"}
    told = {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED", "details": [wait]}
    limit = Reply(raw=json.dumps({"error": told}).encode(), status=429)
    replies = iter([limit])
    with ChatServer(lambda *_: next(replies, GEMINI.reply("hello"))) as server:
        base = GEMINI.find_base(server)
        llm = LiteLLMModel(GEMINI.model, base, cache_folder_path=str(tmp_path))
        assert llm.run(["a"]) == ["hello"]
        server.answer = lambda *_: refuse(429, words, "insufficient_quota")
        with pytest.raises(ModelError, match="is used up: You exceeded your current quota"):
            llm.run(["b"])


def test_a_provider_that_takes_no_schema_is_asked_without(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    write = answer_rows(GEMINI)

    def answer(body: dict[str, Any], number: int) -> Reply:
        if GEMINI.read_schema(body):
            return refuse(400, 'Unknown name "pattern" at generation_config.response_schema')
        return write(body, number)

    path = tmp_path / "people.csv"
    path.write_text("name,age\nAda,36\nAlan,41\n")
    with ChatServer(answer) as server, session():
        load = LoadTable("load", args={"source": str(path)})
        args = {"llm": LiteLLMModel(GEMINI.model, GEMINI.find_base(server)), "rows": 10}
        step = SynthesizeRows("more", inputs=columns(load), args=args)
        assert sum(row["_synthetic"] for row in step.output.dataset.to_list()) == 10
        asked = [bool(GEMINI.read_schema(body)) for body in server.bodies]
        assert asked == [True, True, False, False]
        assert server.bodies[-1]["generationConfig"]["response_mime_type"] == "application/json"


def test_spending_is_limited_and_goes_on(tmp_path: Path) -> None:
    with ChatServer(answer_rows(MISTRAL)) as server:
        llm = LiteLLMModel(
            MISTRAL.model,
            MISTRAL.find_base(server),
            max_in_flight=1,
            price=(10, 10),
            cache_folder_path=str(tmp_path),
        )
        texts = [f"{at} " + "text " * 800 for at in range(9)]
        with limit_spending(0.05), pytest.raises(CostLimitError, match=r"of the \$0\.0500 allowed"):
            llm.run(texts, max_new_tokens=100)
        paid = len(server.bodies)
        assert 0 < paid < 9
        assert llm.run(texts, max_new_tokens=100) == ["loud!"] * 9
        assert len(server.bodies) == 9


def test_what_is_known_before_is_said_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MISTRAL.key)
    with pytest.raises(CredentialError, match="MISTRAL_API_KEY not set"):
        check_language_model(f"litellm:{MISTRAL.model}")
    with pytest.raises(UsageError, match="nonsense/x names no provider that litellm knows"):
        check_language_model("litellm:nonsense/x")
    with pytest.raises(UsageError, match="asked through litellm, which has no mode batch"):
        open_language_model(f"litellm:{GEMINI.model}", "batch")
    llm = open_language_model(f"litellm:{GEMINI.model}")
    assert (llm.model_name, llm.base_url) == (GEMINI.model, "gemini")
    llm.check()
