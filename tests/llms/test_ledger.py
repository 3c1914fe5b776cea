"""What was answered is never paid again: counted at the server, and after SIGKILL."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dreambolt_steps.errors import CostLimitError, ModelError, UsageError
from dreambolt_steps.llms.ledger.prices import OwnPrice, find_price, read_prices
from dreambolt_steps.llms.ledger.spending import limit_spending
from dreambolt_steps.llms.ledger.store import FILE, CallLedger
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.conftest import ROOT
from tests.standins.chat_server import ChatServer, Reply, read_prompt, refuse

import_datadreamer()

from dreambolt_steps.llms.openai.model import ChatModel  # noqa: E402

# What ChatModel.run does, without importing DataDreamer, which takes longer than all the calls.
RUN = """
import sys
from pathlib import Path
from dreambolt_steps.llms.protocol import Call
from dreambolt_steps.llms.openai.exchange import ChatExchange
from dreambolt_steps.llms.openai.rate_limit import Flow
from dreambolt_steps.llms.ledger.store import CallLedger
from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.openai.sender import Sender
from dreambolt_steps.llms.openai.server import Server
url, file, model = sys.argv[1:]
ledger = CallLedger(Path(file))
records = ledger.open_records("", model, "m " + url, None)
send = lambda: ChatExchange(lambda: Sender(Server("m", url, "KEY"), "key", 60, 8), Flow(8), records)
with LedgerExchange(send, ledger, model, "") as exchange:
    for at in range(200):
        text = f"prompt {at}"
        identity = f"\\0{text}\\0None\\x000"
        exchange.submit(Call(text, settings={"temperature": 1.0}, identity=identity))
        while exchange.pending >= exchange.room:
            exchange.collect()
"""


def test_a_killed_run_pays_again_at_most_for_what_was_in_flight(tmp_path: Path) -> None:
    def answer(body: dict[str, object], _: int) -> Reply:
        return Reply(f"{read_prompt(body)}!", delay=0.03)

    with ChatServer(answer) as server:
        llm = ChatModel("m", server.url, cache_folder_path=str(tmp_path))
        words = [server.url, str(tmp_path / FILE), identify_model(llm)]
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        child = subprocess.Popen([sys.executable, "-c", RUN, *words], env=env)
        while len(server.bodies) < 100 and child.poll() is None:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        assert child.wait(timeout=240) == -signal.SIGKILL
        prompts = [f"prompt {at}" for at in range(200)]
        texts = [f"{prompt}!" for prompt in prompts]
        assert llm.run(prompts) == texts
        assert 200 <= len(server.bodies) <= 200 + 8
        paid = len(server.bodies)
        assert llm.run(prompts) == texts
        assert len(server.bodies) == paid


def test_spending_stops_before_the_limit_and_goes_on_with_a_higher_one(tmp_path: Path) -> None:
    reply = Reply("x", tokens=(6, 1000))  # 0.002006 USD
    with ChatServer(lambda body, number: reply) as server:
        llm = ChatModel(
            "m", server.url, price=(1, 2), max_in_flight=4, cache_folder_path=str(tmp_path)
        )
        prompts = [f"prompt {at}" for at in range(40)]
        with (
            limit_spending(0.0215),
            pytest.raises(CostLimitError, match=r"has spent \$0\.0201 of the \$0\.0215 allowed"),
        ):
            llm.run(prompts, max_new_tokens=1000)
        assert len(server.bodies) == 10
        with limit_spending(1.0):
            assert len(llm.run(prompts, max_new_tokens=1000)) == 40
        assert len(server.bodies) == 40
    ledger = CallLedger(tmp_path / FILE)
    assert ledger.sum_spent("") == pytest.approx(40 * 0.002006)


def test_a_limit_needs_a_price() -> None:
    with limit_spending(1.0), pytest.raises(UsageError, match="what m costs is not known"):
        ChatModel("m", "http://127.0.0.1:1").run(["a"])


def test_failed_tries_are_counted_and_failed_calls_kept_with_their_reason(tmp_path: Path) -> None:
    def answer(body: dict[str, object], number: int) -> Reply:
        return refuse(500, "busy") if number == 0 else refuse(400, "blocked")

    with ChatServer(answer) as server:
        llm = ChatModel("m", server.url, cache_folder_path=str(tmp_path))
        with pytest.raises(ModelError, match="HTTP 400: blocked"):
            llm.run(["a"])
    ledger = CallLedger(tmp_path / FILE)
    assert ledger.count_failed("") == 2
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        kept = connection.execute("SELECT text, failure FROM calls").fetchall()
    assert kept == [(None, "HTTP 400: blocked")]


def test_prices_come_from_the_call_the_users_table_and_the_dated_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = find_price("gpt-4o-mini", "https://api.openai.com/v1")
    assert listed is not None
    assert listed.cost(1_000_000, 1_000_000) == pytest.approx(0.75)
    assert listed.source.startswith("genai-prices ")
    half = find_price("gpt-4o-mini", "https://api.openai.com/v1", batch=True)
    assert half is not None
    assert half.cost(1_000_000, 1_000_000) == pytest.approx(0.375)
    assert find_price("gpt-4o-mini", "http://127.0.0.1:8000/v1") is None
    path = tmp_path / "prices.yaml"
    path.write_text("as_of: 2026-11-01\nmodels:\n  gpt-4o-mini: {input: 1, output: 2.5}\n")
    monkeypatch.setenv("DREAMBOLT_PRICES", str(path))
    own = find_price("gpt-4o-mini", "https://api.openai.com/v1")
    assert own == OwnPrice(1, 2.5, "prices.yaml of 2026-11-01")
    assert find_price("gpt-4o-mini", "x", (9, 9)) == OwnPrice(9, 9)
    path.write_text("models: 3")
    with pytest.raises(UsageError, match="write `as_of: DATE`"):
        read_prices(path)
    with pytest.raises(UsageError, match="no such file"):
        read_prices(tmp_path / "gone.yaml")
