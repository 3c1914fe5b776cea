"""ServerEmbedder against a real HTTP server on this machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dreambolt_steps import EmbedColumns, LoadTable, columns, limit_spending
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.embedding.models.server_model import ServerEmbedder
from dreambolt_steps.errors import CostLimitError, CredentialError, ModelError
from tests.standins.chat_server import ChatServer, Reply, refuse

DIMS = 3


def vector_of(text: str) -> list[float]:
    return [float(len(text)), float(sum(text.encode()) % 97), 1.0]


def give(body: dict[str, Any], plain: bool = False, backwards: bool = True) -> Reply:
    """The vectors of a request, its items in another order."""
    items = []
    for index, text in enumerate(body["input"]):
        vector: Any = vector_of(text)[: body.get("dimensions", DIMS)]
        if not plain and body.get("encoding_format") == "base64":
            vector = base64.b64encode(np.array(vector, "<f4").tobytes()).decode()
        items.append({"index": index, "embedding": vector, "object": "embedding"})
    tokens = sum(len(text) // 4 for text in body["input"])
    whole = {"data": items[::-1] if backwards else items, "usage": {"prompt_tokens": tokens}}
    return Reply(raw=json.dumps(whole).encode())


def embed(
    answer: Callable[[dict[str, Any], int], Reply], texts: list[str], **settings: Any
) -> tuple[list[list[float]], list[dict[str, Any]]]:
    settings = {"texts_per_request": 4, **settings}
    with ChatServer(answer) as server:
        embedder = ServerEmbedder("small", base_url=server.url, **settings)
        found = [vector.tolist() for vector in embedder.encode(texts)]
        return found, server.bodies


TEXTS = [f"text {'x' * number}" for number in range(22)]


@pytest.mark.parametrize("plain", [False, True])
def test_vectors_come_back_in_the_order_of_the_texts(plain):
    late = lambda body, number: give(body, plain)  # noqa: E731
    found, bodies = embed(late, [*TEXTS, "lone \ud800"])
    assert found == [vector_of(text) for text in [*TEXTS, "lone \ufffd"]]
    assert sorted(len(body["input"]) for body in bodies) == [3, 4, 4, 4, 4, 4]
    assert {body["model"] for body in bodies} == {"small"}


def test_an_overloaded_server_is_asked_again():
    def answer(body: dict[str, Any], number: int) -> Reply:
        return refuse(429, "slow down", retry_after="0") if number < 3 else give(body)

    found, bodies = embed(answer, TEXTS)
    assert found == [vector_of(text) for text in TEXTS]
    assert len(bodies) == 6 + 3


def test_a_request_that_is_too_large_is_halved_for_good():
    def answer(body: dict[str, Any], number: int) -> Reply:
        if len(body["input"]) > 2:
            return refuse(413, "batch size 4 > maximum allowed batch size 2")
        return give(body)

    found, bodies = embed(answer, TEXTS, max_in_flight=1)
    assert found == [vector_of(text) for text in TEXTS]
    assert [len(body["input"]) for body in bodies] == [4] + [2] * 11


def test_a_text_that_is_too_long_is_cut():
    def answer(body: dict[str, Any], number: int) -> Reply:
        if max(map(len, body["input"])) > 1000:
            return refuse(400, "This model's maximum context length is 1000 tokens")
        return give(body)

    found, _ = embed(answer, ["y" * 1_000_000, "short"])
    assert 500 <= found[0][0] <= 1000
    assert found[1] == vector_of("short")


def test_a_server_without_base64_is_asked_for_numbers():
    def answer(body: dict[str, Any], number: int) -> Reply:
        if "encoding_format" in body:
            return refuse(400, "unknown field encoding_format")
        return give(body)

    found, bodies = embed(answer, TEXTS, max_in_flight=1)
    assert found == [vector_of(text) for text in TEXTS]
    assert len(bodies) == 7


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (refuse(401, "bad key"), CredentialError, "refused the key in OPENAI_API_KEY"),
        (refuse(404, "no such model"), ModelError, "has no model small"),
        (refuse(400, "input is invalid"), ModelError, "gave no embeddings of small.*invalid"),
        (Reply(raw=b'{"data": []}'), ModelError, "gave no embeddings"),
    ],
)
def test_what_can_not_be_helped_is_said(reply, error, words, monkeypatch):
    from dreambolt_steps.llms.openai import exchange

    monkeypatch.setattr(exchange, "_FIRST_WAIT", 0.01)
    with pytest.raises(error, match=words):
        embed(lambda body, number: reply, TEXTS)


def test_openai_needs_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(CredentialError, match="OPENAI_API_KEY"):
        ServerEmbedder("text-embedding-3-small")


def test_a_step_pays_for_each_text_once_and_keeps_within_a_limit(session, tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{number},text {number % 40:03}" for number in range(100)]
    path.write_text("id,text\n" + "\n".join(rows) + "\n")
    with ChatServer(lambda body, number: give(body)) as server:

        def run(limit: float | None = None, **args: Any) -> Any:
            model = ServerEmbedder(
                "small", server.url, dimensions=2, texts_per_request=5, max_in_flight=1, price=1000
            )
            with session(), limit_spending(limit):
                load = LoadTable("load", args={"source": str(path)})
                args = {"columns": ["text"], "embedder": model, **args}
                return EmbedColumns("embed", inputs=columns(load), args=args)

        with session(), rehearse():
            load = LoadTable("load", args={"source": str(path)})
            model = ServerEmbedder("small", server.url)
            args = {"columns": ["text"], "embedder": model}
            told = EmbedColumns("embed", inputs=columns(load), args=args)
            assert told.receipt.notes[0] == "would ask small for text_embedding"
            assert told.receipt.notes[1].startswith("would encode ")
            assert "distinct texts with small; how long" in told.receipt.notes[1]
        assert server.bodies == []
        with pytest.raises(CostLimitError):
            run(limit=0.06)
        paid = len(server.bodies)
        assert 0 < paid < 8
        step = run()
        asked = [text for body in server.bodies for text in body["input"]]
        assert sorted(asked) == sorted(set(asked)) == sorted(f"text {n:03}" for n in range(40))
        assert len(server.bodies) == 8
        assert step.output["text_embedding"][41] == vector_of("text 001")[:2]
