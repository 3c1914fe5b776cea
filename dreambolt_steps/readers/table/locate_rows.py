"""Where rows of a table stand in its files: each file with such rows is read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from dreambolt_steps.readers.location import RowPlace
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source_file import SourceFile

FORMATS = ("csv", "tsv", "json", "jsonl")
"""Those whose rows are lines of text."""


def locate_rows(
    rows: Iterable[int],
    sources: Sequence[SourceFile],
    rows_by_file: Sequence[tuple[str, int]],
    spool: Path,
    **arguments: Any,
) -> Iterator[tuple[str, RowPlace] | None]:
    """Yield the file that each row came from and where it stands there; None where that is not
    known.

    Args:
        rows: numbers of rows of the table, 0-based, ascending; asked for one by one.
        sources: the files behind the table.
        rows_by_file: files as they were reported, in the order of the table, and their rows.
        spool: folder for what is fetched and unpacked.
        arguments: of `read_table`, with which they were read.

    Raises: what `fetch_file` and `read_table` raise.
    """
    known = {source.shown: source for source in sources}
    ends = np.cumsum([count for _, count in rows_by_file])
    find: Callable[[int], int] = lambda row: int(np.searchsorted(ends, row, side="right"))  # noqa: E731
    for at, wanted in groupby(rows, find):
        if at == len(rows_by_file):
            yield from (None for _ in wanted)
            continue
        file, count = rows_by_file[at]
        source = known.get(file) or known.get(file.split("!", 1)[0])
        if source is None:
            yield from (None for _ in wanted)
            continue
        path = fetch_file(source, spool, max_expanded_bytes=arguments.get("max_expanded_bytes"))
        read = read_table(path, sources=[source], spool=spool, is_part=True, **arguments)
        start = int(ends[at]) - count
        try:
            for place in read.iterate_places(file, (row - start for row in wanted), count):
                yield (file, place) if place else None
        finally:
            read.close()
