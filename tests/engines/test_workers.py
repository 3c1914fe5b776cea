"""Workers of a real cluster: order, backpressure, errors, and workers that are killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pytest

from dreambolt_steps.engines.current import use_engine
from dreambolt_steps.engines.local import LOCAL
from dreambolt_steps.engines.ray_worker import FunctionWorker
from dreambolt_steps.errors import EngineError, ModelError

pytestmark = pytest.mark.slow


@contextmanager
def open_squares(slowness: float = 0.0) -> Iterator[Callable[[int], tuple[int, int]]]:
    def square(number: int) -> tuple[int, int]:
        time.sleep(slowness * (number * 7 % 5))  # some take longer than those behind them
        return number * number, os.getpid()

    yield square


@contextmanager
def open_doubler() -> Iterator[Callable[[pa.RecordBatch], pa.RecordBatch]]:
    def double(batch: pa.RecordBatch) -> pa.RecordBatch:
        values = pa.array(batch.column("x").to_numpy() * 2)
        return batch.set_column(0, "x", values)

    yield double


@contextmanager
def open_device() -> Iterator[Callable[[int], str | None]]:
    yield lambda _: os.environ.get("CUDA_VISIBLE_DEVICES")


@contextmanager
def open_failing(marks: str) -> Iterator[Callable[[int], int]]:
    """Dies of a negative number, after a mark of each try in a folder; complains of 0."""

    def fail(number: int) -> int:
        if number == 0:
            raise ModelError("0 is no number")
        if number < 0:
            Path(marks, str(time.monotonic_ns())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    yield fail


def test_results_come_in_order_from_both_workers(ray_engine: Any) -> None:
    with ray_engine.open_workers(partial(open_squares, 0.002)) as workers:
        found = list(workers.map(range(200)))
        again = list(workers.map(range(3)))
        assert list(workers.map([])) == []
    with LOCAL.open_workers(open_squares) as here:
        expected = [square for square, _ in here.map(range(200))]
    assert [square for square, _ in found] == expected
    workers_seen = {pid for _, pid in found}
    assert len(workers_seen) == 2
    assert os.getpid() not in workers_seen
    assert {pid for _, pid in again} <= workers_seen  # the function stays ready


def test_no_more_is_taken_than_workers_need(ray_engine: Any) -> None:
    taken = 0

    def take() -> Iterator[int]:
        nonlocal taken
        for number in range(120):
            taken += 1
            yield number

    ahead = []
    with ray_engine.open_workers(partial(open_squares, 0.0)) as workers:
        for done, _ in enumerate(workers.map(take())):
            ahead.append(taken - done)
            time.sleep(0.005)  # slower than the workers: they have to wait
    assert len(ahead) == 120
    assert max(ahead) == 6


def test_more_than_the_object_stores_hold_passes_in_flat_memory(ray_engine: Any) -> None:
    rows = 1 << 19
    values = np.arange(rows, dtype=np.float64)

    def make() -> Iterator[pa.RecordBatch]:
        for number in range(150):  # 600 MB, and as much of results
            yield pa.record_batch({"x": values + number})

    process, peak, total = psutil.Process(), 0, 0
    with ray_engine.open_workers(open_doubler) as workers:
        before = None
        for number, batch in enumerate(workers.map(make())):
            assert batch.column(0)[1].as_py() == 2 * (1 + number)
            total += batch.num_rows
            memory = process.memory_info()
            now = memory.rss - memory.shared
            before = before or now
            peak = max(peak, now - before)
    assert total == 150 * rows
    assert peak < 100 * 2**20


def test_large_items_are_taken_one_by_one(ray_engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreambolt_steps.engines.ray_workers._AHEAD_BYTES", 2 * 800 + 1)
    taken = 0

    def take() -> Iterator[pa.RecordBatch]:
        nonlocal taken
        for number in range(20):
            taken += 1
            yield pa.record_batch({"x": np.full(100, float(number))})

    with ray_engine.open_workers(open_doubler) as workers:
        for done, batch in enumerate(workers.map(take())):
            assert batch.column(0)[0].as_py() == 2 * done
            assert taken - done <= 3
    assert taken == 20


def test_cores_that_others_hold_are_not_waited_for(ray_engine: Any) -> None:
    ray = ray_engine.ray
    holder = ray.remote(FunctionWorker).options(num_cpus=1).remote(open_squares)
    assert ray.get(holder.answer.remote())
    with ray_engine.open_workers(open_squares) as workers:
        found = list(workers.map(range(50)))
    assert [square for square, _ in found] == [number * number for number in range(50)]
    assert len({pid for _, pid in found}) == 1
    ray.kill(holder)


def test_a_gpu_is_taken_where_there_is_one(cluster: Any, ray_engine: Any) -> None:
    node = cluster.add_node(num_cpus=1, num_gpus=1)  # Ray believes it
    with ray_engine.open_workers(open_device, wants_gpu=True) as workers:
        assert list(workers.map(range(9))) == ["0"] * 9
    with ray_engine.open_workers(open_device) as workers:
        assert set(workers.map(range(9))) <= {"", None}
    cluster.remove_node(node)


def test_a_slice_is_sent_without_what_it_was_cut_from(ray_engine: Any) -> None:
    table = pa.table({"x": range(1_000), "s": [str(number) for number in range(1_000)]})
    batches = [*table.to_batches(max_chunksize=70), table.to_batches()[0].slice(0, 0)]
    with ray_engine.open_workers(open_doubler) as workers:
        found = list(workers.map(batches))
    with LOCAL.open_workers(open_doubler) as here:
        assert found == list(here.map(batches))
    from dreambolt_steps.engines.ray_worker import pack, unpack

    reference = ray_engine.ray.put(pack(batches[3]))
    assert unpack(ray_engine.ray.get(reference)).get_total_buffer_size() < 4_000
    assert batches[3].get_total_buffer_size() > 10_000


def test_a_worker_that_is_killed_loses_nothing(ray_engine: Any) -> None:
    found: list[tuple[int, int]] = []
    with ray_engine.open_workers(partial(open_squares, 0.01)) as workers:
        for result in workers.map(range(150)):
            found.append(result)
            if len(found) == 20:
                os.kill(found[-1][1], signal.SIGKILL)
    assert [square for square, _ in found] == [number * number for number in range(150)]
    assert len({pid for _, pid in found}) == 3


def test_a_stream_may_be_dropped_after_the_cluster_was_left(cluster: Any) -> None:
    def square(engine: Any) -> Iterator[tuple[int, int]]:
        with engine.open_workers(open_squares) as workers:
            yield from workers.map(range(50))

    with use_engine("ray", cluster.address) as engine:
        results = square(engine)
        assert next(results)[0] == 0
        ray = engine.ray
    results.close()  # type: ignore[attr-defined]
    assert not ray.is_initialized()


# A worker that dies may take along its answer to the item before, which is blamed then.
@pytest.mark.parametrize(("items", "most"), [([-1], 4), ([1, 2, -1, 3], 7)])
def test_what_kills_every_worker_is_given_up(
    ray_engine: Any, tmp_path: Path, items: list[int], most: int
) -> None:
    with ray_engine.open_workers(partial(open_failing, str(tmp_path))) as workers:
        results = workers.map(items)
        with pytest.raises(EngineError, match=r"4 workers .* died over the same batch"):
            list(results)
    assert 4 <= len(list(tmp_path.iterdir())) <= most


def test_an_error_of_the_function_is_told_as_it_is(ray_engine: Any, tmp_path: Path) -> None:
    with ray_engine.open_workers(partial(open_failing, str(tmp_path))) as workers:
        results = workers.map([2, 1, 0, 3])
        assert [next(results), next(results)] == [2, 1]
        with pytest.raises(ModelError, match=r"^0 is no number$"):
            next(results)


def test_a_node_that_is_lost_loses_nothing(cluster: Any, ray_engine: Any) -> None:
    node = cluster.add_node(num_cpus=1)
    found: list[tuple[int, int]] = []
    with ray_engine.open_workers(partial(open_squares, 0.02)) as workers:
        for result in workers.map(range(150)):
            found.append(result)
            if len(found) == 60:
                cluster.remove_node(node, allow_graceful=False)
    assert [square for square, _ in found] == [number * number for number in range(150)]
    assert len({pid for _, pid in found}) >= 3
