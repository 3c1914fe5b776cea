"""Streams made in one thread and used in another: all of it, errors too, and no thread left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from dreambolt_steps.profiling.concurrent import FactsBeside
from dreambolt_steps.profiling.history_facts import gather_facts
from dreambolt_steps.tables.arrow_stream import open_stream, write_stream
from dreambolt_steps.tables.batch_queue import read_ahead

SCHEMA = pa.schema([("n", pa.int64())])


def stream(fails_at: int = -1, made: list[int] | None = None) -> pa.RecordBatchReader:
    """50 batches of two rows."""

    def make() -> Iterator[pa.RecordBatch]:
        for at in range(50):
            if at == fails_at:
                raise ValueError(f"batch {at}")
            if made is not None:
                made.append(at)
            yield pa.record_batch([pa.array([at, None])], schema=SCHEMA)

    return pa.RecordBatchReader.from_batches(SCHEMA, make())


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) - before == set()


def test_every_batch_comes_in_order() -> None:
    with read_ahead(stream()) as batches:
        assert [batch.column(0)[0].as_py() for batch in batches] == list(range(50))


def test_an_error_comes_behind_the_batches_before_it() -> None:
    with read_ahead(stream(fails_at=7)) as batches:
        assert [next(batches).num_rows for _ in range(7)] == [2] * 7
        with pytest.raises(ValueError, match="batch 7"):
            next(batches)


def test_no_more_than_a_few_are_made_ahead() -> None:
    made: list[int] = []
    with read_ahead(stream(made=made)) as batches:
        for _ in zip(range(10), batches, strict=False):
            pass
    assert len(made) <= 15


def test_facts_are_those_of_the_stream(tmp_path: Path) -> None:
    with FactsBeside() as beside:
        assert write_stream(beside.watch(stream()), tmp_path / "x.arrow") == 100
    assert open_stream(tmp_path / "x.arrow").read_all() == stream().read_all()
    assert beside.facts == gather_facts(stream())


def test_a_stream_that_fails_leaves_nothing_waiting(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batch 30"), FactsBeside() as beside:
        write_stream(beside.watch(stream(fails_at=30)), tmp_path / "x.arrow")
    assert not (tmp_path / "x.arrow").exists()


def test_a_file_that_fails_leaves_nothing_waiting(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), FactsBeside() as beside:
        write_stream(beside.watch(stream()), tmp_path / "none" / "x.arrow")


def test_without_a_stream_there_are_no_facts() -> None:
    with FactsBeside() as beside:
        pass
    assert beside.facts is None
