"""`diff`: what changed between two runs, exports or tables."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console

from dreambolt_steps.cli.diff_sides import find_sides
from dreambolt_steps.cli.result_output import choose_output
from dreambolt_steps.cli.tables import make_printable, open_console, show_rows
from dreambolt_steps.errors import WarehouseError
from dreambolt_steps.findings.finding import count
from dreambolt_steps.tables.compare import TableComparison, TableDiff

_SCREEN_ROWS = 20


def show_diff(
    first: str | None,
    second: str | None,
    *,
    key: Sequence[str] = (),
    step: str | None = None,
    limit: int | None = None,
    output_format: str | None = None,
    file: Path | None = None,
) -> bool:
    """Print what differs between two tables, and the rows that do.

    Without a format and a file: a summary and the first rows, all of them in a pipe. With one: the
    rows alone, all and whole.

    Args:
        first, second, step: as `find_sides` takes them.
        key: columns that name a row, so that a changed row is told from one that came or went.
        limit: the most rows; None for 20 on a terminal, else all.
        output_format, file: as `choose_output` takes them.

    Returns: whether nothing differs.

    Raises:
        UnknownNameError: one of the two, the step or a column of the key is not there.
        UsageError: the key does not name one row; an unknown format.
    """
    output = choose_output(output_format, file)
    sides = find_sides(first, second, step)
    with _open_space() as connection:
        for side, table in zip(sides, ("before", "after"), strict=True):
            side.load(connection, table)
        comparison = TableComparison(connection, key)
        found = comparison.compare()
        console = open_console()
        is_plain = output_format is None and file is None
        if is_plain:
            _show_summary(console, found, sides[0].name, sides[1].name)
        if is_plain and output.is_screen:
            most = limit or _SCREEN_ROWS
            rows = comparison.read_rows(most + 1).read_all()
            if rows.num_rows:
                console.print()
                show_rows(rows.slice(0, most), console=console)
            if rows.num_rows > most:
                _say(console, f"and more; --limit N shows more than {most:,}, -o FILE writes all")
        elif not (is_plain and found.is_same):
            written = output.write(comparison.read_rows(limit))
            if file is not None:
                print(f"{count(written, 'row')} in {file}", file=sys.stderr)
    return found.is_same


def _show_summary(console: Console, found: TableDiff, before: str, after: str) -> None:
    _say(console, f"before: {before}, {count(found.rows_before, 'row')}")
    _say(console, f"after:  {after}, {count(found.rows_after, 'row')}")
    for one in found.columns:
        if one.before is None:
            _say(console, f"column {one.name}: added, {one.after}")
        elif one.after is None:
            _say(console, f"column {one.name}: removed, {one.before}")
        else:
            _say(console, f"column {one.name}: {one.before} became {one.after}")
    if found.is_same:
        _say(console, "the same columns and rows")
        return
    told = f"rows: {found.added:,} added, {found.removed:,} removed"
    same = found.rows_before - found.removed - found.changed
    told += f", {found.changed:,} changed" if found.key else ""
    _say(console, f"{told}, {same:,} as before")
    if found.changed_columns:
        listed = [f"{name} {number:,}" for name, number in found.changed_columns.items()]
        _say(console, f"changed values: {', '.join(listed)}")
    if found.possible_key is not None:
        name = shlex.quote(found.possible_key)
        _say(console, f"changed rows count as removed and added; --key {name} tells them apart")


def _say(console: Console, line: str) -> None:
    console.print(make_printable(line), highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _open_space() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own on disk, so that tables may be larger than memory."""
    with tempfile.TemporaryDirectory(prefix="dreambolt-") as folder:
        connection = duckdb.connect(str(Path(folder, "diff.duckdb")))
        try:
            yield connection
        except duckdb.Error as error:
            raise WarehouseError(f"the tables can't be compared: {error}") from error
        finally:
            connection.close()
