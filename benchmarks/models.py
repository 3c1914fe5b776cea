"""Language models: how near calls come to the ideal rate, what slow ones and a kill cost, and how
fast known answers are read; against DataDreamer's own `OpenAI` class and curator.

One server, the tests' stand-in, in a process of its own: it answers after a set time, and counts.
"""

from __future__ import annotations

import heapq
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import measure_contender, report_work

CALLS, IN_FLIGHT, KNOWN = 2_000, 32, 100_000
DELAY, EVERY, SLOW = 0.05, 100, 2.0
Work = Callable[[], object]


def run_dreambolt(url: str, folder: Path) -> Work:
    """`ChatModel.run`, every answer on disk at once."""
    from dreambolt_steps.session.fast_import import import_datadreamer

    import_datadreamer()
    import aiohttp  # noqa: F401
    import genai_prices  # noqa: F401

    from dreambolt_steps import ChatModel

    llm = ChatModel("m", url, max_in_flight=IN_FLIGHT, cache_folder_path=str(folder))
    return lambda: llm.run(make_prompts())


def run_datadreamer(url: str, folder: Path) -> Work:
    """DataDreamer's `OpenAI` class with as many threads, and its own cache on disk. The tokenizer
    that it would download is replaced by a count of characters, which is faster."""
    from datadreamer.llms import OpenAI

    class Model(OpenAI):  # type: ignore[misc]
        def count_tokens(self, value: str) -> int:
            return len(value) // 4

    llm = Model("gpt-4o-mini", base_url=url, cache_folder_path=str(folder))
    return lambda: llm.run(make_prompts(), max_new_tokens=100, batch_size=IN_FLIGHT)


def run_known(url: str, folder: Path) -> Work:
    """`ChatModel.run` over prompts whose answers the ledger holds."""
    from dreambolt_steps.llms.ledger.store import FILE, CallLedger
    from dreambolt_steps.model_identity import identify_model
    from dreambolt_steps.session.fast_import import import_datadreamer

    import_datadreamer()
    from dreambolt_steps import ChatModel
    from dreambolt_steps.llms.generations import make_calls
    from dreambolt_steps.llms.outcome import Completion
    from dreambolt_steps.llms.records import Bill, Try

    llm = ChatModel("m", url, cache_folder_path=str(folder))
    records = CallLedger(folder / FILE).open_records("", identify_model(llm), "m", None)
    answered = Completion("An answer of some length. " * 8, "stop", 100, 50, "id")
    prompts = make_prompts(KNOWN)
    for call in make_calls(llm, prompts, {"temperature": 1.0}, None):
        tried = Try(call, answered)
        records.keep([(tried, Bill().close(tried))])
    return lambda: llm.run(prompts, cache_only=True)


def make_prompts(count: int = CALLS) -> list[str]:
    """Different prompts of some 300 characters."""
    return [f"Prompt {number}: " + "say something. " * 20 for number in range(count)]


CONTENDERS = {
    "dreambolt": run_dreambolt,
    "datadreamer": run_datadreamer,
    "known": run_known,
}


def measure_models() -> None:
    """Rates, slow calls, a kill, known answers."""
    told = f"{CALLS:,} calls of {DELAY * 1000:.0f} ms, {IN_FLIGHT} in flight"
    print(f"| {told} | seconds | calls/s | of the ideal rate |\n|---|---|---|---|")
    ideal = find_ideal(0)
    for words, run in CLIENTS.items():
        found = run(0)
        if found is None:
            print(f"| {words} | not run | | |")
            continue
        print(f"| {words} | {found:.2f} | {CALLS / found:,.0f} | {ideal / found:.0%} |", flush=True)
    best = find_ideal(EVERY)
    print(f"\n| the same, one of {EVERY} takes {SLOW:.0f} s | seconds | above the best there is |")
    print("|---|---|---|")
    print(f"| the best there is with {IN_FLIGHT} in flight | {best:.2f} | |")
    for words, run in CLIENTS.items():
        found = run(EVERY)
        if found is not None:
            print(f"| {words} | {found:.2f} | {found / best - 1:.0%} |", flush=True)
    _measure_kill()
    known = measure_contender("known", "http://127.0.0.1:1/v1", module="benchmarks.models")
    print(f"\n| {KNOWN:,} known answers | seconds |\n|---|---|\n| read | {known.seconds:.2f} |")


def find_ideal(every: int) -> float:
    """Seconds that the calls take when each place in flight is filled again at once."""
    places = [0.0] * IN_FLIGHT
    for number in range(CALLS):
        late = every and number % every == every // 2
        heapq.heappush(places, heapq.heappop(places) + (SLOW if late else DELAY))
    return max(places)


def _measure_contender(name: str, every: int) -> float:
    with serve(every) as (url, _):
        runs = 1 if name == "datadreamer" and every else 3
        return measure_contender(name, url, runs=runs, module="benchmarks.models").seconds


def _measure_curator(every: int) -> float | None:
    """curator needs other versions of our packages: a Python that has it is named by
    CURATOR_PYTHON."""
    python = os.environ.get("CURATOR_PYTHON")
    if python is None:
        return None
    script = Path(__file__).with_name("with_curator.py")
    with serve(every) as (url, _), tempfile.TemporaryDirectory() as folder:
        words = [url, folder, str(CALLS), str(IN_FLIGHT)]
        done = subprocess.run(
            [python, str(script), *words], capture_output=True, text=True, check=True
        )
        return float(done.stdout.split()[-1])


CLIENTS: dict[str, Callable[[int], float | None]] = {
    "ChatModel": lambda every: _measure_contender("dreambolt", every),
    "DataDreamer's OpenAI class": lambda every: _measure_contender("datadreamer", every),
    "curator": _measure_curator,
}


def _measure_kill() -> None:
    """Requests in all when a run is killed half way and run again."""
    with serve(0) as (url, count), tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.models", "dreambolt", url, folder]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while count() < CALLS // 2:
            time.sleep(0.01)
        child.kill()
        child.wait()
        killed = count()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        print(f"\n| killed after {killed:,} of {CALLS:,} requests, and run again | requests |")
        print(f"|---|---|\n| in all | {count():,} |\n| at most | {CALLS + IN_FLIGHT:,} |")


@contextmanager
def serve(every: int) -> Iterator[tuple[str, Callable[[], int]]]:
    """A server in a process of its own. Yields: its URL, and what counts its requests."""
    words = [str(DELAY), str(every), str(SLOW)]
    command = [sys.executable, "-m", "tests.standins.chat_server", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        talk, hear = server.stdin, server.stdout

        def count() -> int:
            talk.write("\n")
            return int(hear.readline())

        try:
            yield hear.readline().strip(), count
        finally:
            talk.close()


if __name__ == "__main__":
    os.environ.setdefault("OPENAI_API_KEY", "none")
    chosen, address, *kept = sys.argv[1:]
    with tempfile.TemporaryDirectory() as scratch:
        report_work(CONTENDERS[chosen](address, Path(*kept or [scratch])))
