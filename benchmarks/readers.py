"""Reading CSV into a typed table, one function a contender; runs one of them by name in this
process."""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.contenders import INTEGERS
from benchmarks.measure import report_work

Work = Callable[[], object]


def run_dreambolt(source: str, folder: Path) -> Work:
    """load + clean in a session: nothing is told, everything is cached on the way."""
    from dreambolt_steps import CleanTable, LoadTable, columns, open_session

    def work() -> None:
        with open_session(folder / "session"):
            raw = LoadTable("load", args={"source": source})
            CleanTable("clean", inputs=columns(raw))

    return work


def run_dreambolt_again(source: str, folder: Path) -> Work:
    """The same once more after the first of the files has changed."""
    run_dreambolt(source, folder)()
    first = list_files(source)[0]
    text = first.read_bytes()
    first.write_bytes(text + text.splitlines(keepends=True)[-1])
    again = run_dreambolt(source, folder)

    def work() -> None:
        try:
            again()
        finally:
            first.write_bytes(text)

    return work


def run_duckdb(source: str, folder: Path) -> Work:
    """DuckDB, all types told, into a table of a database file."""
    return _read_with_duckdb(source, str(folder / "players.duckdb"))


def run_duckdb_memory(source: str, folder: Path) -> Work:
    """DuckDB, all types told, into a table in memory."""
    return _read_with_duckdb(source, ":memory:")


def _read_with_duckdb(source: str, database: str) -> Work:
    import duckdb

    words = {int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}
    types = {name: words[kind] for name, kind in tell_types(source).items()}

    def work() -> None:
        connection = duckdb.connect(database)
        read = f"read_csv('{source}', columns={types}, header=true, delim=',', quote='\"')"
        connection.execute(f"CREATE TABLE players AS FROM {read}")
        connection.close()

    return work


def run_polars(source: str, folder: Path) -> Work:
    """polars, all types told, into a DataFrame."""
    import polars

    words = {int: polars.Int64, float: polars.Float64, str: polars.String}
    schema = {name: words[kind] for name, kind in tell_types(source).items()}
    return lambda: polars.scan_csv(source, schema=schema).collect()


def run_pandas(source: str, folder: Path) -> Work:
    """pandas with its C parser, all types told, into a DataFrame."""
    import pandas

    words = {int: "int64", float: "float64", str: "string[pyarrow]"}
    types = {name: words[kind] for name, kind in tell_types(source).items()}

    def work() -> object:
        frames = [pandas.read_csv(path, dtype=types) for path in list_files(source)]
        return pandas.concat(frames, ignore_index=True)

    return work


def run_dlt_arrow(source: str, folder: Path) -> Work:
    """dlt on its fastest road: batches of pyarrow's CSV reader, into DuckDB."""
    import dlt
    import pyarrow.csv

    pipeline = _open_pipeline(folder)

    def read() -> object:
        for path in list_files(source):
            yield from pyarrow.csv.open_csv(path)

    return lambda: pipeline.run(dlt.resource(read, name="players"))


def run_dlt_documented(source: str, folder: Path) -> Work:
    """dlt as its documentation shows it: `filesystem(..) | read_csv()`, into DuckDB."""
    from dlt.sources.filesystem import filesystem, read_csv

    pipeline = _open_pipeline(folder)
    path = Path(source)
    files = filesystem(bucket_url=path.parent.as_uri(), file_glob=path.name)
    return lambda: pipeline.run((files | read_csv()).with_name("players"))


def _open_pipeline(folder: Path) -> object:
    import dlt

    return dlt.pipeline(
        "players",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(folder / "players.duckdb")),
    )


def run_datadreamer(source: str, folder: Path) -> Work:
    """DataDreamer's own CSVDataSource in a session."""
    import datadreamer.steps
    from datadreamer import DataDreamer

    def work() -> None:
        with DataDreamer(str(folder / "session"), verbose=False):
            datadreamer.steps.CSVDataSource(
                "load", data_files=[str(path) for path in list_files(source)]
            )

    return work


def list_files(source: str) -> list[Path]:
    """The files of a path or glob, sorted."""
    return sorted(Path(source).parent.glob(Path(source).name))


def tell_types(source: str) -> dict[str, type]:
    """The type of every column of a generated table, by its name."""
    with list_files(source)[0].open(newline="", encoding="utf-8") as file:
        names = next(csv.reader(file))
    wide = {"n": int, "x": float}
    return {name: int if name in INTEGERS else wide.get(name.split("_")[0], str) for name in names}


READERS: dict[str, Callable[[str, Path], Work]] = {
    "dreambolt": run_dreambolt,
    "dreambolt again": run_dreambolt_again,
    "duckdb": run_duckdb,
    "duckdb memory": run_duckdb_memory,
    "polars": run_polars,
    "pandas": run_pandas,
    "dlt arrow": run_dlt_arrow,
    "dlt documented": run_dlt_documented,
    "datadreamer": run_datadreamer,
}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report_work(READERS[sys.argv[1]](sys.argv[2], Path(scratch)))
