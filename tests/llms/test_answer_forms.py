"""Answers in the forms in which servers write them, over a socket and as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dreambolt_steps import ChatModel
from dreambolt_steps.llms.answer_forms import read_body, read_completion
from dreambolt_steps.llms.outcome import Completion
from dreambolt_steps.llms.protocol import Call
from tests.standins.chat_server import ChatServer
from tests.standins.replies import Reply


def complete(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> Any:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c", "choices": [choice], "usage": {"prompt_tokens": 7}, **more}


def stream(*deltas: dict[str, Any]) -> bytes:
    pieces = [{"id": "c", "choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    pieces.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    pieces.append({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}})
    lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces]
    return ("event: message\n: ping\n\n" + "".join(lines) + "data: [DONE]\n\n").encode()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (complete({"content": "hello"}), "hello"),
        (complete({"content": [{"type": "text", "text": "hel"}, {"text": "lo"}]}), "hello"),
        (complete({"content": [{"type": "thinking", "thinking": "hm"}, "hello"]}), "hello"),
        (complete({"content": [{"type": "text", "text": {"value": "hello"}}]}), "hello"),
        (complete({"content": {"rows": []}}), '{"rows": []}'),
        (complete({"content": "a\ud83d\ude00\ud83d"}), "a😀�"),
        ([complete({"content": "hello"})], "hello"),
        ({"choices": [{"text": "hello", "finish_reason": "stop"}]}, "hello"),
        ({"model": "m", "message": {"content": "hello"}, "done_reason": "stop"}, "hello"),
    ],
)
def test_texts_are_read(answer: Any, text: str) -> None:
    found = read_completion(answer)
    assert isinstance(found, Completion)
    assert (found.text, found.failure) == (text, None)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (complete({"content": ""}, "length"), "raise max_new_tokens"),
        (complete({"content": None, "reasoning_content": "hm"}, "length"), "before it wrote"),
        (complete({"content": None, "refusal": "I may not"}), "the model refused: I may not"),
        (complete({"content": ""}, "content_filter"), "content filter"),
        (complete({"content": "half a"}, "content_filter"), "content filter"),
        (
            complete({"content": None, "tool_calls": [{"function": {"name": "f"}}]}, "tool_calls"),
            "called the tool f instead of answering",
        ),
        (complete({"content": None}), r"no content \(finish_reason stop\)"),
    ],
)
def test_why_there_is_no_text_is_told_and_its_tokens_count(answer: Any, failure: str) -> None:
    found = read_completion(answer)
    assert isinstance(found, Completion)
    assert found.tokens_in == 7
    with pytest.raises(AssertionError, match=failure):
        raise AssertionError(found.failure)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"3",
        b'{"choices": [3]}',
        b'{"choices": [{}]}',
        b"[" * 99_999,
    ],
)
def test_what_is_no_completion_raises_nothing(content: bytes) -> None:
    assert "no chat completion" in getattr(read_completion(read_body(content)), "reason", "")


def ask(*replies: Reply | str) -> tuple[Any, int]:
    """The answer to a call, and how many requests it took."""
    server = ChatServer(lambda body, number: replies[min(number, len(replies) - 1)])
    with server, ChatModel("m", server.url).open_exchange("s") as exchange:
        exchange.submit(Call("hello", None, None, {}, None, "one"))
        return exchange.collect(), len(server.bodies)


def test_a_server_that_only_streams_is_read() -> None:
    answer, asked = ask(Reply(raw=stream({"content": "hel"}, {"content": "lo"})))
    assert (answer.text, answer.tokens_in, answer.tokens_out, asked) == ("hello", 7, 2, 1)
    lines = [{"message": {"content": "hel"}, "done": False}, {"message": {"content": "lo"}}]
    answer, asked = ask(Reply(raw="\n".join(map(json.dumps, lines)).encode()))
    assert (answer.text, asked) == ("hello", 1)


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"code": 429, "message": "slow down, retry in 0.01s"}},
        {"choices": [{"error": {"code": 502, "message": "upstream"}, "finish_reason": "error"}]},
        {"error": {"type": "overloaded_error", "message": "Overloaded"}},
    ],
)
def test_an_error_inside_an_answer_is_read_as_what_it_is(
    error: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreambolt_steps.llms.openai.exchange._FIRST_WAIT", 0.01)
    answer, asked = ask(Reply(raw=json.dumps(error).encode()), "hello")
    assert (answer.text, asked) == ("hello", 2)


def test_an_error_that_stays_is_told_once() -> None:
    error = {"error": {"code": 400, "message": "no such voice"}}
    answer, asked = ask(Reply(raw=json.dumps(error).encode()))
    assert (answer.text, answer.failure, asked) == (None, "HTTP 400: no such voice", 1)
