"""Polluted files, read without hints: how much of the table each reader gives back.

The files are those of the tests (`tests/readers/csv/pollution.py`): every kind of pollution alone,
on every base table. Scored as in Pollock (Vitagliano et al., VLDB 2023): success, then precision,
recall and F1 of header, records and cells, each from 0 to 1, so 10 in all.
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.readers.csv.pollution import BASES, POLLUTIONS, pollute

Rows = list[list[str]]


def read_ours(path: Path) -> Rows:
    """This package."""
    from dreambolt_steps.readers.table.read import read_table

    table = read_table(path)
    rows = [list(row.values()) for row in table.reader.read_all().to_pylist()]
    return [list(table.report().files[0].columns), *rows]


def read_clevercsv(path: Path) -> Rows:
    """CleverCSV's sniffer and reader."""
    import clevercsv
    from clevercsv.encoding import get_encoding

    text = path.read_bytes().decode(get_encoding(str(path)) or "utf-8")
    dialect = clevercsv.Sniffer().sniff(text)
    return list(clevercsv.reader(text.splitlines(keepends=True), dialect))


def read_duckdb(path: Path, **options: Any) -> Rows:
    """DuckDB's read_csv with these options."""
    import duckdb

    with duckdb.connect() as connection:
        found = connection.read_csv(str(path), **options)
        return [list(found.columns), *map(list, found.fetchall())]


def read_leniently(path: Path) -> Rows:
    """DuckDB, everything text, whatever does not fit padded or left out."""
    lenient = {"strict_mode": False, "ignore_errors": True, "null_padding": True}
    return read_duckdb(path, all_varchar=True, **lenient)


def read_pandas(path: Path) -> Rows:
    """pandas.read_csv, everything text, bad lines left out."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=object, on_bad_lines="skip", keep_default_na=False)
    return [list(frame.columns), *frame.to_numpy().tolist()]


READERS: dict[str, Callable[[Path], Rows]] = {
    "dreambolt_steps": read_ours,
    "CleverCSV": read_clevercsv,
    "DuckDB": read_duckdb,
    "DuckDB, all text, lenient": read_leniently,
    "pandas": read_pandas,
}


def score_rows(wanted: Rows, found: Rows) -> float:
    """Score what was read, 0 to 10."""
    total = 1.0
    for cut in (
        lambda rows: list(map(_say, rows[0])) if rows else [],
        lambda rows: ["\0".join(map(_say, row)) for row in rows[1:]],
        lambda rows: [_say(cell) for row in rows[1:] for cell in row],
    ):
        total += sum(_compare(cut(wanted), cut(found)))
    return total


def _say(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    try:
        return str(float(text))
    except ValueError:
        return text.lower()


def _compare(wanted: Sequence[str], found: Sequence[str]) -> tuple[float, float, float]:
    if not wanted:
        return 1.0, 1.0, 1.0
    common = sum((Counter(wanted) & Counter(found)).values())
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / len(found), common / len(wanted)
    return precision, recall, 2 * precision * recall / (precision + recall)


def measure_dialects() -> None:
    """Every kind of pollution alone, on every base table."""
    csv.field_size_limit(1 << 30)
    drafts = [draft for base in BASES for kind in POLLUTIONS if (draft := pollute(base, (kind,)))]
    print(f"| {len(drafts)} polluted files | score of 10 | exact | failed |\n|---|---|---|---|")
    for name, read in READERS.items():
        scores, failed = [], 0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table.csv")
            for draft in drafts:
                path.write_bytes(draft.write())
                try:
                    found = read(path)
                except Exception:  # whatever a reader raises is its failure
                    failed += 1
                    scores.append(0.0)
                    continue
                wanted = [list(draft.expected_names), *draft.expected_rows]
                scores.append(score_rows(wanted, found))
        exact = sum(score > 9.9999 for score in scores)
        mean = sum(scores) / len(scores)
        print(f"| {name} | {mean:.2f} | {exact / len(scores):.0%} | {failed} |")
