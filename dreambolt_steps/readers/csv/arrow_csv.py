"""Arrow's CSV reader, for files in which nothing is odd: a third of DuckDB's time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc

from dreambolt_steps.readers.csv.sniff.dialect import Dialect

_BLOCK_BYTES = 8 << 20
_MOST_BLOCK_BYTES = 32 << 20  # wide tables: what is done once a batch and column should not count
_USUAL_COLUMNS = 50


def suits_arrow(dialect: Dialect, last: bytes) -> bool:
    """Tell whether Arrow reads the rows of a file as DuckDB does, as far as its dialect and its
    end decide.

    An escape that is not the quote counts outside of quotes too for Arrow 26. An empty field at
    the very end of a file, behind a quoted one, it takes for a quoted one.

    Args:
        dialect: how a file is written, which has no odd quotes (`BlockChecker`) and one kind of
            line ends.
        last: its last byte.
    """
    delimiter = dialect.delimiter.encode()
    if dialect.escape not in ("", dialect.quote) or len(delimiter) != 1:
        return False
    return last != delimiter


def iterate_arrow_csv(
    path: Path, dialect: Dialect, names: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Yield the rows as text, in batches of about 8 MiB, more for wide tables, in order.

    An empty field is null, a quoted "" is "". Blank lines are passed over, but are a null in a
    table of one column, as in DuckDB.

    Args:
        path: a UTF-8 file for which `suits_arrow`.
        dialect: how it is written.
        names: of its columns.

    Raises: pa.ArrowInvalid at the first row that does not fit; those before it may have been
        yielded.
    """
    block_bytes = min(_BLOCK_BYTES * max(len(names) // _USUAL_COLUMNS, 1), _MOST_BLOCK_BYTES)
    with pc.open_csv(str(path), *_write_options(dialect, names, block_bytes)) as reader:
        yield from reader


def read_arrow_csv(rows: bytes, dialect: Dialect, names: Sequence[str]) -> pa.RecordBatch:
    """Read the rows of a small file, all of them in memory, as `iterate_arrow_csv` does.

    Raises: pa.ArrowInvalid for a row that does not fit.
    """
    read, parse, convert = _write_options(dialect, names, len(rows) + 1)
    read.use_threads = False  # handing columns to threads costs more than they save
    table = pc.read_csv(pa.BufferReader(rows), read, parse, convert)
    return table.combine_chunks().to_batches()[0]


def _write_options(
    dialect: Dialect, names: Sequence[str], block_bytes: int
) -> tuple[pc.ReadOptions, pc.ParseOptions, pc.ConvertOptions]:
    read = pc.ReadOptions(
        block_size=block_bytes,
        column_names=list(names),
        skip_rows=dialect.skip,
        skip_rows_after_names=int(dialect.header),
    )
    parse = pc.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        double_quote=True,
        newlines_in_values=bool(dialect.quote),
        ignore_empty_lines=len(names) > 1,
    )
    convert = pc.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return read, parse, convert
