"""What a run says of its cost while it goes on."""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps.session.fast_import import import_datadreamer
from dreambolt_steps.synthesis.cost import describe_progress
from tests.standins.chat_server import ChatServer, Reply

import_datadreamer()

from dreambolt_steps.llms.openai.model import ChatModel  # noqa: E402
from dreambolt_steps.llms.protocol import Call  # noqa: E402


def ask(llm: ChatModel, calls: range, done: int, wanted: int) -> str:
    with llm.open_exchange("step") as exchange:
        for at in calls:
            exchange.submit(Call(f"prompt {at}"))
        for _ in calls:
            exchange.collect()
        return describe_progress(exchange, done, wanted)


def test_progress_tells_what_is_spent_and_what_a_run_will_have_spent(tmp_path: Path) -> None:
    with ChatServer(lambda *_: Reply("x", tokens=(500, 500))) as server:
        kept = str(tmp_path)
        llm = ChatModel("m", server.url, price=(1, 1), cache_folder_path=kept)
        assert ask(llm, range(0), 0, 500) == "rows"
        # 5 rows a call: after 40 calls for 200 of 500 rows, 60 calls are to come
        assert ask(llm, range(40), 200, 500) == "rows, $0.0400 spent, about $0.1000 in all"
        # again: 40 are known, 30 more are asked for 350 rows in all, 30 are to come
        assert ask(llm, range(70), 350, 500) == "rows, $0.0300 spent, about $0.0600 in all"
        assert ask(llm, range(70), 350, 500) == "rows"  # nothing was asked, nothing is known
        free = ChatModel("m", server.url, cache_folder_path=kept)
        assert ask(free, range(1), 5, 10) == "rows"
