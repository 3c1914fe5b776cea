"""ChatModel against real HTTP servers: llmock, and one that answers what a test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.errors import CredentialError, ModelError
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.standins.chat_server import ChatServer, Reply, read_prompt, refuse

import_datadreamer()

from dreambolt_steps.llms.openai.model import ChatModel  # noqa: E402

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")


def echo(body: dict[str, Any], _: int) -> str:
    return f"{read_prompt(body)}!"


def ask(llm: ChatModel, calls: list[Call]) -> list[Answer]:
    with llm.open_exchange("step") as exchange:
        for call in calls:
            exchange.submit(call)
        return [exchange.collect() for _ in calls]


def count_chats(llmock: Any) -> int:
    return sum("chat/completions" in request.path for request in llmock.requests)


def test_answers_come_in_the_order_of_the_prompts_whatever_the_server_does() -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        return Reply(f"{read_prompt(body)}!", delay=0.02 * (number % 3))

    with ChatServer(answer) as server:
        llm = ChatModel("m", server.url, max_in_flight=8)
        prompts = [f"prompt {at}" for at in range(50)]
        assert llm.run(prompts) == [f"{prompt}!" for prompt in prompts]
        assert len(server.bodies) == 50


def test_one_slow_call_holds_up_no_other() -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        return Reply("x", after=0 if number else 40)

    with ChatServer(answer) as server:
        assert len(ChatModel("m", server.url, max_in_flight=2).run(map(str, range(40)))) == 40
        assert 0 in server.finished[-2:]  # beside it the last one may be on its way


def test_a_step_of_datadreamer_asks_once_and_never_again(
    session: Callable[..., Any],
) -> None:
    from datadreamer.steps import DataSource, ProcessWithPrompt

    def run(url: str, name: str) -> list[str]:
        with session():
            source = DataSource("words", {"word": ["a", "b", "a"]})
            inputs = {"inputs": source.output["word"]}
            args = {"llm": ChatModel("m", url), "instruction": "Shout."}
            return list(ProcessWithPrompt(name, inputs=inputs, args=args).output["generations"])

    with ChatServer(lambda body, _: read_prompt(body).split()[1] + "!") as server:
        first = run(server.url, "shout")
        assert [text[:2] for text in first] == ["a!", "b!", "a!"]
        assert len(server.bodies) == 2  # equal prompts are one call
        assert run(server.url, "shout") == first
        assert run(server.url, "another step") == first
        assert len(server.bodies) == 2


def test_everything_that_decides_an_answer_is_in_its_key(tmp_path: Path) -> None:
    folder = str(tmp_path)
    with ChatServer(echo) as server, ChatServer(echo) as other:
        for _ in range(2):
            for url in (server.url, other.url):
                ChatModel("m", url, cache_folder_path=folder).run(["p"])
            ChatModel("m", server.url, cache_folder_path=folder, system_prompt="s").run(["p"])
            ChatModel("n", server.url, cache_folder_path=folder).run(["p"])
            llm = ChatModel("m", server.url, cache_folder_path=folder, max_in_flight=1)
            llm.run(["p"], temperature=0.5)
            llm.run(["p"], max_new_tokens=7)
            llm.run(["p"], stop=["x"])
            llm.run(["p"], n=2)
            llm.run(["p"])
        assert (len(server.bodies), len(other.bodies)) == (7, 1)
        assert len({ChatModel("m", url)._cache_name for url in (server.url, other.url)}) == 2
        assert llm.run(["p"], force=True) == ["p!"]
        assert len(server.bodies) == 8
        with pytest.raises(ModelError, match="was not answered before"):
            llm.run(["q"], cache_only=True)


def test_rate_limits_are_waited_for_as_long_as_the_server_asks(llmock: Any) -> None:
    llmock.rate_limit(times=3, retry_after=0.3)
    assert len(ChatModel("gpt-4o", max_in_flight=4).run(map(str, range(12)))) == 12
    assert count_chats(llmock) == 15
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_transient_errors_are_tried_again(llmock: Any, status: int) -> None:
    llmock.fail(status, times=2)
    assert len(ChatModel("gpt-4o").run(["a"])) == 1
    assert count_chats(llmock) == 3
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize(
    "broken",
    [
        Reply(drop=True),
        Reply(raw=b"<html>busy</html>"),
        Reply(raw=b'{"choices": ['),
        Reply(raw=b"[]"),
    ],
    ids=["dropped", "no JSON", "cut off", "no completion"],
)
def test_broken_answers_are_asked_for_again(broken: Reply) -> None:
    with ChatServer(lambda body, number: broken if number == 0 else "fine") as server:
        assert ChatModel("m", server.url).run(["a"]) == ["fine"]
        assert len(server.bodies) == 2


def test_an_answer_that_does_not_come_is_asked_for_again() -> None:
    with ChatServer(lambda body, number: Reply("x", delay=0 if number else 5)) as server:
        assert ChatModel("m", server.url, timeout=1).run(["a"]) == ["x"]
        assert len(server.bodies) == 2


def test_an_error_that_stays_is_not_tried_again_and_says_why(llmock: Any) -> None:
    llmock.context_overflow()
    with pytest.raises(ModelError, match="maximum context length was exceeded"):
        ChatModel("gpt-4o").run(["a"])
    assert count_chats(llmock) == 1


def test_a_call_that_failed_does_not_shift_the_others_and_is_asked_again(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply | str:
        if read_prompt(body) == "3" and number < 10:
            return refuse(400, "the prompt is blocked", "content_filter")
        return echo(body, number)

    calls = [Call(str(at)) for at in range(10)]
    with ChatServer(answer) as server:
        llm = ChatModel("m", server.url, cache_folder_path=str(tmp_path))
        answers = {answer.call.prompt: answer for answer in ask(llm, calls)}
        assert answers["3"].text is None
        assert answers["3"].failure == "HTTP 400: the prompt is blocked"
        assert all(answers[str(at)].text == f"{at}!" for at in range(10) if at != 3)
        again = {answer.call.prompt: answer for answer in ask(llm, calls)}
        assert again["3"].text == "3!"
        assert [answer.cached for answer in again.values()].count(False) == 1
        assert len(server.bodies) == 11


def test_the_run_stops_when_most_calls_fail_for_good() -> None:
    with ChatServer(lambda body, number: refuse(400, "blocked")) as server:
        llm = ChatModel("m", server.url, max_in_flight=2)
        with pytest.raises(ModelError, match=r"more than half of the last 20 calls .* blocked"):
            ask(llm, [Call(str(at)) for at in range(500)])
        assert len(server.bodies) < 40


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (refuse(401, "Incorrect API key"), CredentialError, "refused the key in OPENAI_API_KEY"),
        (refuse(404, "no such model", "model_not_found"), ModelError, "has no model m: no such"),
        (refuse(429, "You exceeded", "insufficient_quota"), ModelError, "quota .* is used up"),
        (refuse(402, "Insufficient credit balance"), ModelError, "quota .* is used up"),
    ],
)
def test_what_no_other_call_can_change_ends_the_run(
    reply: Reply, error: type[Exception], words: str
) -> None:
    with ChatServer(lambda body, number: reply) as server:
        with pytest.raises(error, match=words):
            ChatModel("m", server.url, max_in_flight=1).run(map(str, range(30)))
        assert len(server.bodies) == 1


def test_openai_is_not_asked_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(CredentialError, match="OPENAI_API_KEY not set"):
        ChatModel("gpt-4.1-mini")
    assert "a key" not in json.dumps(vars(ChatModel("m", "http://127.0.0.1:1")), default=str)


def test_a_server_is_checked_before_any_work() -> None:
    with ChatServer(echo) as server:
        ChatModel("m", server.url).check()  # a server without a list of models
        server.models = ["llama3:latest", "qwen"]
        ChatModel("llama3", server.url).check()
        with pytest.raises(ModelError, match="has no model lama; it has llama3:latest"):
            ChatModel("lama", server.url).check()
        url = server.url
        assert server.bodies == []
    with pytest.raises(ModelError, match="no model server answers at"):
        ChatModel("m", url).check()


def test_what_a_server_accepts_is_found_out_once_and_remembered(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply | str:
        if "max_tokens" in body:
            return refuse(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.")
        if body.get("response_format", {}).get("type") == "json_schema":
            return refuse(400, "response_format json_schema is not supported")
        return '{"n": 1}'

    def run(start: int) -> list[Answer]:
        llm = ChatModel("m", server.url, cache_folder_path=str(tmp_path))
        return ask(llm, [Call(str(start + at), schema=SCHEMA, max_tokens=9) for at in range(20)])

    with ChatServer(answer) as server:
        assert all(answer.text == '{"n": 1}' for answer in run(0))
        assert len(server.bodies) == 23  # max_tokens, strict schema, schema were each refused once
        assert server.bodies[-1]["response_format"] == {"type": "json_object"}
        run(100)
        assert len(server.bodies) == 43


def test_a_server_with_json_schema_gets_it_strictly(llmock: Any) -> None:
    [answer] = ask(ChatModel("gpt-4o"), [Call("a row", schema=SCHEMA)])
    assert isinstance(json.loads(answer.text or "")["n"], int)
    sent = llmock.last_request.body["response_format"]["json_schema"]
    assert (sent["strict"], sent["schema"]) == (True, SCHEMA)


def test_requests_a_minute_are_kept(llmock: Any) -> None:
    llm = ChatModel("gpt-4o", requests_per_minute=1200)
    llm.run(map(str, range(8)))
    starts = [request.started_at for request in llmock.requests]
    assert starts[-1] - starts[0] >= 7 * 0.05 - 0.02
