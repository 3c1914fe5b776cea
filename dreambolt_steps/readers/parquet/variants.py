"""Columns of Parquet's variant type, which pyarrow has no place for: DuckDB reads them."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds

from dreambolt_steps.tables.sql import open_duckdb, quote_literal

_PARTS = {"metadata", "value", "typed_value"}
_BATCH_ROWS = 16_384


def find_variants(file: pq.ParquetFile) -> list[int]:
    """The columns, by number, that are variants, as the file's schema says."""
    told = str(file.schema)
    return [
        at
        for at, field in enumerate(file.schema_arrow)
        if _has_parts(field.type) and f" {field.name} (Variant(" in told
    ]


def _has_parts(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    names = {field.name for field in kind} if kinds.is_struct(kind) else set()
    return "metadata" in names and names <= _PARTS and len(names) > 1


class VariantStream:
    """The variants of a file as text: objects and arrays as JSON, anything else as it is shown."""

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        groups: Sequence[tuple[int, int]] | None,
        spool: Path,
    ) -> None:
        """Begin to read.

        Args:
            path: a Parquet file.
            names: of the columns.
            groups: first row and number of rows of each row group that is read; None: all.
            spool: folder for a link to the file, under a name that is no glob.
        """
        self._link = spool / f"{uuid.uuid4().hex}.parquet"
        self._link.symlink_to(path.absolute())
        columns = ", ".join(_write_text(name) for name in names)
        wanted = (
            "true"
            if groups is None
            else " or ".join(
                f"file_row_number between {first} and {first + rows - 1}" for first, rows in groups
            )
        )
        self._query = (
            f"from read_parquet({quote_literal(str(self._link))}, file_row_number=true, "
            f"hive_partitioning=false) select {columns} where {wanted or 'false'}"
        )
        self._batches = self._iterate()
        self._left: pa.Table | None = None

    def take(self, rows: int) -> list[pa.Array]:
        """The next rows, column by column.

        Raises: duckdb.Error; pa.ArrowInvalid where the file has fewer.
        """
        parts = [] if self._left is None else [self._left]
        while sum(part.num_rows for part in parts) < rows:
            batch = next(self._batches, None)
            if batch is None:
                raise pa.ArrowInvalid("its variants have fewer rows than its other columns")
            parts.append(pa.Table.from_batches([batch]))
        table = pa.concat_tables(parts).combine_chunks()
        self._left = table.slice(rows)
        return [_join(column) for column in table.slice(0, rows).columns]

    def close(self) -> None:
        """Give the file up."""
        self._batches.close()
        self._link.unlink(missing_ok=True)

    def _iterate(self) -> Generator[pa.RecordBatch, None, None]:
        # An instance of its own: an internal error of DuckDB would end the shared one.
        with open_duckdb() as connection:
            yield from connection.sql(self._query).to_arrow_reader(_BATCH_ROWS)


def _write_text(column: str) -> str:
    name = '"' + column.replace('"', '""') + '"'
    is_nested = f"regexp_matches(variant_typeof({name}), '^(OBJECT|ARRAY)')"
    return f"case when {is_nested} then {name}::json::varchar else {name}::varchar end"


def _join(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
