"""The rows of a query, whole: for a screen, a pipe or a file, in the format that is wanted."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pyarrow as pa

from dreambolt_steps.cli.tables import make_printable
from dreambolt_steps.errors import ExportError, UsageError
from dreambolt_steps.tables.column_types import is_number
from dreambolt_steps.unknown_names import tell_known

FORMATS = ("table", "csv", "json", "jsonl", "parquet")
_SUFFIXES = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".txt": "table",
}


@dataclass(frozen=True)
class ResultOutput:
    """Where the rows of a query go, and how they are written.

    Attributes:
        format: one of FORMATS.
        file: None for stdout.
    """

    format: str
    file: Path | None

    @property
    def is_screen(self) -> bool:
        """Whether a person reads along, so that a part of the rows will do."""
        return self.file is None and self.format == "table" and sys.stdout.isatty()

    def write(self, reader: pa.RecordBatchReader) -> int:
        """Write all rows, every column and every value whole. Returns: how many.

        Raises: ExportError: the file can't be written, or the disk is full.
        """
        writer = _WRITERS[self.format]
        if self.file is None:
            if self.format == "parquet" and sys.stdout.isatty():
                raise UsageError("Parquet is not for a screen; name a file: -o rows.parquet")
            with TemporaryDirectory(prefix="dreambolt-") as folder:
                aside = Path(folder, "rows")
                rows = writer(reader, aside)
                sys.stdout.flush()
                with aside.open("rb") as written:
                    shutil.copyfileobj(written, sys.stdout.buffer)
                sys.stdout.flush()
            return rows
        aside = self.file.with_name(f".{self.file.name}.partial")
        try:
            rows = writer(reader, aside)
            aside.replace(self.file)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ExportError(f"{self.file} can't be written: {reason.lower()}") from error
        finally:
            aside.unlink(missing_ok=True)
        return rows


def choose_output(name: str | None, file: Path | None, database: str = "") -> ResultOutput:
    """Decide on format and place, before any query is run.

    Args:
        name: of the format; None: by the file's suffix, else a table.
        file: of `-o`; None: stdout.
        database: which must not be overwritten.

    Raises: UsageError: an unknown format or suffix, or a file that can't be written there.
    """
    if name is not None and name not in FORMATS:
        raise UsageError(f"--format {name}: {tell_known(name, FORMATS)}")
    if file is None:
        return ResultOutput(name or "table", None)
    file = file.expanduser()
    known = name or _SUFFIXES.get(file.suffix.lower())
    if known is None:
        raise UsageError(
            f"-o {file}: the suffix says no format; end it in {', '.join(_SUFFIXES)}, or name one:"
            " --format"
        )
    if file.is_dir():
        raise UsageError(f"-o {file} is a folder; name a file in it")
    if not file.absolute().parent.is_dir():
        raise UsageError(f"-o {file}: there is no folder {file.parent}; make it, or name another")
    if file.exists() and _is_database(file, database):
        raise UsageError(f"-o {file} is the database itself; name another file")
    return ResultOutput(known, file)


def _is_database(file: Path, database: str) -> bool:
    from dreambolt_steps.warehouses.duckdb.connection import find_path
    from dreambolt_steps.warehouses.firebolt.settings import is_firebolt

    if not database or is_firebolt(database):
        return False
    path = find_path(database)
    return path.exists() and file.samefile(path)


def _write_table(reader: pa.RecordBatchReader, file: Path) -> int:
    """Columns as wide as their longest value."""
    names = [make_printable(name) for name in reader.schema.names]
    right = [is_number(field.type) for field in reader.schema]
    rows = [
        [_show_whole(value) for value in row]
        for batch in reader
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    with _open_text(file) as written:
        for row in [names, *rows] if names else []:
            cells = [
                value.rjust(width) if is_right else value.ljust(width)
                for value, width, is_right in zip(row, widths, right, strict=True)
            ]
            written.write("  ".join(cells).rstrip() + "\n")
    return len(rows)


def _write_csv(reader: pa.RecordBatchReader, file: Path) -> int:
    from dreambolt_steps.tables.sql import open_duckdb, quote_literal

    with open_duckdb() as connection:
        connection.register("dreambolt_rows", reader)
        target = quote_literal(str(file))
        sql = f"COPY (FROM dreambolt_rows) TO {target} (FORMAT csv, HEADER)"
        return int(connection.execute(sql).fetchall()[0][0])


def _write_json(reader: pa.RecordBatchReader, file: Path) -> int:
    rows = 0
    with _open_text(file) as written:
        for line in _render_lines(reader):
            written.write(f"{',' if rows else '['}\n{line}")
            rows += 1
        written.write("\n]\n" if rows else "[]\n")
    return rows


def _write_jsonl(reader: pa.RecordBatchReader, file: Path) -> int:
    rows = 0
    with _open_text(file) as written:
        for line in _render_lines(reader):
            written.write(line + "\n")
            rows += 1
    return rows


def _write_parquet(reader: pa.RecordBatchReader, file: Path) -> int:
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


_WRITERS: dict[str, Callable[[pa.RecordBatchReader, Path], int]] = {
    "table": _write_table,
    "csv": _write_csv,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}


@contextmanager
def _open_text(file: Path) -> Iterator[IO[str]]:
    with file.open("w", encoding="utf-8", errors="replace", newline="\n") as written:
        yield written


def _render_lines(reader: pa.RecordBatchReader) -> Iterator[str]:
    for batch in reader:
        for row in batch.to_pylist():
            yield json.dumps(_make_plain(row), ensure_ascii=False)


def _make_plain(value: Any) -> Any:
    """A value as JSON knows them: moments as ISO 8601, decimals that no float holds as text, NaN
    and infinities as null."""
    if isinstance(value, dict):
        return {str(key): _make_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_make_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)


def _show_whole(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return repr(value)
    return make_printable(str(value))
