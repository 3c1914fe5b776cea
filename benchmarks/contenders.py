"""Everything that is measured, one function each; runs one of them by name in this process."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.firebolt import load_by_dlt, load_by_dreambolt
from benchmarks.measure import report_work

STEPS = ("load", "clean", "export", "copy into")
INTEGERS = ("RoundID", "MatchID", "Shirt Number")


def run_dreambolt(source: str, folder: Path, last: str = "copy into") -> Callable[[], object]:
    """load + clean + export + CopyIntoDuckDB inside a session, everything cached on the way."""
    from dreambolt_steps import (
        CleanTable,
        CopyIntoDuckDB,
        ExportParquet,
        LoadTable,
        columns,
        open_session,
    )

    export = {"path": str(folder / "players.parquet"), "max_file_bytes": None}
    copy = {"database": str(folder / "players.duckdb"), "table": "players"}
    kinds = [(CleanTable, {}), (ExportParquet, export), (CopyIntoDuckDB, copy)]

    def work() -> None:
        with open_session(folder / "session"):
            done = LoadTable("load", args={"source": source})
            for name, (kind, args) in zip(STEPS[1 : STEPS.index(last) + 1], kinds, strict=False):
                done = kind(name, inputs=columns(done), args=args)

    return work


def run_duckdb(source: str, folder: Path) -> Callable[[], object]:
    """A DuckDB script that does the same: naming, trimming, typing, Parquet, table; nothing is
    cached."""
    import duckdb

    def work() -> None:
        connection = duckdb.connect(str(folder / "players.duckdb"))
        read = f"read_csv('{source}')"
        names = connection.execute(f"SELECT * FROM {read} LIMIT 0").description
        cleaned = ", ".join(
            (f'"{name}"' if name in INTEGERS else f"nullif(trim(\"{name}\"), '')")
            + f' AS "{name.lower().replace(" ", "_").replace("-", "_")}"'
            for name, *_ in names
        )
        connection.execute(f"CREATE TABLE players AS SELECT {cleaned} FROM {read}")
        target = folder / "players.parquet"
        connection.execute(f"COPY players TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        connection.close()

    return work


def run_polars(source: str, folder: Path) -> Callable[[], object]:
    """A polars scan to zstd Parquet: reading, typing and writing only."""
    import polars

    return lambda: polars.scan_csv(source).sink_parquet(
        folder / "players.parquet", compression="zstd"
    )


def run_dlt(source: str, folder: Path) -> Callable[[], object]:
    """dlt's fastest road: it is handed Arrow batches of a CSV file that pyarrow reads and types.

    The documented one, `filesystem(..) | read_csv()`, goes through Python rows: 328 s for the same
    file.
    """
    import dlt
    import pyarrow.csv

    pipeline = dlt.pipeline(
        "players",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "players.duckdb")),
    )
    return lambda: pipeline.run(pyarrow.csv.open_csv(source), table_name="players")


def run_datadreamer(source: str, folder: Path) -> Callable[[], object]:
    """DataDreamer's own CSVDataSource, exported to Parquet."""
    import datadreamer.steps
    from datadreamer import DataDreamer

    def work() -> None:
        with DataDreamer(str(folder / "session"), verbose=False):
            table = datadreamer.steps.CSVDataSource("load", data_files=source)
            table.output.dataset.to_parquet(str(folder / "players.parquet"))

    return work


CONTENDERS = {
    "firebolt dreambolt": load_by_dreambolt,
    "firebolt dlt": load_by_dlt,
    "dreambolt": run_dreambolt,
    "duckdb": run_duckdb,
    "polars": run_polars,
    "dlt": run_dlt,
    "datadreamer": run_datadreamer,
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report_work(CONTENDERS[sys.argv[1]](sys.argv[2], Path(scratch)))
