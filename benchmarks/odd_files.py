"""Files in which something is odd, against the clean one of the same size and DuckDB's lenient
reader."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.data import FOLDER
from benchmarks.measure import measure_contender, report_work

HEAD = "id,name,day,price,city,note,flag\n"
Change = Callable[[int, list[str]], str]


def _write(row: list[str]) -> str:
    return ",".join(row) + "\n"


def _put(every: int, note: str) -> Change:
    def change(number: int, row: list[str]) -> str:
        return _write([*row[:5], note, row[6]] if number % every == every // 2 else row)

    return change


def _add(every: int, more: list[str]) -> Change:
    return lambda number, row: _write(row + more if number % every == every // 2 else row)


ODD: dict[str, Change] = {
    "clean": lambda _, row: _write(row),
    "quoted line ends in 1 %": _put(100, '"two\nlines"'),
    "Latin-1": lambda _, row: _write([row[0], row[1].replace("name 5", "n\xe4me 5"), *row[2:]]),
    "one row too long": _add(100_000, ["x"]),
    "one NUL": _put(100_000, "no\0te"),
    "0.1 % with a stray inch mark": _put(1000, '5" pipe'),
    "0.1 % with a quote that nothing closes": _put(1000, '"5 pipe'),
    "1 % with a stray inch mark": _put(100, '5" pipe'),
    "1 % of rows too long": _add(100, ["x"]),
    "a third of the rows short of two fields": lambda number, row: _write(
        row[:5] if number % 3 == 1 else row
    ),
}


def measure_odd_files(*sizes: str) -> None:
    """Each odd file of so many rows, read by ours and by DuckDB."""
    for size in sizes or ("200000",):
        rows, clean = int(size), 0.0
        print(f"\n| {rows:,} rows x 7 columns | ours s | ours / clean | DuckDB s | ratio |")
        print("|---|---|---|---|---|")
        for name in ODD:
            path = str(make_odd_file(name, rows))
            runs = 1
            ours, theirs = (
                measure_contender(reader, path, runs=runs, module="benchmarks.odd_files").seconds
                for reader in READERS
            )
            clean = clean or ours
            told = f"| {name} | {ours:.2f} | {ours / clean:.1f} "
            print(f"{told}| {theirs:.2f} | {ours / theirs:.1f} |", flush=True)


def make_odd_file(name: str, rows: int) -> Path:
    """Write the file, if it is not there yet."""
    words = "".join(letter if letter.isalnum() else "_" for letter in name)
    path = FOLDER / f"odd_{words}_{rows}.csv"
    if path.exists():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    encoding = "latin-1" if name == "Latin-1" else "utf-8"
    with path.open("w", encoding=encoding, newline="") as handle:
        handle.write(HEAD)
        for at in range(rows):
            row = [str(at), f"name {at % 1000}", f"2024-{at % 12 + 1:02}-{at % 28 + 1:02}"]
            row += [f"{at * 7 % 10000 / 100:.2f}", f"city {at % 77}"]
            row += ["some words of a note" if at % 3 else "", "yes" if at % 2 else "no"]
            handle.write(ODD[name](at, row))
    return path


def read_ours(path: str) -> None:
    """This package: every row as text, every reject told."""
    from dreambolt_steps.readers.table.read import read_table

    table = read_table(path)
    for _ in table.reader:
        pass
    table.report()


def count_duckdb(path: str) -> None:
    """DuckDB's lenient reader, counted."""
    import duckdb

    duckdb.sql(
        "select count(*) from read_csv($path, ignore_errors = true, strict_mode = false)",
        params={"path": path},
    ).fetchall()


READERS = {"ours": read_ours, "duckdb": count_duckdb}


if __name__ == "__main__":
    import duckdb  # noqa: F401  imports are not counted

    import dreambolt_steps.readers.table.read  # noqa: F401

    report_work(lambda: READERS[sys.argv[1]](sys.argv[2]))
