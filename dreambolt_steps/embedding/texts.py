"""The distinct texts of a streamed table, numbered from the shortest to the longest.

Sorting and joining are left to DuckDB on a file, so neither the table nor its distinct texts have
to fit in memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from dreambolt_steps.errors import ExportError, SchemaError

NO_TEXT = -1
"""The code of a cell that is NULL or blank."""

_CELLS = pa.schema([("cell", pa.int64()), ("text", pa.string())])
_TEXT_TYPES = (pa.string(), pa.large_string(), pa.string_view(), pa.null())
_READ_ROWS = 8192
# One level stays in memory per thread; the rest of a large table spills to the work folder.
_MEMORY_LIMIT = "512MB"


class DistinctTexts:
    """Every distinct text of some columns, numbered by length, then by text, from 0 on.

    Args:
        reader: the table, read once, to its end.
        columns: names of its text columns; a text found in several of them gets one code.
        work_folder: an existing folder for the temporary database and the codes.

    Attributes: `count` distinct texts, `rows` of the table, `digest` of the texts in code order
    (hex).

    Raises: SchemaError when a column is missing or holds no text; ExportError when the disk is
    full.

    Example:
        >>> with DistinctTexts(reader, ["player_name"], folder) as texts:
        ...     texts.count, texts.read(0, 2)
        (7663, ['PELE', 'XAVI'])
    """

    def __init__(
        self, reader: pa.RecordBatchReader, columns: Sequence[str], work_folder: Path
    ) -> None:
        check_text_columns(reader.schema, columns)
        self.columns = list(columns)
        self.rows = 0
        self._codes_path = work_folder / "codes.i32"
        self._database_path = work_folder / "texts.duckdb"
        self._spill_path = work_folder / "spill"
        self._remove_database()
        self._source_error: Exception | None = None
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
        except duckdb.Error as error:
            self.close()
            if self._source_error is not None:
                raise self._source_error from error
            raise self._explain(error) from error
        except BaseException:
            self.close()
            raise

    def read(self, start: int, stop: int) -> list[str]:
        """Return the texts with the codes `start` to `stop - 1`, in code order."""
        found = self._database.execute(
            "SELECT text FROM texts WHERE code >= ? AND code < ? ORDER BY code", [start, stop]
        ).fetchall()
        return [text for (text,) in found]

    def write_codes(self) -> np.ndarray:
        """Write the code of every cell to disk.

        Returns: int32 array of shape (rows, columns), memory-mapped read-only; `NO_TEXT` where a
        cell is NULL or blank.
        """
        if not self.rows:
            return np.empty((0, len(self.columns)), np.int32)
        shape = (self.rows, len(self.columns))
        # Written, not mapped, at first: mapped pages of a full disk would kill the process.
        no_texts = np.full(shape[1], NO_TEXT, np.int32).tobytes()
        try:
            with self._codes_path.open("wb") as file:
                file.writelines(repeat(no_texts, self.rows))
        except OSError as error:
            raise self._explain(error) from error
        codes = np.memmap(self._codes_path, np.int32, "r+", shape=shape)
        flat = codes.reshape(-1)
        for batch in self._stream("SELECT cell, code FROM cells JOIN texts USING (text)"):
            flat[batch["cell"].to_numpy()] = batch["code"].to_numpy()
        codes.flush()
        return np.memmap(self._codes_path, np.int32, "r", shape=shape)

    def close(self) -> None:
        """Close and remove the temporary database; the codes stay."""
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
        cells = pa.RecordBatchReader.from_batches(_CELLS, self._number_cells(reader))
        self._database.register("incoming", cells)
        self._database.execute("CREATE TABLE cells AS SELECT cell, text FROM incoming")
        self._database.unregister("incoming")
        self._database.execute(
            "CREATE TABLE texts AS SELECT text, "
            "row_number() OVER (ORDER BY strlen(text), text) - 1 AS code "
            "FROM (SELECT DISTINCT text FROM cells) ORDER BY code"
        )
        digest = xxhash.xxh3_128()
        self.count = 0
        for batch in self._stream("SELECT text FROM texts ORDER BY code"):
            self.count += batch.num_rows
            for text in batch["text"].to_pylist():
                digest.update(text.encode() + b"\xff")  # 0xff is in no UTF-8 text: a safe separator
        self.digest = digest.hexdigest()

    def _number_cells(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        width = len(self.columns)
        try:
            for batch in reader:
                for position, column in enumerate(self.columns):
                    texts = batch.column(column).cast(pa.string())
                    spoken = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(texts), ""), False)
                    cells = pa.array(
                        np.arange(batch.num_rows) * width + self.rows * width + position
                    )
                    yield pa.record_batch([cells, texts], _CELLS).filter(spoken)
                self.rows += batch.num_rows
        except Exception as error:
            # DuckDB turns an error of the stream into one of its own, without the type.
            self._source_error = error
            raise

    def _stream(self, query: str) -> Iterator[pa.RecordBatch]:
        batches: Any = self._database.sql(query).to_arrow_reader(_READ_ROWS)
        yield from batches

    def _explain(self, error: Exception) -> ExportError:
        reason = str(error).partition("\n")[0]
        return ExportError(
            f"the distinct texts of {', '.join(self.columns)} can't be kept in "
            f"{self._codes_path.parent}: {reason}; make room there or choose another work folder"
        )

    def _remove_database(self) -> None:
        for path in (self._database_path, self._database_path.with_suffix(".duckdb.wal")):
            path.unlink(missing_ok=True)
        shutil.rmtree(self._spill_path, ignore_errors=True)


def check_text_columns(schema: pa.Schema, columns: Sequence[str]) -> None:
    """Raise SchemaError unless each of `columns` is there once and holds text or only NULLs."""
    for column in columns:
        found = schema.get_all_field_indices(column)
        if len(found) != 1:
            what = "is missing" if not found else f"is there {len(found)} times"
            raise SchemaError(
                f"column {column!r} {what}, so it can't be embedded; the table has "
                f"{', '.join(schema.names)}"
            )
        kind = schema.field(found[0]).type
        content = kind.value_type if pa.types.is_dictionary(kind) else kind
        if content not in _TEXT_TYPES:
            raise SchemaError(
                f"column {column!r} is of type {kind}, only text can be embedded; choose a text "
                "column or cast it to text first"
            )
