"""Reading JSON Lines into a typed table, one function a contender; runs one of them by name in this
process."""

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
_WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]
_CHUNK_ROWS = 100_000


def make_json_lines(megabytes: int) -> Path:
    """A JSON Lines file of made-up posts, about 300 bytes each: nested objects and lists, floats,
    NULLs, and a key that only every tenth row has.

    The file is made once and kept.
    """
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"posts_{megabytes}mb.jsonl"
    if path.exists():
        return path
    draw, size, number = random.Random(1930), 0, 0
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        while size < megabytes << 20:
            size += file.write(json.dumps(_make_post(draw, number)) + "\n")
            number += 1
    partial.replace(path)
    return path


def _make_post(draw: random.Random, number: int) -> dict[str, object]:
    user = {
        "name": " ".join(draw.choices(_WORDS, k=3)),
        "followers": draw.randrange(10**6),
        "verified": draw.random() < 0.1,
    }
    post: dict[str, object] = {
        "id": number,
        "user": user,
        "text": " ".join(draw.choices(_WORDS, k=12)),
        "score": round(draw.uniform(-5, 5), 4),
        "lang": draw.choice(["en", "de", "fr", None]),
        "tags": draw.choices(_WORDS, k=draw.randrange(4)),
        "created": f"2024-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}T12:00:00Z",
        "at": [draw.uniform(-180, 180), draw.uniform(-90, 90)] if number % 3 == 0 else None,
    }
    return post | ({"reply_to": draw.randrange(10**9)} if number % 10 == 0 else {})


def run_dreambolt(source: str, folder: Path) -> Work:
    """LoadTable in a session: types found over all rows, everything stored."""
    from dreambolt_steps import LoadTable, open_session

    def work() -> None:
        with open_session(folder / "session"):
            LoadTable("load", args={"source": source})

    return work


def run_read_table(source: str, folder: Path) -> Work:
    """The reader behind it, batch by batch; nothing is stored."""
    from dreambolt_steps.readers.table.read import read_table

    return lambda: sum(batch.num_rows for batch in read_table(source).reader)


def run_duckdb(source: str, folder: Path) -> Work:
    """DuckDB, types guessed from the first 20,480 rows, into a database file."""
    import duckdb

    def work() -> None:
        connection = duckdb.connect(str(folder / "posts.duckdb"))
        connection.execute(f"CREATE TABLE posts AS FROM read_json('{source}')")
        connection.close()

    return work


def run_duckdb_whole(source: str, folder: Path) -> Work:
    """The same, types found over all rows."""
    import duckdb

    def work() -> None:
        connection = duckdb.connect(str(folder / "posts.duckdb"))
        connection.execute(f"CREATE TABLE posts AS FROM read_json('{source}', sample_size=-1)")
        connection.close()

    return work


def run_polars(source: str, folder: Path) -> Work:
    """polars, types guessed from the first 1,000 rows, to Parquet."""
    import polars

    scan = polars.scan_ndjson(source, infer_schema_length=1_000)
    return lambda: scan.sink_parquet(folder / "posts.parquet")


def run_pandas(source: str, folder: Path) -> Work:
    """pandas, in chunks of 100,000 rows."""
    import pandas

    def work() -> int:
        with pandas.read_json(source, lines=True, chunksize=_CHUNK_ROWS) as chunks:
            return sum(len(chunk) for chunk in chunks)

    return work


def run_dlt(source: str, folder: Path) -> Work:
    """dlt as its documentation shows it, into DuckDB."""
    import dlt
    from dlt.sources.filesystem import filesystem, read_jsonl

    pipeline = dlt.pipeline(
        "posts",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "posts.duckdb")),
    )
    path = Path(source)
    files = filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name)
    return lambda: pipeline.run((files | read_jsonl()).with_name("posts"))


CONTENDERS: dict[str, tuple[Callable[[str, Path], Work], str]] = {
    "dreambolt": (run_dreambolt, "LoadTable in a session, types over all rows, stored"),
    "read_table": (run_read_table, "the reader behind it, nothing stored"),
    "duckdb": (run_duckdb, "DuckDB, types from a sample, into a database file"),
    "duckdb whole": (run_duckdb_whole, "DuckDB, types over all rows, into a database file"),
    "polars": (run_polars, "polars scan_ndjson, types from a sample, to Parquet"),
    "pandas": (run_pandas, "pandas read_json in chunks, nothing stored"),
    "dlt": (run_dlt, "dlt, `filesystem(..)` and `read_jsonl()`, into DuckDB"),
}
_SLOW = {"dlt": 16}  # MiB above which a contender is left out: it takes seconds for each


def measure_formats(*sizes: str) -> None:
    """Loading one JSON Lines file of so many MiB against each reader."""
    for size in sizes or ("256",):
        megabytes = int(size)
        path = make_json_lines(megabytes)
        print(f"\n{megabytes:,} MiB of JSON Lines\n")
        print("| contender | seconds | ours / theirs | peak MiB |\n|---|---|---|---|")
        ours = None
        for name, (_, words) in CONTENDERS.items():
            if megabytes > _SLOW.get(name, megabytes):
                print(f"| {words} | not run | | |")
                continue
            runs = 3 if megabytes <= 256 and name not in _SLOW else 1
            found = measure_contender(name, str(path), runs=runs, module="benchmarks.formats")
            ratio = f"{ours.seconds / found.seconds:.2f}" if ours else ""
            ours = ours or found
            print(f"| {words} | {found.seconds:.2f} | {ratio} | {found.peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report_work(CONTENDERS[sys.argv[1]][0](sys.argv[2], Path(scratch)))
