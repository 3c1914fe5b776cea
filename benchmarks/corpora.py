"""Reads every file below a folder that nobody here wrote, and says what became of each.

    python -m benchmarks.corpora FOLDER [--seconds 30] [--memory 4096] [--suffix .csv,.parquet]

Each file is read whole in a process of its own, within limits of time and memory:

- `read`: its rows, beside those that DuckDB counts where it reads the file;
- `refused`: an error of this package, which is what a user would read;
- `crashed`: anything else that was raised, or a process that died;
- `hung`: not done within the time.

A line is printed for each file that was not read, or whose rows are others than DuckDB's (rejected
ones and those left out do not count as missing), then the sums. No copy of any file is kept.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.suffixes import is_table_name, split_suffixes

_DUCKDB = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".txt": "read_csv",
    ".dat": "read_csv",
    ".psv": "read_csv",
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
_COUNT_SECONDS = 20
_SHOWN = 200


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        word: read, refused, crashed or hung.
        told: rows, or why not.
        rows: that were read.
        others: rejected and left out.
    """

    word: str
    told: str
    rows: int = -1
    others: int = 0


def read_whole(path: Path) -> str:
    """Read a file to its end; return "rows others", others being rejected or left out."""
    table = read_table(path)
    for _ in table.reader:
        pass
    report = table.report()
    return f"{report.rows} {report.rejected + sum(file.left_out for file in report.files)}"


def count_with_duckdb(path: Path) -> str:
    """The rows that DuckDB's own detection finds."""
    function = _DUCKDB[split_suffixes(path.name)[0]]
    with duckdb.connect() as connection:
        counted = connection.execute(f"select count(*) from {function}($1)", [str(path)])
        return str(counted.fetchall()[0][0])


def run_within(work: Callable[[Path], str], path: Path, seconds: float, memory: int) -> Outcome:
    """Run a function of a file in a process of its own.

    Args:
        work: returns what is to be told.
        path: of the file.
        seconds: that it may take.
        memory: bytes that it may map beyond what this process has.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _serve(work, path, writing, memory)
    os.close(writing)
    deadline = time.monotonic() + seconds
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)
            return Outcome("hung", f"not done after {seconds:g} s")
        time.sleep(0.01)
    with os.fdopen(reading, "rb") as pipe:
        word, _, told = pipe.read().decode(errors="replace").partition("\n")
    if not word:
        return Outcome("crashed", f"the process ended with status {done[1]}")
    if word != "read":
        return Outcome(word, told)
    rows, _, others = told.partition(" ")
    return Outcome("read", told, int(rows), int(others or 0))


def _serve(work: Callable[[Path], str], path: Path, writing: int, memory: int) -> None:
    """In the child: do the work, tell of it, and end without a word to anybody else."""
    os.setpgid(0, 0)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + memory, mapped + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = f"read\n{work(path)}"
    except DreamboltError as error:
        told = f"refused\n{error}"
    except BaseException as error:
        told = f"crashed\n{type(error).__name__}: {error}"
    os.write(writing, told.encode(errors="replace")[:4096])
    os._exit(0)


def list_files(folder: Path, suffixes: set[str]) -> Iterator[Path]:
    """The files below a folder whose names are those of tables; of these suffixes, if any."""
    for path in sorted(folder.rglob("*")):
        suffix = split_suffixes(path.name)[0]
        if path.is_file() and is_table_name(path.name) and (not suffixes or suffix in suffixes):
            yield path


def read_corpus(folder: Path, seconds: float, memory: int, suffixes: set[str]) -> Counter[str]:
    """Read every file, print what is worth a look, and return how many became what."""
    sums: Counter[str] = Counter()
    for path in list_files(folder, suffixes):
        ours = run_within(read_whole, path, seconds, memory)
        sums[ours.word] += 1
        shown = path.relative_to(folder)
        if ours.word != "read":
            print(f"{ours.word:8} {shown}: {' '.join(ours.told.split())[:_SHOWN]}", flush=True)
        if split_suffixes(path.name)[0] not in _DUCKDB:
            continue
        theirs = run_within(count_with_duckdb, path, _COUNT_SECONDS, memory)
        if theirs.word != "read":
            sums["DuckDB does not read"] += 1
        elif ours.word == "read" and not ours.rows <= theirs.rows <= ours.rows + ours.others:
            sums["other rows than DuckDB's"] += 1
            told = f"{ours.rows:,} rows, {ours.others:,} rejected or left out"
            print(f"differs  {shown}: {told}; DuckDB counts {theirs.rows:,}", flush=True)
        elif ours.word != "read":
            sums[f"{ours.word}, though DuckDB reads it"] += 1
    return sums


def main(arguments: list[str]) -> None:
    """Read a corpus and print the sums."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--memory", type=int, default=4096, help="MiB")
    parser.add_argument("--suffix", default="", help="such as .csv,.parquet; default: all")
    told = parser.parse_args(arguments)
    suffixes = {suffix for suffix in told.suffix.split(",") if suffix}
    for word, count in read_corpus(told.folder, told.seconds, told.memory << 20, suffixes).items():
        print(f"{count:6,}  {word}")


if __name__ == "__main__":
    main(sys.argv[1:])
