"""Texts of a streamed table turned into vectors, each distinct one once in a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from dreambolt_steps.embedding.scatter import append_vectors
from dreambolt_steps.embedding.store import VectorStore
from dreambolt_steps.embedding.text_source import TextSource
from dreambolt_steps.embedding.texts import DistinctTexts
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.errors import ModelError, SchemaError

Encode = Callable[[Sequence[str]], Iterator[tuple[np.ndarray, np.ndarray]]]
"""Takes texts, yields batches as they are finished: positions of texts, and their vectors."""

Progress = Callable[[int, int, int], None]
"""Takes texts done, distinct texts, and texts that were in the store."""


def embed_columns(
    open_reader: Callable[[], pa.RecordBatchReader],
    sources: Sequence[TextSource],
    encode: Encode,
    form: VectorFormat,
    work_folder: Path,
    store_folder: Path,
    *,
    on_progress: Progress | None = None,
) -> pa.RecordBatchReader:
    """Add one column of vectors for each source.

    Every distinct text is encoded once, however often and in whichever column it occurs, in slices
    from the shortest to the longest; not at all if the store has its vector. All encoding is done
    before this returns; memory does not grow with the table.

    Args:
        open_reader: opens the table; called twice, both times it must give the same rows.
        sources: what is embedded of a row (`name_sources`).
        encode: the model. Each batch that it yields is on disk before the next one is asked for.
        form: how the vectors are handed on; the store holds them as the model gives them.
        work_folder: made if missing; holds the texts, and 8 bytes a cell. The result reads from it,
            so remove it after the result has been written.
        store_folder: of the vectors of this model (see `name_store`).
        on_progress: called with (texts done, distinct texts, texts found in the store), at first
            with those found done already.

    Returns: the table's batches, at most 8,192 rows each, with the new columns of type `form.type`
    at the end; NULL where the text is NULL or blank.

    Raises: SchemaError for a missing column, one without text, or a taken output name; ModelError
    when `encode` gives other vectors than asked for; ExportError when the disk is full; SourceError
    (while reading the result) when the table changed meanwhile.

    Example:
        >>> reader = embed_columns(table.to_reader, name_sources(["player_name"], {}),
        ...     model.encode_batches, VectorFormat(384, 384), Path("work"), Path("store"))
        >>> reader.schema.names[-1]
        'player_name_embedding'
    """
    with open_reader() as reader:
        schema = _extend_schema(reader.schema, sources, form)
        places, store = place_texts(
            reader, sources, encode, form.model_dims, work_folder, store_folder, on_progress
        )
    batches = append_vectors(open_reader, schema, places, store, form)
    return pa.RecordBatchReader.from_batches(schema, batches)


def place_texts(
    reader: pa.RecordBatchReader,
    sources: Sequence[TextSource],
    encode: Encode,
    dims: int,
    work_folder: Path,
    store_folder: Path,
    on_progress: Progress | None = None,
) -> tuple[np.ndarray, VectorStore]:
    """Encode every distinct text of a table whose vector is not in the store yet.

    Args: as of `embed_columns`; `dims` are the model's.

    Returns: where the vector of each cell is in the store, int64 of shape (rows, sources),
    memory-mapped in the work folder; `NO_TEXT` where a cell is NULL or blank. And the store, to
    read from.
    """
    report = on_progress or (lambda done, total, known: None)
    work_folder.mkdir(parents=True, exist_ok=True)
    texts = DistinctTexts(reader, sources, work_folder)
    with texts, VectorStore(store_folder, dims) as store:
        texts.place(store.scan())
        bounds = texts.list_missing()
        done = known = texts.count - (bounds[-1] if bounds else 0)
        store.check_space(texts.count - known)
        report(done, texts.count, known)
        for start, stop in pairwise(bounds):
            wanted, keys = texts.read(start, stop)
            placed: list[tuple[pa.Array, np.ndarray]] = []
            for at, vectors in check_batches(encode(wanted), wanted, dims):
                named = [keys[position] for position in at]
                placed.append((pa.array(named), store.append(named, vectors)))
                done += len(at)
                report(done, texts.count, known)
            texts.place(iter(placed))
        return texts.write_places(), store


def name_store(identity: str, dims: int) -> str:
    """The name of a model's folder among the stores of a session."""
    return xxhash.xxh3_128_hexdigest(f"{identity}\0{dims}".encode())


def check_batches(
    batches: Iterator[tuple[np.ndarray, np.ndarray]], wanted: Sequence[str], dims: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of a model, checked: one finite vector of `dims` for each text.

    Raises: ModelError.
    """
    seen = np.zeros(len(wanted), bool)
    for positions, vectors in batches:
        at = np.asarray(positions)
        if len(at) != len(vectors) or (len(at) and at.max() >= len(wanted)) or seen[at].any():
            raise ModelError(
                f"the model gave more vectors for {len(wanted):,} texts; it must give one per text"
            )
        given = np.asarray(vectors)
        if given.ndim != 2 or given.shape[1] != dims:
            raise ModelError(
                f"the model gave a vector of shape {given.shape[1:]} for {wanted[at[0]][:80]!r}, "
                f"not ({dims},); check the dimensions set for this model"
            )
        finite = np.isfinite(given).all(axis=1)
        if not finite.all():
            raise ModelError(
                "the model gave a vector with NaN or infinite values for "
                f"{wanted[at[int(finite.argmin())]][:80]!r}; use another model or leave this text "
                "out"
            )
        seen[at] = True
        yield at, given.astype(np.float32, copy=False)
    if not seen.all():
        raise ModelError(
            f"the model gave {int(seen.sum())} vectors for {len(wanted)} texts; it must give one "
            "per text"
        )


def _extend_schema(
    schema: pa.Schema, sources: Sequence[TextSource], form: VectorFormat
) -> pa.Schema:
    if not sources:
        raise SchemaError("no column to embed was named; name at least one text column")
    for source in sources:
        source.check(schema)
    for source in sources:
        if source.output in schema.names:
            raise SchemaError(
                f"column {source.output!r} exists already; name the result of embedding otherwise"
            )
        schema = schema.append(pa.field(source.output, form.type))
    return schema
