"""`query` and `search`: look into a loaded table; nothing can be written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreambolt_steps.cli.result_output import ResultOutput, choose_output
from dreambolt_steps.cli.tables import open_console, show_rows
from dreambolt_steps.errors import UnknownColumnError, UsageError
from dreambolt_steps.findings.finding import count
from dreambolt_steps.unknown_names import tell_known

if TYPE_CHECKING:
    import pyarrow as pa

_SCREEN_ROWS = 50


def show_query(
    database: str,
    sql: str,
    limit: int | None = None,
    *,
    name: str | None = None,
    file: Path | None = None,
) -> None:
    """Print or write the rows of a query.

    On a terminal the first 50 are shown, and it is said how many there are; anywhere else all of
    them are written, every column and value whole.

    Args:
        database: a DuckDB file, or firebolt://DATABASE.
        sql: a query that only reads.
        limit: the most rows; None for all, but for a terminal.
        name: of the format; None for a table, or what the file's suffix says.
        file: to write to; None for stdout.

    Raises:
        UsageError: an unknown format, or a file that can't be written.
        WarehouseError: the query is wrong, or would write.
    """
    from dreambolt_steps.warehouses.protocol import open_warehouse

    output = choose_output(name, file, database)
    warehouse = open_warehouse(database)
    if not output.is_screen:
        with warehouse.open_query(sql, limit) as reader:
            _tell_written(output, output.write(reader))
        return
    most = limit or _SCREEN_ROWS
    rows = warehouse.query(sql, limit=most)
    show_rows(rows)
    if rows.num_rows == most and (total := warehouse.count_query(sql)) > most:
        told = f"{rows.num_rows:,} of {total:,} rows; --limit N shows more, -o FILE writes all"
        open_console().print(told, highlight=False)


def _tell_written(output: ResultOutput, rows: int) -> None:
    if output.file is not None:
        print(f"{count(rows, 'row')} in {output.file}", file=sys.stderr)


def show_search(
    database: str,
    text: str,
    table: str | None,
    k: int,
    column: str | None,
    embedder: str = "",
    output: ResultOutput | None = None,
) -> None:
    """Print the rows whose vectors are nearest to that of a text.

    Args:
        database: a DuckDB file, firebolt://DATABASE, a Parquet file, or a folder of them.
        text: what to look for.
        table: where; None for Parquet files, or the only table with vectors.
        k: how many rows.
        column: the vectors, if there are several.
        embedder: the model that made them, as `open_embedder` takes it; empty for the one that the
            table names, or the packaged one.
        output: where the rows go; None for stdout.

    Raises:
        UsageError: the table has no vectors, or several and none was named, or they are of another
            model.
    """
    output = output or ResultOutput("table", None)
    path = Path(database).expanduser()
    if path.is_dir() or path.suffix == ".parquet":
        if table is not None:
            raise UsageError(f"{database} holds Parquet files, no tables; leave --table out")
        _search_files(path, text, k, column, embedder, output)
        return
    from dreambolt_steps.cli.find_vectors import find_vector_table
    from dreambolt_steps.warehouses.protocol import open_warehouse

    warehouse = open_warehouse(database)
    table = table or find_vector_table(warehouse)
    described = warehouse.describe_table(table)
    vectors = described.vectors
    chosen = _choose_vectors(list(vectors), column, table)
    pairs = [load.metadata for load in described.loads]
    vector = _embed(text, chosen, vectors[chosen], pairs, embedder)
    found = warehouse.search(table, chosen, vector, k)
    _show(found, chosen, set(vectors), output)


def _search_files(
    path: Path, text: str, k: int, column: str | None, embedder: str, output: ResultOutput
) -> None:
    from dreambolt_steps.matching.file_search import VectorFiles

    files = VectorFiles(path)
    chosen = _choose_vectors(list(files.vectors), column, str(path))
    vector = _embed(text, chosen, files.count_dims(chosen), [files.metadata], embedder)
    _show(files.search(chosen, vector, k), chosen, set(files.vectors), output)


def _choose_vectors(names: Sequence[str], asked: str | None, where: str) -> str:
    """The column of vectors to search.

    Raises: UsageError: there is none, or there are several and none was asked for.
    """
    if asked is None and len(names) > 1:
        raise UsageError(f"{where} has several vectors: {', '.join(names)}; name one: --column")
    chosen = asked or next(iter(names), None)
    if chosen is None:
        raise UsageError(f"{where} has no column of vectors; embed one: ingest FILE --embed COLUMN")
    if chosen not in names:
        raise UnknownColumnError(
            f"{where} has no column of vectors {chosen!r}; {tell_known(chosen, names)}"
        )
    return chosen


def _embed(
    text: str, column: str, dims: int, metadata: Sequence[Mapping[str, str]], model: str
) -> list[float]:
    """The vector of a text, cut as the column's are; by the model that the table names, unless
    another one is asked for.

    Raises: UsageError: the column was embedded by another model.
    """
    from dreambolt_steps.embedding.models.adapter import encode_query
    from dreambolt_steps.embedding.open_embedder import open_query_embedder
    from dreambolt_steps.embedding.vector_origin import VectorOrigin, check_origins

    origins = [VectorOrigin.read(column, pairs) for pairs in metadata]
    known = {origin.embedder for origin in origins if origin.embedder is not None}
    embedder = open_query_embedder(model or (known.pop() if len(known) == 1 else ""))
    check_origins(column, dims, origins, embedder, "name that model: --embedder")
    prompts = {origin.query_prompt for origin in origins if origin.query_prompt is not None}
    vector = encode_query(embedder, text, prompts.pop() if len(prompts) == 1 else None)
    return [float(value) for value in vector[:dims]]


def _show(found: pa.Table, column: str, vectors: set[str], output: ResultOutput) -> None:
    first = ["similarity", column.removesuffix("_embedding")]
    names = [name for name in first if name in found.column_names]
    names += [name for name in found.column_names if name not in names and name not in vectors]
    if output.is_screen:
        show_rows(found.select(names))
    else:
        _tell_written(output, output.write(found.select(names).to_reader()))
