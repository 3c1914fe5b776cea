"""The rows of a delimited file: by Arrow as far as they fit, then by DuckDB, which says why not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.csv.arrow_csv import iterate_arrow_csv, suits_arrow
from dreambolt_steps.readers.csv.sniff.dialect import MAX_LINE_BYTES, Dialect
from dreambolt_steps.tables.sql import open_cursor, quote_literal

_BATCH_BYTES = 8 << 20
_MAX_BATCH_ROWS = 131_072
_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class Misfit:
    """A row that does not fit.

    Attributes:
        offset: its first byte in the file.
        kind: DuckDB's word for what is wrong first, such as "UNQUOTED VALUE".
        message: DuckDB's explanation.
        column: 1-based number of the column at fault.
        raw: the row as it was read.
    """

    offset: int
    kind: str
    message: str
    column: int | None
    raw: str


class DelimitedRows:
    """The rows of a UTF-8 file whose dialect is known, to be read once."""

    def __init__(
        self,
        path: Path,
        dialect: Dialect,
        names: Sequence[str],
        *,
        is_sound: bool,
        line_end: str,
        original: Path,
    ) -> None:
        """Nothing is read yet.

        Args:
            path: the file.
            dialect: how it is written.
            names: of its columns.
            is_sound: whether its quotes are known to be sound and its line ends of one kind.
            line_end: how its lines end.
            original: the file that errors name.
        """
        self._path = path
        self._dialect = dialect
        self._names = names
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._is_sound = is_sound
        self._line_end = line_end
        self._original = original
        self._connection: duckdb.DuckDBPyConnection | None = None

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield batches of about 8 MiB, in order; a field that is missing is null, a quoted ""
        stays "".

        Raises: SourceError when the file can't be read further.
        """
        done = 0
        try:
            if self._is_sound and suits_arrow(self._dialect, self._read_last()):
                try:
                    for batch in iterate_arrow_csv(self._path, self._dialect, self._names):
                        if limit is not None:
                            batch = batch.slice(0, limit - done)
                        done += batch.num_rows
                        yield batch
                        if done == limit:
                            break
                    return
                except pa.ArrowInvalid:
                    pass
            yield from self._iterate_duckdb(done, None if limit is None else limit - done)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise SourceError(f"{self._original}: can't be read ({reason})") from error

    def list_misfits(self) -> list[Misfit]:
        """List the rows that did not fit, once the batches are exhausted, each once, in order."""
        if self._connection is None:
            return []
        query = (
            "select line_byte_position, first(error_type order by byte_position), "
            "max_by(error_message, column_idx), "
            "first(column_idx order by byte_position), first(csv_line) "
            "from reject_errors group by 1 order by 1"
        )
        return [_place(*row) for row in self._connection.sql(query).fetchall()]

    def close(self) -> None:
        """Give DuckDB's memory back."""
        if self._connection is not None:
            self._connection.close()

    def _read_last(self) -> bytes:
        with self._path.open("rb") as handle:
            handle.seek(-1, os.SEEK_END)
            return handle.read(1)

    def _iterate_duckdb(self, start: int, limit: int | None) -> Iterator[pa.RecordBatch]:
        query = f"from read_csv({quote_literal(str(self._path))}, {self._write_options()})"
        query += "" if limit is None else f" limit {limit:d}"
        query += f" offset {start:d}" if start else ""
        self._connection = open_cursor()
        for batch in self._connection.sql(query).to_arrow_reader(self._choose_batch_rows()):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=self._schema)

    def _write_options(self) -> str:
        dialect = self._dialect
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self._names)))
        options: dict[str, str | bool | int] = {
            "auto_detect": False,
            "delim": dialect.delimiter,
            "quote": dialect.quote,
            "escape": dialect.escape,
            "header": False,
            "new_line": self._line_end.encode("unicode_escape").decode(),  # as DuckDB spells it
            "skip": dialect.skip + dialect.header,
            "allow_quoted_nulls": False,
            "store_rejects": True,
            "hive_partitioning": False,
            "max_line_size": MAX_LINE_BYTES,
            "buffer_size": 2 * MAX_LINE_BYTES,
        }
        written = ", ".join(f"{name}={quote_literal(value)}" for name, value in options.items())
        return f"columns={{{columns}}}, {written}"

    def _choose_batch_rows(self) -> int:
        with self._path.open("rb") as handle:
            sample = handle.read(_SAMPLE_BYTES)
        row_bytes = len(sample) / max(sample.count(b"\n"), 1)
        return int(min(max(_BATCH_BYTES / row_bytes, 64), _MAX_BATCH_ROWS))


def _place(position: int, kind: str, message: str, column: int | None, raw: str) -> Misfit:
    """DuckDB 2.0 counts bytes from 1, and takes the LF of a CRLF for a part of the next row."""
    text = raw.lstrip("\r\n")
    return Misfit(position - 1 + len(raw) - len(text), kind, message, column, text)
