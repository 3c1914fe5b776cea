"""ChatModel(mode="batch") with the real openai client: nothing is handed over twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.errors import CostLimitError, CredentialError, ModelError, UsageError
from dreambolt_steps.llms.ledger.spending import limit_spending
from dreambolt_steps.llms.ledger.store import FILE, CallLedger
from dreambolt_steps.llms.openai_batch.jobs import Jobs
from dreambolt_steps.llms.protocol import Call
from dreambolt_steps.log import LoggingReporter, report_to
from dreambolt_steps.model_identity import identify_model
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.conftest import ROOT
from tests.standins.chat_server import ChatServer, Reply, read_prompt, refuse

import_datadreamer()

from dreambolt_steps.llms.openai.model import ChatModel  # noqa: E402

PROMPTS = [f"prompt {at}" for at in range(20)]
TEXTS = [f"{prompt}!" for prompt in PROMPTS]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")


def echo(body: dict[str, Any], _: int) -> Reply | str:
    return f"{read_prompt(body)}!"


def open_model(server: ChatServer, folder: Path, **settings: Any) -> ChatModel:
    return ChatModel("m", server.url, mode="batch", cache_folder_path=str(folder), **settings)


def list_jobs(llm: ChatModel, folder: Path) -> list[Any]:
    ledger = CallLedger(folder / FILE)
    found = Jobs(ledger, "", identify_model(llm), "").list_open()
    ledger.close()
    return found


class Listener(LoggingReporter):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def say(self, message: str, level: int = 20) -> None:
        self.said.append(message)


def test_all_calls_are_handed_over_at_once_and_asked_once(tmp_path: Path) -> None:
    with ChatServer(echo) as server, report_to(Listener()) as listener:
        llm = open_model(server, tmp_path)
        assert llm.run(PROMPTS) == TEXTS
        # The first is asked directly: whether key and model are right is known at once.
        assert [read_prompt(body) for body in server.bodies] == ["prompt 0"]
        assert len(server.batches.started) == 1
        assert len(server.batches.lines) == 19
        assert server.batches.started[0]["completion_window"] == "24h"
        assert {line["url"] for line in server.batches.lines} == {"/v1/chat/completions"}
        assert listener.said[0].startswith("batch batch-2 of 19 calls runs at http")
        assert server.batches.files == {}  # they hold rows of the table
        assert llm.run(PROMPTS) == TEXTS
        live = ChatModel("m", server.url, cache_folder_path=str(tmp_path))
        assert live.run(PROMPTS) == TEXTS
        assert (len(server.bodies), len(server.batches.lines)) == (1, 19)
        assert list_jobs(llm, tmp_path) == []


# What ChatModel.run does, without importing DataDreamer.
RUN = """
import sys, os
from pathlib import Path
from dreambolt_steps.llms.openai_batch.api import BatchApi
from dreambolt_steps.llms.protocol import Call
from dreambolt_steps.llms.openai_batch.batch_queue import JobExchange
from dreambolt_steps.llms.openai_batch.jobs import Jobs
from dreambolt_steps.llms.ledger.store import CallLedger
from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.llms.openai.server import Server
from dreambolt_steps.llms.openai.server_capabilities import Traits
url, file, model, kill = sys.argv[1:]
ledger = CallLedger(Path(file))
records = ledger.open_records("", model, "m " + url, None)
records.keep_traits(Traits())
api = BatchApi(Server("m", url, "KEY"), "key", 60)
jobs = Jobs(ledger, "", model, "m " + url)
if kill == "before our note":
    hand_over = api.hand_over
    api.hand_over = lambda *words: (hand_over(*words), os.kill(os.getpid(), 9))
send = lambda: JobExchange(api, jobs, records, lambda c: c.identify(model), None, print)
with LedgerExchange(send, ledger, model, "") as exchange:
    for at in range(20):
        text = f"prompt {at}"
        identity = f"\\0{text}\\0None\\x000"
        exchange.submit(Call(text, settings={"temperature": 1.0}, identity=identity))
    exchange.collect()
"""


@pytest.mark.parametrize("moment", ["before our note", "while it runs"])
def test_a_run_killed_after_the_handing_over_hands_nothing_over_again(
    tmp_path: Path, moment: str
) -> None:
    with ChatServer(echo) as server:
        server.batches.looks = None
        llm = open_model(server, tmp_path)
        words = [server.url, str(tmp_path / FILE), identify_model(llm), moment]
        env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        child = subprocess.Popen([sys.executable, "-c", RUN, *words], env=env)
        while child.poll() is None:
            if any(batch["looks"] for batch in server.batches.batches.values()):
                child.send_signal(signal.SIGKILL)
            time.sleep(0.01)
        assert child.wait(timeout=240) == -signal.SIGKILL
        [job] = list_jobs(llm, tmp_path)
        assert (job.batch is None) == (moment == "before our note")
        server.batches.looks = 1
        assert llm.run(PROMPTS) == TEXTS
        assert (len(server.bodies), len(server.batches.started)) == (0, 1)
        assert list_jobs(llm, tmp_path) == []
        assert llm.run([*PROMPTS, "one more"])[-1] == "one more!"
        assert len(server.batches.lines) == 21


def test_an_answer_to_the_handing_over_that_is_lost_is_no_second_batch(tmp_path: Path) -> None:
    with ChatServer(echo) as server:
        server.batches.lose_next = True
        assert open_model(server, tmp_path).run(PROMPTS) == TEXTS
        assert len(server.batches.started) == 1


def test_what_never_arrived_is_handed_over(tmp_path: Path) -> None:
    with ChatServer(echo) as server:
        llm = open_model(server, tmp_path)
        ledger = CallLedger(tmp_path / FILE)
        job = Jobs(ledger, "", identify_model(llm), "").open(["a key of a call"])
        with ledger.transaction() as connection:  # it was killed a while ago
            connection.execute("UPDATE jobs SET at = at - 10")
        ledger.close()
        assert llm.run(PROMPTS) == TEXTS
        assert job.token not in {one["metadata"]["dreambolt_job"] for one in server.batches.started}
        assert list_jobs(llm, tmp_path) == []


def test_calls_that_fail_are_handed_over_again_and_others_say_why(tmp_path: Path) -> None:
    failures = {"prompt 3": 1, "prompt 4": 9}

    def answer(body: dict[str, Any], number: int) -> Reply | str:
        prompt = read_prompt(body)
        if failures.get(prompt, 0) > 0:
            failures[prompt] -= 1
            return refuse(500, "busy")
        return refuse(400, "blocked") if prompt == "prompt 5" else f"{prompt}!"

    with ChatServer(answer) as server:
        llm = open_model(server, tmp_path)
        calls = [Call(prompt) for prompt in PROMPTS]
        with llm.open_exchange("step") as exchange:
            for call in calls:
                exchange.submit(call)
            found = [exchange.collect() for _ in calls]
        answers = {one.call.prompt: one for one in found}
        assert answers["prompt 3"].text == "prompt 3!"
        assert answers["prompt 4"].failure == "HTTP 500: busy"
        assert answers["prompt 5"].failure == "HTTP 400: blocked"
        assert sum(one.text is not None for one in found) == 18
        sizes = [one["request_counts"]["total"] for one in server.batches.batches.values()]
        assert sizes == [19, 2, 1]


def test_an_expired_batch_is_collected_and_the_rest_handed_over_again(tmp_path: Path) -> None:
    with ChatServer(echo) as server:
        server.batches.answered = [7]
        assert open_model(server, tmp_path).run(PROMPTS) == TEXTS
        sizes = [one["request_counts"]["total"] for one in server.batches.batches.values()]
        assert sizes == [19, 12]
        server.batches.answered = [0]
        with pytest.raises(ModelError, match=r"batch batch-\d+ expired .* with 2 calls"):
            open_model(server, tmp_path).run(["a", "b", "c"])
        assert open_model(server, tmp_path).run(["a", "b", "c"]) == ["a!", "b!", "c!"]


def test_batches_are_as_small_as_the_account_allows(tmp_path: Path) -> None:
    with ChatServer(echo) as server:
        limit = ("token_limit_exceeded", "Enqueued token limit reached for m")
        server.batches.failures = [limit, limit]
        assert open_model(server, tmp_path).run(PROMPTS) == TEXTS
        sizes = [one["request_counts"]["total"] for one in server.batches.batches.values()]
        assert sizes == [19, 9, 4, 4, 4, 4, 3]
        server.batches.failures = [("invalid_model", "The model does not exist")]
        with pytest.raises(ModelError, match=r"refused batch .*: The model does not exist"):
            open_model(server, tmp_path).run(["a", "b"])


def test_what_the_server_refuses_in_a_batch_is_asked_in_another_way(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply | str:
        if "max_tokens" in body:
            return refuse(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.")
        return f"{read_prompt(body)}!"

    with ChatServer(answer) as server:
        llm = open_model(server, tmp_path)
        assert llm.run(PROMPTS, max_new_tokens=9) == TEXTS
        assert len(server.bodies) == 2  # found out with the first, before anything was handed over
        assert {line["body"]["max_completion_tokens"] for line in server.batches.lines} == {9}


def test_batches_cost_what_they_cost_and_limits_are_known_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply | str:
        return Reply(f"{read_prompt(body)}!", tokens=(6, 1000))

    from dreambolt_steps.llms.ledger.prices import find_price

    openai = "https://api.openai.com/v1"
    half = ChatModel("gpt-4o-mini", openai, mode="batch").price
    full = find_price("gpt-4o-mini", openai)
    assert half is not None
    assert full is not None
    assert half.cost(10**6, 10**6) == pytest.approx(full.cost(10**6, 10**6) / 2)
    with ChatServer(answer) as server:
        llm = open_model(server, tmp_path, price=(1, 2))
        with limit_spending(0.0215), pytest.raises(CostLimitError, match="has spent"):
            llm.run(PROMPTS, max_new_tokens=1000)
        assert len(server.bodies) + len(server.batches.lines) == 10
        ledger = CallLedger(tmp_path / FILE)
        assert ledger.sum_spent("") == pytest.approx(10 * 0.002006)


def test_ctrl_c_leaves_the_batch_running_and_says_so(tmp_path: Path) -> None:
    with ChatServer(echo) as server, report_to(Listener()) as listener:
        server.batches.looks = None
        llm = open_model(server, tmp_path)

        def interrupt() -> None:
            while not any(batch["looks"] for batch in server.batches.batches.values()):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            llm.run(PROMPTS)
        thread.join()
        assert listener.said[-1].startswith("batch batch-2 goes on at http://127.0.0.1")
        server.batches.looks = 1
        assert llm.run(PROMPTS) == TEXTS
        assert len(server.batches.started) == 1


def test_a_server_without_batches_and_a_wrong_key_are_told(tmp_path: Path) -> None:
    with ChatServer(echo) as server:
        server.batches.serve = lambda *_: (404, b'{"detail": "Not Found"}')  # type: ignore[method-assign]
        with pytest.raises(ModelError, match="it has no batch API; use mode='live'"):
            open_model(server, tmp_path).run(["a", "b"])
    with (
        ChatServer(lambda *_: refuse(401, "Incorrect API key")) as server,
        pytest.raises(CredentialError, match="refused the key in OPENAI_API_KEY"),
    ):
        open_model(server, tmp_path / "other").run(["a", "b"])
    assert server.batches.started == []
    with pytest.raises(UsageError, match="no mode 'slow'; there are live, batch"):
        ChatModel("m", "http://127.0.0.1:1", mode="slow")


def test_the_same_step_makes_the_same_rows(tmp_path: Path) -> None:
    from dreambolt_steps import LoadTable, SynthesizeRows, columns, open_session

    path = tmp_path / "people.csv"
    path.write_text("name,age\nAda,36\nAlan,41\n")

    def answer(body: dict[str, Any], _: int) -> str:
        batch = read_prompt(body).rsplit("(batch ", 1)[1].split(")")[0].split(",")[0]
        rows = [{"name": f"{batch} {at}", "age": str(at)} for at in range(5)]
        return json.dumps({"rows": rows})

    def run(name: str, **settings: Any) -> list[dict[str, Any]]:
        with open_session(tmp_path / name):
            load = LoadTable("load", args={"source": str(path)})
            args = {"llm": ChatModel("m", server.url, **settings), "rows": 30}
            step = SynthesizeRows("more", inputs=columns(load), args=args)
            return list(step.output.dataset.to_list())

    with ChatServer(answer) as server:
        batch, live = run("a", mode="batch"), run("b")
        assert len(batch) == 32
        assert batch == live
        assert (len(server.bodies), len(server.batches.lines)) == (1 + 6, 5)
