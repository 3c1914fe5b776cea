"""Structs laid open: `user: {name}` becomes the column `user.name`."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.naming import unique_names


def flatten_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Replace every struct column by its fields, however deep, under dotted names.

    A name that is taken gets `_2`. Lists, and structs in lists, stay. A NULL struct gives NULL
    fields, so that it can't be told from one whose fields are all NULL.

    >>> flatten_batch(pa.record_batch({"a": [{"b": 1, "c": {"d": 2}}]})).to_pylist()
    [{'a.b': 1, 'a.c.d': 2}]
    """
    names: list[str] = []
    arrays: list[pa.Array] = []
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        for path, leaf in _open(name, array):
            names.append(path)
            arrays.append(leaf)
    return pa.RecordBatch.from_arrays(arrays, names=unique_names(names))


def _open(name: str, array: pa.Array) -> list[tuple[str, pa.Array]]:
    if not pa.types.is_struct(array.type):
        return [(name, array)]
    return [
        leaf
        for index, field in enumerate(array.type)
        for leaf in _open(f"{name}.{field.name}", pc.struct_field(array, index))
    ]
