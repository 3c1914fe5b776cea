"""What `--engine ray` costs and moves: each spread piece of work here, and on a Ray cluster of this
machine's own cores; and what a batch costs on the way.

Run as `python -m benchmarks.scale WORK ENGINE SIZE`, one in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.embedding import make_texts
from dreambolt_steps.engines.current import use_engine

SIZES = {
    "embed": 1_500,
    "batches": 200,
    "items": 2_000,
}
WORDS = {
    "embed": "EmbedColumns' model, {:,} texts of 8 to 256 tokens",
}


def measure_scale(*sizes: str) -> None:
    """Every piece of work on both engines, WORK:SIZE; then the cost of a batch."""
    told = SIZES | {name: int(size) for name, _, size in (one.partition(":") for one in sizes)}
    print("| work | here | on Ray | start of Ray | driver's processor time | of that here |")
    print("|---|---|---|---|---|---|")
    for work, words in WORDS.items():
        here, far = (_run(work, engine, told[work]) for engine in ("local", "ray"))
        share = far["driver"] / here["driver"]
        print(
            f"| {words.format(told[work])} | {here['seconds']:.1f} s | {far['seconds']:.1f} s | "
            f"{far['start']:.1f} s | {far['driver']:.2f} s | {share:.0%} |",
            flush=True,
        )
    print("\n| there and back | ms each |\n|---|---|")
    names = {
        ("items", "ray"): "a number, our workers",
        ("batches", "ray"): "a batch of 1 MiB, our workers",
        ("batches", "data"): "the same, Ray Data (from_arrow_refs, map_batches, order kept)",
    }
    for (work, engine), words in names.items():
        found = _run(work, engine, told[work])
        print(f"| {words} | {found['seconds'] / told[work] * 1e3:.2f} |", flush=True)


def _run(work: str, engine: str, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.scale", work, engine, str(size)]
    env = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        raise SystemExit(f"{work} on {engine} failed:\n{done.stderr[-3000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


@contextmanager
def open_nothing() -> Iterator[Callable[[Any], Any]]:
    """A function that gives back what it gets."""
    yield lambda item: item


def embed(size: int, engine: Any) -> Iterator[None]:
    from dreambolt_steps import MiniLMEmbedder
    from dreambolt_steps.embedding.models.ray import spread_model

    embedder = MiniLMEmbedder()
    texts = sorted(make_texts(size), key=len)
    if not engine.is_spread:
        for some in (texts[:1], texts):
            list(embedder.encode_batches(some))
            yield
        return
    with spread_model(embedder, engine) as encode:
        for some in (texts[:1], texts):
            list(encode(some))
            yield


def items(size: int, engine: Any) -> Iterator[None]:
    with engine.open_workers(open_nothing) as workers:
        for count in (10, size):
            assert sum(1 for _ in workers.map(range(count))) == count
            yield


def batches(size: int, engine: Any) -> Iterator[None]:
    batch = pa.record_batch({"x": np.arange(1 << 17, dtype=np.float64)})
    with engine.open_workers(open_nothing) as workers:
        for count in (10, size):
            assert sum(1 for _ in workers.map(batch for _ in range(count))) == count
            yield


def data(size: int, engine: Any) -> Iterator[None]:
    """Ray Data over the same batches; all of them lie in the object store first."""
    import ray.data

    ray, table = engine.ray, pa.table({"x": np.arange(1 << 17, dtype=np.float64)})
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    for count in (10, size):
        given = ray.data.from_arrow_refs([ray.put(table) for _ in range(count)])
        mapped = given.map_batches(lambda one: one, batch_format="pyarrow", batch_size=None)
        found = mapped.iter_batches(batch_format="pyarrow", batch_size=None)
        assert sum(one.num_rows for one in found) == count * table.num_rows
        yield


def report(work: str, engine: str, size: int) -> None:
    """Do a piece of work once in small, which starts everything, and then for the measurement."""
    functions = {
        "embed": embed,
        "items": items,
    }
    function = functions.get(work, data if engine == "data" else batches)
    with use_engine("ray" if engine == "data" else engine) as opened:
        steps = partial(function, size, opened)()
        started = time.perf_counter()
        next(steps)
        ready, used = time.perf_counter(), time.process_time()
        next(steps)
        seconds, driver = time.perf_counter() - ready, time.process_time() - used
        print(json.dumps({"start": ready - started, "seconds": seconds, "driver": driver}))


if __name__ == "__main__":
    report(sys.argv[1], sys.argv[2], int(sys.argv[3]))
