"""`python -m benchmarks [SECTION ...]`: measure, and print the tables that benchmarks/README.md
holds.

Sections: pipeline, dialects, odd, rows, files, formats, memory, startup, resume, embed, match,
firebolt, synth, ray. Sizes of some can be told, as in `odd=2000000`, `rows=100000,100000x300`,
`files=100000x100` (rows x files), `formats=1024` (MiB of JSON Lines), `memory=1000000`,
`embed=4000,2000,20000,1000000`
(names and mixed texts for the plain ones, mixed texts for ours, vectors to Parquet),
`match=100000`, `firebolt=100000` and `ray=clean:2000000,embed:1500`. Ratios of one run on one
machine mean something; seconds of different runs do not compare.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import STEPS
from benchmarks.data import make_players, make_wide, split_table
from benchmarks.dialects import measure_dialects
from benchmarks.embedding import measure_embedding
from benchmarks.firebolt import measure_firebolt
from benchmarks.formats import measure_formats
from benchmarks.matching import measure_matching
from benchmarks.measure import measure_command, measure_contender
from benchmarks.models import measure_models
from benchmarks.odd_files import measure_odd_files
from benchmarks.scale import measure_scale
from benchmarks.startup import measure_startup

ALTERNATIVES = {
    "duckdb": "DuckDB script: naming, trimming, typing, Parquet, table",
    "polars": "polars scan to zstd Parquet",
    "dlt": "dlt, handed Arrow batches of a pyarrow CSV reader, to DuckDB",
    "datadreamer": "DataDreamer's CSVDataSource to Parquet",
}


def measure_pipeline() -> None:
    """1M rows x 9 columns: ours against each alternative."""
    source = str(make_players(1_000_000))
    ours = measure_contender("dreambolt", source)
    print("| 1M rows x 9 columns, 82 MB | seconds | ours / theirs | peak MiB |\n|---|---|---|---|")
    words = "load + clean + export + CopyIntoDuckDB in a session"
    print(f"| {words} | {ours.seconds:.2f} | | {ours.peak_mb:.0f} |")
    for name, words in ALTERNATIVES.items():
        other = measure_contender(name, source)
        ratio = ours.seconds / other.seconds
        print(f"| {words} | {other.seconds:.2f} | {ratio:.2f} | {other.peak_mb:.0f} |")


READERS = {
    "duckdb memory": "DuckDB, all types told, into memory",
    "duckdb": "DuckDB, all types told, into a database file",
    "polars": "polars, all types told, into memory",
    "pandas": "pandas, all types told, into memory",
    "dlt arrow": "dlt, handed batches of pyarrow's CSV reader, into DuckDB",
    "dlt documented": "dlt, `filesystem(..)` and `read_csv()`, into DuckDB",
    "datadreamer": "DataDreamer's CSVDataSource, in a session",
}
_SLOW = {"dlt documented": 100_000}  # rows above which a contender is left out: 0.5 ms a row


def measure_rows(*sizes: str) -> None:
    """load + clean of one file, ROWS or ROWSxCOLUMNS, against each reader."""
    for size in sizes or ("1000000", "10000000", "1000000x300"):
        rows, _, columns = size.partition("x")
        path = make_wide(int(rows), int(columns)) if columns else make_players(int(rows))
        megabytes = path.stat().st_size / 1e6
        print(f"\n{int(rows):,} rows x {columns or 9} columns, one file, {megabytes:,.0f} MB\n")
        _compare_readers(str(path), int(rows))


def measure_files(*sizes: str) -> None:
    """load + clean of a folder, ROWSxFILES, against each reader; and once more after a change."""
    for size in sizes or ("1000000x1000", "10000000x1000"):
        rows, _, files = size.partition("x")
        source = split_table(make_players(int(rows)), int(files))
        print(f"\n{int(rows):,} rows x 9 columns in {int(files):,} files\n")
        _compare_readers(source, int(rows), {"dreambolt again": "the same, one file changed"})


def _compare_readers(source: str, rows: int, more: dict[str, str] | None = None) -> None:
    runs = 3 if rows <= 1_000_000 else 1
    ours = measure_contender("dreambolt", source, runs=runs, module="benchmarks.readers")
    print("| contender | seconds | ours / theirs | peak MiB |\n|---|---|---|---|")
    print(
        f"| load + clean in a session, nothing told | {ours.seconds:.2f} | | {ours.peak_mb:.0f} |"
    )
    for name, words in {**(more or {}), **READERS}.items():
        if rows > _SLOW.get(name, rows):
            print(f"| {words} | not run | | |")
            continue
        times = 1 if name in _SLOW else runs
        other = measure_contender(name, source, runs=times, module="benchmarks.readers")
        ratio = ours.seconds / other.seconds
        print(f"| {words} | {other.seconds:.2f} | {ratio:.2f} | {other.peak_mb:.0f} |", flush=True)


def measure_memory(*sizes: str) -> None:
    """Time and peak memory as tables grow: of all steps in one process, and of each in its own.

    Memory is in MiB above that after the imports.
    """
    print(f"| rows | seconds | rows/s | all | {' | '.join(STEPS)} |")
    print("|---" * (4 + len(STEPS)) + "|")
    for rows in map(int, sizes or ("1000000", "10000000")):
        source = str(make_players(rows))
        whole = measure_contender("dreambolt", source, runs=1)
        with tempfile.TemporaryDirectory() as folder:
            alone = [
                measure_contender(step, source, folder, runs=1, module="benchmarks.steps")
                for step in STEPS
            ]
        peaks = " | ".join(f"{one.peak_mb:.0f}" for one in (whole, *alone))
        speed = rows / whole.seconds
        print(f"| {rows:,} | {whole.seconds:.1f} | {speed:,.0f} | {peaks} |", flush=True)


def measure_resume() -> None:
    """Running the finished World Cup recipe again, against opening an empty session."""
    recipe = Path("recipes/worldcup.py").resolve()
    with tempfile.TemporaryDirectory() as scratch:
        run = [sys.executable, "-m", "dreambolt_steps", "run", str(recipe), "--session", "s"]
        run += ["--set", "out=out/worldcup", "--set", "database=out/worldcup.duckdb"]
        empty = Path(scratch, "empty.py")
        empty.write_text(
            "def recipe() -> None:\n    import dreambolt_steps\n    dreambolt_steps.LoadTable\n"
        )
        nothing = [sys.executable, "-m", "dreambolt_steps", "run", str(empty), "--session", "e"]
        here = Path.cwd()
        os.chdir(scratch)
        os.environ["PYTHONPATH"] = str(here)
        try:
            first = measure_command(run, runs=1)
            again, bare = measure_command(run), measure_command(nothing)
        finally:
            os.chdir(here)
    print("| recipes/worldcup.py | seconds |\n|---|---|")
    print(f"| first run | {first:.2f} |\n| again, everything cached | {again:.2f} |")
    print(f"| a recipe without steps | {bare:.2f} |\n| difference | {again - bare:.2f} |")


SECTIONS = {
    "pipeline": measure_pipeline,
    "dialects": measure_dialects,
    "odd": measure_odd_files,
    "rows": measure_rows,
    "files": measure_files,
    "formats": measure_formats,
    "memory": measure_memory,
    "startup": measure_startup,
    "resume": measure_resume,
    "embed": measure_embedding,
    "match": measure_matching,
    "firebolt": measure_firebolt,
    "synth": measure_models,
    "ray": measure_scale,
}


if __name__ == "__main__":
    for argument in sys.argv[1:] or SECTIONS:
        section, _, told = argument.partition("=")
        print(f"\n## {section}\n", flush=True)
        SECTIONS[section](*filter(None, told.split(",")))
