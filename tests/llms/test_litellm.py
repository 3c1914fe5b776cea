"""Anthropic by its own protocol, through DataDreamer's class over litellm: in our steps and in its
own, each answer paid once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import LoadTable, SynthesizeRows, columns
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.standins.chat_server import ChatServer, Reply

import_datadreamer()

from datadreamer.llms import Anthropic  # noqa: E402
from datadreamer.steps import DataSource, ProcessWithPrompt  # noqa: E402


def write_reply(body: dict[str, Any], text: str) -> Reply:
    """The answer as the provider writes it."""
    told = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 5},
    }
    return Reply(raw=json.dumps(told).encode())


def answer(body: dict[str, Any], _: int) -> Reply:
    prompt = str(body["messages"][-1]["content"][0]["text"])
    found = re.search(r"Write (\d+) rows .*\(batch (\d+)", prompt)
    if found is None:
        return write_reply(body, "loud!")
    rows = [{"name": f"Name {found[2]} {at}", "age": str(at)} for at in range(int(found[1]))]
    return write_reply(body, "Here they are: " + json.dumps({"rows": rows}))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """What litellm asks in place of the provider: DataDreamer 0.46.0 hands no address on."""
    import litellm

    with ChatServer(answer) as found:
        monkeypatch.setattr(litellm, "api_base", found.url)
        yield found


def test_rows_are_made_and_paid_once(
    tmp_path: Path, session: Callable[..., Any], server: ChatServer
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,age\nAda,36\nAlan,41\n")

    def run(rows: int) -> list[dict[str, Any]]:
        with session():
            load = LoadTable("load", args={"source": str(path)})
            args = {"llm": Anthropic("claude-3-haiku-20240307", "a key"), "rows": rows}
            step = SynthesizeRows("more", inputs=columns(load), args=args)
            return [row for row in step.output.dataset.to_list() if row["_synthetic"]]

    first = run(10)
    assert [row["name"] for row in first][4:6] == ["Name 1 4", "Name 2 0"]
    assert len(server.bodies) == 2
    assert run(15)[:10] == first
    assert len(server.bodies) == 3


def test_a_step_of_datadreamer_takes_them_beside_ours(
    session: Callable[..., Any], server: ChatServer
) -> None:
    with session():
        words = DataSource("words", {"word": ["a", "b"]})
        args = {"llm": Anthropic("claude-3-haiku-20240307", "a key"), "instruction": "Shout."}
        step = ProcessWithPrompt("shout", inputs={"inputs": words.output["word"]}, args=args)
        assert list(step.output["generations"]) == ["loud!", "loud!"]
        assert len(server.bodies) == 2
