"""Text columns of a streamed table turned into vectors, identical texts encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from dreambolt_steps.embedding.scatter import append_vectors
from dreambolt_steps.embedding.texts import DistinctTexts, check_text_columns
from dreambolt_steps.embedding.vectors import VectorFile
from dreambolt_steps.errors import ModelError, SchemaError

Encode = Callable[[Sequence[str]], Iterator[np.ndarray]]
"""Takes texts, yields one vector per text in the same order."""


def embed_columns(
    open_reader: Callable[[], pa.RecordBatchReader],
    columns: Sequence[str],
    encode: Encode,
    dims: int,
    work_folder: Path,
    *,
    identity: str,
    outputs: Sequence[str] | None = None,
    chunk: int = 512,
    on_progress: Callable[[int, int], None] | None = None,
) -> pa.RecordBatchReader:
    """Add one column of vectors for each of some text columns.

    Every distinct text is encoded once, however often and in whichever column it occurs, from the
    shortest to the longest. All encoding is done before this returns; memory does not grow with the
    table.

    Args:
        open_reader: opens the table; called twice, both times it must give the same rows.
        columns: names of the text columns.
        encode: the model: one vector of `dims` finite floats per text, in order. Called once a
            chunk.
        dims: floats of one vector.
        work_folder: made if missing; holds 4 x dims bytes per distinct text. The result reads from
            it, so remove it after the result has been written. With it kept, a killed call goes on
            behind its last whole chunk.
        identity: what the vectors depend on beside the texts (see `identify_model`); another one
            starts anew.
        outputs: names of the new columns, default `<column>_embedding` each.
        chunk: texts between two checkpoints.
        on_progress: called with (texts done, distinct texts), at first with those found done
            already.

    Returns: the table's batches, at most 8,192 rows each, with the new columns of type
    fixed_size_list<float32>[dims] at the end; NULL where the text is NULL or blank.

    Raises: SchemaError for a missing column, one without text, or a taken output name; ModelError
    when `encode` gives other vectors than asked for; ExportError when the disk is full; SourceError
    (while reading the result) when the table changed meanwhile.

    Example:
        >>> reader = embed_columns(table.to_reader, ["player_name"], model.encode, model.dims,
        ...     Path("work"), identity=identify_model(model))
        >>> reader.schema.names[-1]
        'player_name_embedding'
    """
    names = list(outputs) if outputs is not None else [f"{column}_embedding" for column in columns]
    work_folder.mkdir(parents=True, exist_ok=True)
    with open_reader() as reader:
        schema = _extend_schema(reader.schema, columns, names, dims)
        texts = DistinctTexts(reader, columns, work_folder)
    with texts:
        parts = (identity, str(dims), texts.digest)
        key = xxhash.xxh3_128_hexdigest("\0".join(parts).encode())
        with VectorFile(work_folder, key, texts.count, dims) as vectors:
            _encode_missing(texts, vectors, encode, chunk, on_progress)
        codes = texts.write_codes()
    batches = append_vectors(open_reader, schema, codes, vectors.path, dims)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _extend_schema(
    schema: pa.Schema, columns: Sequence[str], outputs: Sequence[str], dims: int
) -> pa.Schema:
    if not columns:
        raise SchemaError("no column to embed was named; name at least one text column")
    check_text_columns(schema, columns)
    if len(columns) != len(outputs):
        raise SchemaError(
            f"{len(columns)} columns to embed, but {len(outputs)} names for the results; give one "
            "name each"
        )
    for output in outputs:
        if output in schema.names:
            raise SchemaError(
                f"column {output!r} exists already; name the result of embedding otherwise"
            )
        schema = schema.append(pa.field(output, pa.list_(pa.float32(), dims)))
    return schema


def _encode_missing(
    texts: DistinctTexts,
    vectors: VectorFile,
    encode: Encode,
    chunk: int,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    report = on_progress or (lambda done, total: None)
    report(vectors.done, texts.count)
    # Chunks start at the same texts after a resume, so their vectors have the same bits.
    while vectors.done < texts.count:
        wanted = texts.read(vectors.done, min(vectors.done + chunk, texts.count))
        vectors.append(_encode_chunk(wanted, encode, vectors.dims))
        report(vectors.done, texts.count)


def _encode_chunk(wanted: list[str], encode: Encode, dims: int) -> np.ndarray:
    given = [np.asarray(vector) for vector in islice(encode(wanted), len(wanted) + 1)]
    if len(given) != len(wanted):
        how_many = len(given) if len(given) < len(wanted) else "more"
        raise ModelError(
            f"the model gave {how_many} vectors for {len(wanted)} texts; it must give one per text"
        )
    for text, vector in zip(wanted, given, strict=True):
        if vector.shape != (dims,):
            raise ModelError(
                f"the model gave a vector of shape {vector.shape} for {text[:80]!r}, not "
                f"({dims},); check the dimensions set for this model"
            )
        if not np.isfinite(vector).all():
            raise ModelError(
                f"the model gave a vector with NaN or infinite values for {text[:80]!r}; "
                "use another model or leave this text out"
            )
    return np.stack(given).astype(np.float32)
