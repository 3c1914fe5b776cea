"""Reading JSON Lines with nested objects, one function a contender; runs one of them by name in
this process."""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.data import FOLDER
from benchmarks.measure import measure_contender, report_work

Work = Callable[[], object]


def make_json_lines(mebibytes: int) -> Path:
    """A file of nested events, about so large, made once and kept; about 180 bytes a line."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"events_{mebibytes}.jsonl"
    if path.exists():
        return path
    draw = random.Random(1930)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        row = 0
        while file.tell() < mebibytes << 20:
            lines = []
            for _ in range(10_000):
                row += 1
                player = {"name": f"Player {draw.randrange(7_663)}", "shirt": row % 23 + 1}
                event = {"id": row, "at": f"2026-06-{row % 28 + 1:02}T18:{row % 60:02}:00"}
                event |= {"player": player, "tags": ["goal", "penalty"][: row % 3]}
                event |= {"x": draw.randrange(10_000) / 100, "note": "behind the wall" * (row % 4)}
                lines.append(json.dumps(event))
            file.write("\n".join(lines) + "\n")
    partial.replace(path)
    return path


def run_dreambolt(source: str, folder: Path) -> Work:
    """LoadTable in a session."""
    from dreambolt_steps import LoadTable, open_session

    def work() -> None:
        with open_session(folder / "session"):
            LoadTable("load", args={"source": source})

    return work


def run_duckdb(source: str, folder: Path) -> Work:
    """DuckDB's read_json into a table of a database file."""
    import duckdb

    def work() -> None:
        with duckdb.connect(str(folder / "events.duckdb")) as connection:
            connection.execute(f"CREATE TABLE events AS FROM read_json('{source}')")

    return work


def run_polars(source: str, folder: Path) -> Work:
    """polars scan_ndjson into a DataFrame."""
    import polars

    return lambda: polars.scan_ndjson(source).collect()


def run_pandas(source: str, folder: Path) -> Work:
    """pandas.read_json in chunks of lines."""
    import pandas

    def work() -> int:
        return sum(len(part) for part in pandas.read_json(source, lines=True, chunksize=100_000))

    return work


def run_datadreamer(source: str, folder: Path) -> Work:
    """DataDreamer's own JSONDataSource in a session."""
    import datadreamer.steps
    from datadreamer import DataDreamer

    def work() -> None:
        with DataDreamer(str(folder / "session"), verbose=False):
            datadreamer.steps.JSONDataSource("load", data_files=[source])

    return work


CONTENDERS: dict[str, tuple[Callable[[str, Path], Work], str]] = {
    "dreambolt": (run_dreambolt, "LoadTable in a session"),
    "duckdb": (run_duckdb, "DuckDB read_json, into a table of a database file"),
    "polars": (run_polars, "polars scan_ndjson, into a DataFrame"),
    "pandas": (run_pandas, "pandas read_json, chunks thrown away"),
    "datadreamer": (run_datadreamer, "DataDreamer's JSONDataSource in a session"),
}


def measure_json(size: str = "1024") -> None:
    """A file of so many MiB, each contender once."""
    source = make_json_lines(int(size))
    print(f"| {int(size):,} MiB of JSON Lines | seconds | ours / theirs | peak MiB |")
    print("|---|---|---|---|")
    ours = None
    for name, (_, words) in CONTENDERS.items():
        found = measure_contender(name, str(source), runs=1, module="benchmarks.json_lines")
        ours = ours or found.seconds
        ratio = "" if name == "dreambolt" else f"{ours / found.seconds:.2f}"
        print(f"| {words} | {found.seconds:.1f} | {ratio} | {found.peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report_work(CONTENDERS[sys.argv[1]][0](sys.argv[2], Path(scratch)))
