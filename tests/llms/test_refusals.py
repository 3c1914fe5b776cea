"""What a status means, how long to wait, and what a model does not take."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from dreambolt_steps import ChatModel
from dreambolt_steps.errors import CredentialError, ModelError
from dreambolt_steps.llms.openai.server import Server
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.openai.waits import read_wait
from dreambolt_steps.llms.outcome import Trouble
from dreambolt_steps.llms.protocol import Call
from dreambolt_steps.log import report_to
from tests.standins.chat_server import ChatServer
from tests.standins.replies import Reply, refuse

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def judge(status: int, answer: Any, **headers: str) -> Trouble:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    found = Server("m", "http://s/v1", "KEY").judge(status, told, answer, {}, Traits())
    assert isinstance(found, Trouble)
    return found


@pytest.mark.parametrize(
    "status", [408, 425, 429, 500, 502, 503, 504, 507, 520, 522, 524, 529, 599]
)
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert judge(status, {"error": {"message": "quota, billing, schema"}}).transient


@pytest.mark.parametrize("status", [400, 405, 413, 422, 501, 505])
def test_what_stays_is_not(status: int) -> None:
    found = judge(status, "no")
    assert (found.transient, found.fatal) == (False, None)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "insufficient_quota", "message": "x"}, ModelError),
        (402, {"message": "pay"}, ModelError),
        (403, {"message": "billing"}, CredentialError),
        (429, {"message": "You exceeded your current quota"}, None),
        (429, {"code": "insufficient_quota", "message": "Please try again in 4.2s"}, None),
    ],
)
def test_a_quota_is_told_by_codes_and_a_wait_goes_before_it(
    status: int, error: dict[str, str], kind: type[Exception] | None
) -> None:
    found = judge(status, [{"error": error}])
    assert (type(found.fatal) if found.fatal else None) == kind


def test_an_answer_that_the_server_itself_could_not_read_is_a_failed_one() -> None:
    error = {"code": "json_validate_failed", "message": "Failed to generate JSON for the schema"}
    body = {"response_format": {"type": "json_schema"}}
    found = Server("m", "u", "K").judge(400, {}, {"error": error}, body, Traits())
    assert isinstance(found, Trouble)
    assert (found.traits, found.fatal, found.transient) == (None, None, False)


DETAIL = {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17.5s"}]}


@pytest.mark.parametrize(
    ("headers", "error", "message", "wait"),
    [
        ({"Retry-After": "3"}, None, "", 3.0),
        ({"retry-after-ms": "250"}, None, "", 0.25),
        ({"retry-after": "-1"}, None, "", None),
        ({}, DETAIL, "", 17.5),
        ({}, None, "Rate limit reached. Please try again in 4.2s. Visit", 4.2),
        ({}, None, "Please try again in 6m0s", 360.0),
        ({}, None, "try again in 1h2m3.5s.", 3723.5),
        ({}, None, "Please retry after 20 seconds", 20.0),
        ({}, None, "try again in 120ms", 0.12),
        ({}, None, "This model has 7 seconds of audio", None),
        ({}, None, "try again later", None),
        (
            {"x-ratelimit-reset-requests": "1m30s", "x-ratelimit-remaining-requests": "0"},
            0,
            "",
            90.0,
        ),
        (
            {"x-ratelimit-reset-requests": "1m30s", "x-ratelimit-remaining-requests": "9"},
            0,
            "",
            None,
        ),
        ({"x-ratelimit-reset-tokens": "20ms"}, 0, "", 0.02),
        ({"retry-after": "2", "x-ratelimit-reset-tokens": "9s"}, 0, "try again in 5s", 2.0),
    ],
)
def test_waits_are_read_wherever_they_are_told(
    headers: dict[str, str], error: Any, message: str, wait: float | None
) -> None:
    assert read_wait(headers, error, message) == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("retry-after", lambda moment: format_datetime(moment, usegmt=True)),
        ("x-ratelimit-reset", lambda moment: str(moment.timestamp())),
        ("x-ratelimit-reset", lambda moment: str(int(moment.timestamp() * 1000))),
        ("anthropic-ratelimit-requests-reset", lambda moment: moment.isoformat()),
    ],
)
def test_moments_are_waited_for(name: str, shape: Any) -> None:
    moment = datetime.fromtimestamp(time.time() + 3600, UTC)
    assert read_wait({name: shape(moment)}, None, "") == pytest.approx(3600, abs=60)
    assert read_wait({name: shape(moment - timedelta(hours=2))}, None, "") == 0.0


class Hearing:
    """A reporter that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str, level: int = 0) -> None:
        self.said.append(message)


def is_strange(body: dict[str, Any]) -> Reply | None:
    """As a reasoning model refuses what it does not take, one thing after the other."""
    if body["messages"][0]["role"] == "system":
        return refuse(400, "This model does not support the system role")
    if "temperature" in body:
        return refuse(400, "Unsupported value: 'temperature' does not support 0.5 with this model")
    if "presence_penalty" in body:
        raw = {"error": {"message": "Unsupported parameter", "param": "presence_penalty"}}
        return Reply(raw=json.dumps(raw).encode(), status=400)
    if "logit_bias" in body:
        told = {
            "detail": [{"loc": ["body", "logit_bias"], "msg": "Extra inputs are not permitted"}]
        }
        return Reply(raw=json.dumps(told).encode(), status=422)
    if "max_tokens" in body:
        return refuse(400, "Unsupported parameter: use 'max_completion_tokens', not 'max_tokens'")
    if "response_format" in body:
        return refuse(400, "'response_format' of type json_schema is not supported")
    if not body.get("stream"):
        return refuse(400, "parameter stream must be true for this model")
    return None


def test_what_a_model_does_not_take_is_dropped_once_remembered_and_said(tmp_path: Any) -> None:
    settings = {"temperature": 0.5, "presence_penalty": 1, "logit_bias": {"1": 2}, "seed": None}

    def run(server: ChatServer, first: int) -> None:
        llm = ChatModel("m", server.url, cache_folder_path=str(tmp_path))
        calls = [
            Call(f"p{at}", "be kind", SCHEMA, settings, 9, str(at))
            for at in range(first, first + 10)
        ]
        with llm.open_exchange("s") as exchange:
            for call in calls:
                exchange.submit(call)
            assert {exchange.collect().text for _ in calls} == {"{}"}

    hearing = Hearing()
    server = ChatServer(lambda body, _: is_strange(body) or "{}")
    with server, report_to(hearing):  # type: ignore[arg-type]
        run(server, 0)
        assert len(server.bodies) == 10 + 9
        run(server, 10)
        assert len(server.bodies) == 10 + 9 + 10
    last = server.bodies[-1]
    assert last.keys() == {"model", "messages", "max_completion_tokens", "stream"}
    assert last["messages"] == [{"role": "user", "content": "be kind\n\np19"}] or (
        last["messages"][0]["content"].startswith("be kind\n\np1")
    )
    told = " ".join(hearing.said)
    for words in (
        "the system prompt is put before the prompt",
        "temperature is left out",
        "presence_penalty is left out",
        "logit_bias is left out",
        "tokens are limited by max_completion_tokens",
        "answers are asked for as text",
        "answers come as a stream",
    ):
        assert told.count(words) == 1


def test_a_server_that_refuses_everything_is_given_up() -> None:
    words = "max_tokens is not supported, use max_completion_tokens, which is not supported either"
    with ChatServer(lambda *_: refuse(400, words)) as server:
        with ChatModel("m", server.url).open_exchange("s") as exchange:
            exchange.submit(Call("p", max_tokens=9))
            assert exchange.collect().failure == f"HTTP 400: {words}"
        assert len(server.bodies) < 20


def test_more_fields_and_headers_are_sent_and_only_fields_decide_the_answer(tmp_path: Any) -> None:
    def ask(**more: Any) -> None:
        llm = ChatModel("m", server.url, cache_folder_path=str(tmp_path), **more)
        with llm.open_exchange("s") as exchange:
            exchange.submit(Call("p", settings={"seed": 1}))
            assert exchange.collect().text == "yes"
        assert "a secret" not in repr(llm._server)

    with ChatServer(lambda *_: "yes") as server:
        ask()
        ask(extra_body={"reasoning_effort": "low"}, headers={"X-Gateway": "a secret"})
        assert "reasoning_effort" not in server.bodies[0]
        assert server.bodies[1]["reasoning_effort"] == "low"
        assert "x-gateway: a secret" in server.heads[1].lower()
        ask(extra_body={"reasoning_effort": "low"}, headers={"X-Gateway": "another"})
        assert len(server.bodies) == 2
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"a secret" not in path.read_bytes()


def test_a_field_that_is_refused_is_left_out_too(tmp_path: Any) -> None:
    def answer(body: dict[str, Any], _: int) -> Reply | str:
        if "reasoning_effort" in body:
            return refuse(400, "Unrecognized request argument supplied: reasoning_effort")
        return "yes"

    with ChatServer(answer) as server:
        llm = ChatModel("m", server.url, extra_body={"reasoning_effort": "low"})
        with llm.open_exchange("s") as exchange:
            exchange.submit(Call("p"))
            assert exchange.collect().text == "yes"
        assert [sorted(body) for body in server.bodies] == [
            ["messages", "model", "reasoning_effort"],
            ["messages", "model"],
        ]
