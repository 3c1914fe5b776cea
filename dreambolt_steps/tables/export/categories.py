"""Columns of a few values that come back, as Arrow dictionaries: each value is kept once."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
"""Indices of 32 bits, which is what Arrow's Parquet reader gives back."""


def encode_categories(reader: pa.RecordBatchReader, names: Collection[str]) -> pa.RecordBatchReader:
    """Encode columns of text as dictionaries; no value changes, and NULL stays NULL.

    Args:
        reader: the table; columns in flat memory.
        names: of the columns; what is not there, or no text, is passed on as it is.

    Returns: the stream; each batch has a dictionary of its own, in the order of first sight.

    >>> table = pa.table({"team": ["ITA", "FRA", "ITA"]})
    >>> encode_categories(table.to_reader(), ["team"]).schema.field("team").type
    DictionaryType(dictionary<values=string, indices=int32, ordered=0>)
    """
    source = reader.schema
    places = [
        at for at, field in enumerate(source) if field.name in names and field.type == pa.string()
    ]
    if not places:
        return reader
    schema = source
    for at in places:
        schema = schema.set(at, source.field(at).with_type(DICTIONARY))

    def encode() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = batch.columns
            for at in places:
                columns[at] = columns[at].dictionary_encode()
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, encode())
