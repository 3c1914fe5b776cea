# ruff: noqa: S608 (texts are variables of the connection, numbers are ints)
"""`rejects`: what the steps of a session rejected, by reason and row by row."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dreambolt_steps.cli.find_session import find_session
from dreambolt_steps.cli.result_output import ResultOutput, choose_output
from dreambolt_steps.cli.tables import open_console, show_rows
from dreambolt_steps.errors import UnknownNameError
from dreambolt_steps.findings.finding import count
from dreambolt_steps.session.step_cache import BACKUPS, read_receipt
from dreambolt_steps.tables.rejects.summary import summarize_rejects
from dreambolt_steps.tables.sql import open_duckdb
from dreambolt_steps.unknown_names import tell_known

_SCREEN_ROWS = 20
_SCREEN_COLUMNS = (
    *("line", "column", "value", "reason", "step", "file", "raw", "kept", "byte_offset", "row"),
)
_MOST_REASONS = 1_000
_COLUMNS = 'step, file, line, "column", value, reason, kept, raw, byte_offset, "row"'
_EMPTY = (
    "SELECT NULL::VARCHAR AS step, NULL::VARCHAR AS file, NULL::BIGINT AS line, NULL::BIGINT AS "
    'byte_offset, NULL::VARCHAR AS "column", NULL::VARCHAR AS value, NULL::VARCHAR AS reason, '
    'NULL::VARCHAR AS raw, NULL::BOOLEAN AS kept, NULL::BIGINT AS "row" WHERE false'
)


@dataclass(frozen=True)
class RejectFilter:
    """Which rejects are asked for.

    Attributes:
        step: of this step alone; None for all.
        reason: whose column and reason hold this text, whatever its case; None for all.
    """

    step: str | None = None
    reason: str | None = None


def show_rejects(
    name: str | None,
    wanted: RejectFilter,
    *,
    by_reason: bool = False,
    limit: int | None = None,
    output_format: str | None = None,
    file: Path | None = None,
) -> None:
    """Print or write rejects.

    On a terminal: their counts by reason, and the first 20 rows. Anywhere else all rows, whole.

    Args:
        name: of the session, as `find_session` takes it.
        wanted: which of them.
        by_reason: only counts by reason.
        limit: the most rows; None for 20 on a terminal, else all.
        output_format, file: as `choose_output` takes them.

    Raises:
        UnknownNameError: no such session or step, or no reject with that reason.
        UsageError: an unknown format, or a file that can't be written.
    """
    output = choose_output(output_format, file)
    session = find_session(name)
    files = _find_files(session, wanted.step)
    counts = _count_reasons(list(files.values()), wanted.reason)
    if not counts.num_rows and output.is_screen:
        print(f"no rejects in {session}")
        return
    if by_reason:
        _write(output, counts)
        return
    with _open_rejects(files, wanted.reason) as (connection, sql):
        if not output.is_screen:
            most = "" if limit is None else f" LIMIT {int(limit)}"
            reader = connection.sql(f"{sql}{most}").to_arrow_reader(10_000)
            _tell_written(output, output.write(reader))
            return
        total = connection.sql(f"SELECT count(*) FROM ({sql})").fetchall()[0][0]
        rows = connection.sql(f"{sql} LIMIT {int(limit or _SCREEN_ROWS)}").to_arrow_table()
    console = open_console()
    console.print(f"{count(total, 'reject')} in {session}", highlight=False, markup=False)
    show_rows(counts, console=console)
    console.print()
    show_rows(_drop_empty(rows), console=console)
    if rows.num_rows < total:
        told = f"{rows.num_rows:,} of {total:,} rows; --limit N shows more, -o FILE writes all"
        console.print(told, highlight=False)


def _find_files(session: Path, step: str | None) -> dict[str, Path]:
    """Step -> the file of its rejects.

    Raises: UnknownNameError: the session has no such step.
    """
    found: dict[str, Path] = {}
    steps = []
    for receipt_file in sorted(session.glob("**/receipt.json")):
        folder = receipt_file.parent
        if (
            BACKUPS in folder.relative_to(session).parts
            or (receipt := read_receipt(folder)) is None
        ):
            continue
        steps.append(receipt.step)
        if (folder / "rejects.parquet").is_file():
            found[receipt.step] = folder / "rejects.parquet"
    if step is not None and step not in steps:
        raise UnknownNameError(f"--step {step}: no step of {session}; {tell_known(step, steps)}")
    return {name: path for name, path in found.items() if step in (None, name)}


def _count_reasons(files: list[Path], text: str | None) -> pa.Table:
    """Counts by reason, the most frequent first.

    Raises: UnknownNameError: there are rejects, but none with that reason.
    """
    found = summarize_rejects(files, reasons=_MOST_REASONS, examples=1)
    kept = [one for one in found if text is None or text.casefold() in one.told.casefold()]
    if found and not kept:
        known = [one.told for one in found]
        raise UnknownNameError(f"--reason {text}: no such reason; {tell_known(text, known)}")
    columns: dict[str, Any] = {
        "rejects": pa.array([one.count for one in kept], pa.int64()),
        "column": pa.array([one.column for one in kept], pa.string()),
        "reason": pa.array([one.reason for one in kept], pa.string()),
    }
    return pa.table(columns)


@contextmanager
def _open_rejects(files: dict[str, Path], text: str | None) -> Iterator[tuple[Any, str]]:
    """A connection, and the query for the rejects on it."""
    with open_duckdb() as connection:
        parts = [_EMPTY]
        for at, (step, path) in enumerate(files.items()):
            connection.execute(f"SET VARIABLE step_{at} = $step", {"step": step})
            connection.execute(f"SET VARIABLE file_{at} = $path", {"path": str(path)})
            parts.append(
                f"SELECT getvariable('step_{at}') AS step, * "
                f"FROM read_parquet(getvariable('file_{at}'))"
            )
        where = ""
        if text is not None:
            connection.execute("SET VARIABLE reason = $text", {"text": text.casefold()})
            told = "lower(concat_ws(': ', \"column\", reason))"
            where = f" WHERE contains({told}, getvariable('reason'))"
        yield connection, f"SELECT {_COLUMNS} FROM ({' UNION ALL BY NAME '.join(parts)}){where}"


def _drop_empty(rows: pa.Table) -> pa.Table:
    """The rows for a screen: what says most stands first, columns that hold nothing are left
    out."""
    return rows.select([n for n in _SCREEN_COLUMNS if rows[n].null_count < rows.num_rows])


def _write(output: ResultOutput, rows: pa.Table) -> None:
    if output.is_screen:
        show_rows(rows)
    else:
        _tell_written(output, output.write(rows.to_reader()))


def _tell_written(output: ResultOutput, rows: int) -> None:
    if output.file is not None:
        print(f"{count(rows, 'row')} in {output.file}", file=sys.stderr)
