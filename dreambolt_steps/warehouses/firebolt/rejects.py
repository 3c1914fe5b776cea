"""Rows that Firebolt left out of a COPY, read from the folder it writes them to."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from dreambolt_steps.warehouses.s3_staging.bucket import read_small


@dataclass(frozen=True)
class LeftOut:
    """A row of a file that was not loaded: its place in the file, and why."""

    file: str
    row: int | None
    reason: str


def read_rejects(folder: str) -> list[LeftOut]:
    """Read what COPY says of rows that it left out.

    Firebolt writes two kinds of CSV files below ERROR_FILE, in a folder for each query that begins
    with its time: the reasons (`error_reasons*.csv`: file_name, source_line_num, error_message),
    and the rows. Only the reasons are read: the rows themselves are in the exported files. A COPY
    that was broken and made again left them twice: the last query that tells of a file counts.

    Args:
        folder: s3://bucket/prefix/ of ERROR_FILE.
    """
    found: dict[str, dict[str, list[LeftOut]]] = {}
    for key, content in read_small(folder):
        query, _, name = key.rpartition("/")
        if not name.startswith("error_reasons"):
            continue
        for row in csv.DictReader(io.StringIO(content.decode("utf-8", errors="replace"))):
            line = row.get("source_line_num") or ""
            file = row.get("file_name") or ""
            number = int(line) if line.isdigit() else None
            told = LeftOut(file, number, row.get("error_message") or "")
            found.setdefault(file, {}).setdefault(query, []).append(told)
    return [row for queries in found.values() for row in queries[max(queries)]]
