"""The upstream table of a step as an Arrow stream that can be read as often as needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash
from datasets import Dataset, DatasetInfo, Features, IterableDataset

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.session.stored_dataset import DATA_FILE
from dreambolt_steps.tables.arrow_stream import open_stream

_BATCH_ROWS = 65_536


def columns(step: Any) -> dict[str, Any]:
    """Every output column of a step, ready to be the `inputs` of the next one.

    Args:
        step: any DataDreamer step that has run.

    Returns: column name -> output column, in the order of the table.

    Raises: UsageError: it is no step.

    Example:
        >>> clean = CleanTable("clean", inputs=columns(raw))  # doctest: +SKIP
    """
    if isinstance(step, type) or not hasattr(type(step), "output"):
        told = step.__name__ if isinstance(step, type) else f"a {type(step).__name__}"
        raise UsageError(f"columns() takes a step that has run, such as raw; {told} is none")
    output = step.output
    if not isinstance(output.dataset, Dataset) or output.dataset._indices is not None:
        return {name: output[name] for name in output.column_names}
    return dict(_pick_columns(step, output))


def _pick_columns(step: Any, output: Any) -> Iterator[tuple[str, Any]]:
    """Yield `output[name]` for each name, without the deep copies of all features that datasets
    3.2.0 makes for every column: 5 s for 300 columns."""
    from datadreamer.datasets import OutputDatasetColumn

    dataset = output.dataset
    features, table = dataset.features, dataset.data.replace_schema_metadata(None)
    for name in output.column_names:
        column = Dataset(
            table.select([name]),
            info=DatasetInfo(features=Features({name: features[name]})),
            fingerprint=xxhash.xxh3_64_hexdigest(f"{dataset._fingerprint}\n{name}".encode()),
        )
        is_bytes = pa.types.is_binary(table.schema.field(name).type)
        yield name, OutputDatasetColumn(step, column, pickled=output._pickled and is_bytes)


class InputTable:
    """The columns that were handed to a step, as one table.

    Args:
        inputs: input name -> output column of an upstream DataDreamer step. Usually all of one
            step (`columns(step)`); columns of several steps are put side by side when they have
            the same number of rows. Rows of a lazy step come one by one from Python and are
            collected in memory; every other table is streamed from its file.

    Raises:
        UsageError: without any input column.
        SchemaError: columns of different lengths.
    """

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        if not inputs:
            raise UsageError(
                "the step has no input columns: pass inputs=columns(step) of the step before it"
            )
        self._names = {name: column.column_names[0] for name, column in inputs.items()}
        steps = list({id(column.step): column.step for column in inputs.values()}.values())
        self._file: Path | None = None
        self._table: pa.Table | None = None
        self._rows: int
        if len(steps) == 1:
            dataset = steps[0].output.dataset
            self._file = _find_whole_file(dataset)
            self._table = _read_table(dataset) if self._file is None else None
            self._rows = (dataset if self._table is None else self._table).num_rows
        else:
            self._table = _put_side_by_side(inputs)
            self._names = {name: name for name in inputs}
            self._rows = self._table.num_rows

    @property
    def schema(self) -> pa.Schema:
        """The table's Arrow schema under the input names."""
        with self.open_reader() as reader:
            return reader.schema

    @property
    def num_rows(self) -> int:
        """Rows of the table."""
        return self._rows

    def open_reader(self) -> pa.RecordBatchReader:
        """A new stream over the whole table, from its first row."""
        source = (
            open_stream(self._file)
            if self._file is not None
            else self._table.to_reader(max_chunksize=_BATCH_ROWS)  # type: ignore[union-attr]
        )
        if list(self._names.values()) == source.schema.names == list(self._names):
            return source
        return _select_columns(source, self._names)


def _find_whole_file(dataset: Dataset | IterableDataset) -> Path | None:
    """The one Arrow file that holds exactly this dataset, if there is one.

    A slice or a projection of a memory-mapped table (datasets 3.2.0) keeps its file but records a
    replay; a stored table that was loaded carries one that only replaced its metadata.
    """
    if isinstance(dataset, IterableDataset):
        return None
    files = dataset.cache_files
    replays = getattr(dataset.data, "replays", None)
    if dataset._indices is not None or len(files) != 1 or replays is None:
        return None
    if any(operation != "replace_schema_metadata" for operation, *_ in replays):
        return None
    file = Path(files[0]["filename"])
    return file if file.name == DATA_FILE and file.is_file() else None


def _read_table(dataset: Dataset | IterableDataset) -> pa.Table:
    """Any dataset as an Arrow table, without a copy where its rows are not re-ordered."""
    if isinstance(dataset, IterableDataset):
        rows = iter(dataset)
        parts = iter(lambda: pa.Table.from_pylist(list(islice(rows, 1_000))), pa.table({}))
        return pa.concat_tables(parts, promote_options="permissive")
    if dataset._indices is None:
        return dataset.data.table
    return dataset.with_format("arrow")[:]


def _put_side_by_side(inputs: Mapping[str, Any]) -> pa.Table:
    """Columns of several steps as one table, in the order of the inputs."""
    parts = {}
    for name, column in inputs.items():
        parts[name] = _read_table(column.dataset).column(column.column_names[0])
    lengths = {name: len(part) for name, part in parts.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name}: {rows}" for name, rows in lengths.items())
        raise SchemaError(
            f"input columns come from steps with different numbers of rows ({told}); "
            "join them in a step of their own first"
        )
    return pa.table(parts)


def _select_columns(reader: pa.RecordBatchReader, names: Mapping[str, str]) -> pa.RecordBatchReader:
    """The stream with only the named columns, under their input names."""
    picked = [reader.schema.get_field_index(name) for name in names.values()]
    fields = [
        reader.schema.field(at).with_name(name) for at, name in zip(picked, names, strict=True)
    ]
    schema = pa.schema(fields)

    def select() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            yield pa.RecordBatch.from_arrays([batch.column(at) for at in picked], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, select())
