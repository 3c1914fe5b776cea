"""The distinct texts of a streamed table, from the shortest to the longest, and the cells that
hold them.

Sorting and joining are left to DuckDB on a file, so neither the table nor its distinct texts have
to fit in memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from dreambolt_steps.embedding.text_source import TextSource
from dreambolt_steps.errors import ExportError

NO_TEXT = -1
"""The place of the vector of a cell that is NULL or blank."""

KEY_BYTES = 16
_CELLS = pa.schema([("cell", pa.int64()), ("text", pa.string())])
_PLACES = pa.schema([("key", pa.binary()), ("place", pa.int64())])
_READ_ROWS = 8192
_SLICE_TEXTS = 16_384
_SLICE_BYTES = 1 << 25
# One level stays in memory per thread; the rest of a large table spills to the work folder.
_MEMORY_LIMIT = "512MB"
# The first half of SHA-256: no two texts of a table meet in it, not even made ones.
_KEY = "unhex(left(sha256(text), 32))"


class DistinctTexts:
    """Every distinct text of a table, and where its vector is, once that is known.

    Args:
        reader: the table, read once, to its end.
        sources: what is embedded of a row; a text found in several of them is one.
        work_folder: an existing folder for the temporary database and the places.

    Attributes: `count` distinct texts, `rows` of the table.

    Raises: SchemaError when a column is missing or holds no text; ExportError when the disk is
    full.

    Example:
        >>> with DistinctTexts(reader, name_sources(["player_name"], {}), folder) as texts:
        ...     texts.count
        7663
    """

    def __init__(
        self, reader: pa.RecordBatchReader, sources: Sequence[TextSource], work_folder: Path
    ) -> None:
        for source in sources:
            source.check(reader.schema)
        self.sources = list(sources)
        self.rows = 0
        self.count = 0
        self._places_path = work_folder / "places.i64"
        self._database_path = work_folder / "texts.duckdb"
        self._spill_path = work_folder / "spill"
        self._remove_database()
        with self._explain_errors():
            self._database = duckdb.connect(
                self._database_path,
                config={
                    "temp_directory": str(self._spill_path),
                    "memory_limit": _MEMORY_LIMIT,
                    "preserve_insertion_order": "false",
                },
            )
        try:
            self._collect(reader)
        except BaseException:
            self.close()
            raise

    def place(self, found: Iterator[tuple[pa.Array, np.ndarray]]) -> None:
        """Take down where vectors are.

        Args:
            found: keys (16 bytes each) and the places of their vectors, batch by batch.
        """
        batches = (pa.record_batch([keys.cast(pa.binary()), at], _PLACES) for keys, at in found)
        self._insert("INSERT INTO known SELECT key, place FROM incoming", _PLACES, batches)

    def list_missing(self) -> list[int]:
        """Number the texts whose vectors are nowhere yet, from the shortest to the longest.

        Returns: the first number of each slice for `read`, and the number of texts at the end. A
        slice has 16,384 texts and 32 MiB at most, or one text.
        """
        self._execute(
            "CREATE OR REPLACE TABLE missing AS SELECT row_number() OVER (ORDER BY size, text) - 1 "
            "AS code, text, key, size FROM texts ANTI JOIN known USING (key) ORDER BY code"
        )
        bounds, texts, total, used = [0], 0, 0, 0
        for batch in self._stream("SELECT size FROM missing ORDER BY code"):
            for size in batch["size"].to_pylist():
                if texts and (texts == _SLICE_TEXTS or used + size > _SLICE_BYTES):
                    bounds.append(total)
                    texts = used = 0
                texts, total, used = texts + 1, total + 1, used + size
        return [*bounds, total] if total else []

    def measure_missing(self) -> int:
        """Bytes of the texts that `list_missing` numbered."""
        ((size,),) = self._execute("SELECT coalesce(sum(size), 0) FROM missing")
        return int(size)

    def read(self, start: int, stop: int) -> tuple[list[str], list[bytes]]:
        """The missing texts numbered from `start` to `stop - 1`, and their keys."""
        found = self._execute(
            "SELECT text, key FROM missing WHERE code >= ? AND code < ? ORDER BY code",
            [start, stop],
        )
        return [text for text, _ in found], [key for _, key in found]

    def write_places(self) -> np.ndarray:
        """Write down where the vector of every cell is.

        Returns: int64 array of shape (rows, sources), memory-mapped read-only; `NO_TEXT` where a
        cell is NULL or blank.
        """
        shape = (self.rows, len(self.sources))
        if not self.rows:
            return np.empty(shape, np.int64)
        # Written, not mapped, at first: mapped pages of a full disk would kill the process.
        with self._explain_errors(), self._places_path.open("wb") as file:
            for start in range(0, self.rows, _SLICE_TEXTS):
                size = (min(_SLICE_TEXTS, self.rows - start), shape[1])
                file.write(np.full(size, NO_TEXT, np.int64).tobytes())
        places = np.memmap(self._places_path, np.int64, "r+", shape=shape)
        flat = places.reshape(-1)
        query = "SELECT cell, place FROM cells JOIN texts USING (code) JOIN known USING (key)"
        for batch in self._stream(query):
            flat[batch["cell"].to_numpy()] = batch["place"].to_numpy()
        places.flush()
        return np.memmap(self._places_path, np.int64, "r", shape=shape)

    def close(self) -> None:
        """Close and remove the temporary database; the places stay."""
        self._database.close()
        self._remove_database()

    def __enter__(self) -> DistinctTexts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _collect(self, reader: pa.RecordBatchReader) -> None:
        run = self._execute
        run("CREATE TABLE known (key BLOB, place BIGINT)")
        run("CREATE TABLE spoken (cell BIGINT, text VARCHAR)")
        self._insert("INSERT INTO spoken FROM incoming", _CELLS, self._number_cells(reader))
        run(
            f"CREATE TABLE texts AS SELECT text, {_KEY} AS key, strlen(text) AS size, "  # noqa: S608
            "row_number() OVER () AS code FROM (SELECT DISTINCT text FROM spoken)"
        )
        run("CREATE TABLE cells AS SELECT cell, code FROM spoken JOIN texts USING (text)")
        run("DROP TABLE spoken")
        ((self.count,),) = run("SELECT count(*) FROM texts")

    def _number_cells(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        width = len(self.sources)
        for batch in reader:
            for position, source in enumerate(self.sources):
                texts = source.read(batch)
                cells = pa.array(np.arange(batch.num_rows) * width + self.rows * width + position)
                yield pa.record_batch([cells, texts], _CELLS).filter(texts.is_valid())
            self.rows += batch.num_rows

    def _insert(self, statement: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        failures: list[Exception] = []

        def watch() -> Iterator[pa.RecordBatch]:
            try:
                yield from batches
            except Exception as error:
                failures.append(error)
                raise

        self._database.register("incoming", pa.RecordBatchReader.from_batches(schema, watch()))
        try:
            self._execute(statement)
        except ExportError:
            # DuckDB turns an error of the stream into one of its own, without the type.
            if failures:
                raise failures[0] from None
            raise
        self._database.unregister("incoming")

    def _execute(self, query: str, values: Sequence[int] = ()) -> list[tuple[Any, ...]]:
        with self._explain_errors():
            return self._database.execute(query, values).fetchall()

    def _stream(self, query: str) -> Iterator[pa.RecordBatch]:
        with self._explain_errors():
            batches: Any = self._database.sql(query).to_arrow_reader(_READ_ROWS)
            yield from batches

    @contextmanager
    def _explain_errors(self) -> Iterator[None]:
        """Explain what DuckDB raises; behind the first batches of DuckDB 2.0 it comes through
        Arrow, as an OSError."""
        try:
            yield
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise ExportError(
                f"the distinct texts of {', '.join(one.output for one in self.sources)} can't be "
                f"kept in {self._places_path.parent}: {reason}; make room there or choose another "
                "work folder"
            ) from error

    def _remove_database(self) -> None:
        for path in (self._database_path, self._database_path.with_suffix(".duckdb.wal")):
            path.unlink(missing_ok=True)
        shutil.rmtree(self._spill_path, ignore_errors=True)
