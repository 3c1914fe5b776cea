"""Vectors laid out on a plane: what of a table lies near what, to be looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.embedding.text_source import TextSource, read_texts
from dreambolt_steps.report.map_section import MAP_FILE

_POINTS = 1_500
_GROUPS = 10
_MOST_VALUES = 100
_LEAST_SHARE = 0.03  # of the spread that lies between groups; less is noise
_LABEL_CHARACTERS = 80


def draw_map(
    reader: pa.RecordBatchReader, rows: int, source: TextSource, color: str | None = None
) -> dict[str, Any] | None:
    """Project the vectors of a table on the two directions in which they differ most (PCA).

    Args:
        reader: a table with vectors, read to its end; 1,500 rows spread over it are kept, one for
            each text.
        rows: of the table, about.
        source: the text and its column of vectors.
        color: a column whose values give the colours; default the one of few values that are
            best told apart on the map, if any are.

    Returns: `column`, `color` (None without), `groups` (its values, the most frequent first; the
    last may be "other"), `shares` (of the variance that x and y show), and `points`: x and y from 0
    to 1, number of the group, text. None with less than three texts.
    """
    sample = _sample(reader, max(1, rows // _POINTS), source)
    vectors = _read_vectors(sample[source.output])
    if len(vectors) < 3:
        return None
    at, shares = project(vectors)
    chosen = color if color in sample.schema.names else None
    if color is None:
        chosen = _choose_color(sample, at, [source.output, "chunk", *source.columns])
    groups, numbers = _group(sample[chosen]) if chosen else ([], np.zeros(len(at), np.int64))
    texts = sample["\0text"].to_pylist()
    points = [
        [round(float(x), 4), round(float(y), 4), int(number), text[:_LABEL_CHARACTERS]]
        for (x, y), number, text in zip(at, numbers, texts, strict=True)
    ]
    return {
        "column": source.output,
        "color": chosen,
        "groups": groups,
        "shares": [round(float(share), 4) for share in shares],
        "points": points,
    }


def project(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two principal components of vectors, each from 0 to 1, and their shares of the
    variance; without a sign of their own they are turned so that the widest side is positive."""
    centred = vectors - vectors.mean(axis=0)
    _, scales, directions = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(vectors), 2))
    found = centred @ directions[:2].T
    plane[:, : found.shape[1]] = found
    plane *= np.where(np.abs(plane.min(axis=0)) > plane.max(axis=0), -1, 1)
    low, high = plane.min(axis=0), plane.max(axis=0)
    total = float((scales**2).sum()) or 1.0
    shares = np.zeros(2)
    shares[: len(scales[:2])] = scales[:2] ** 2 / total
    return (plane - low) / np.where(high > low, high - low, 1), shares


def write_maps(folder: Path, maps: Sequence[dict[str, Any]]) -> None:
    """Keep maps in a step's folder, for the report."""
    (folder / MAP_FILE).write_text(json.dumps(list(maps), ensure_ascii=False), encoding="utf-8")


def _sample(reader: pa.RecordBatchReader, step: int, source: TextSource) -> pa.Table:
    kept: list[pa.RecordBatch] = []
    row = 0
    for batch in reader:
        at = np.arange(-row % step, batch.num_rows, step)
        row += batch.num_rows
        part = batch.take(pa.array(at))
        told = part.append_column("\0text", source.read(part))
        kept.append(told.filter(part.column(source.output).is_valid()))
    schema = reader.schema.append(pa.field("\0text", pa.string()))
    table = pa.Table.from_batches(kept, schema)
    _, first = np.unique(np.array(table["\0text"].to_pylist(), object), return_index=True)
    return table.take(pa.array(np.sort(first)[:_POINTS]))


def _read_vectors(column: pa.ChunkedArray) -> np.ndarray:
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    width = whole.type.list_size
    values = whole.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    if values.dtype == np.uint8:  # bits
        values = np.unpackbits(values, axis=1)
    vectors = values.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)


def _choose_color(sample: pa.Table, at: np.ndarray, leave: Sequence[str]) -> str | None:
    best: tuple[float, str] | None = None
    for field in sample.schema:
        if field.name in leave or field.name == "\0text" or not _is_plain(field.type):
            continue
        if not 2 <= pc.count_distinct(sample[field.name]).as_py() <= _MOST_VALUES:
            continue
        share = _tell_apart(_group(sample[field.name])[1], at)
        if share >= _LEAST_SHARE and (best is None or share > best[0]):
            best = (share, field.name)
    return best[1] if best else None


def _tell_apart(numbers: np.ndarray, at: np.ndarray) -> float:
    """The share of the spread that lies between groups."""
    centre = at.mean(axis=0)
    between = sum(
        (numbers == number).sum() * ((at[numbers == number].mean(axis=0) - centre) ** 2).sum()
        for number in np.unique(numbers)
    )
    return float(between / (((at - centre) ** 2).sum() or 1.0))


def _group(values: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    texts = pc.fill_null(pa.chunked_array([read_texts(values.combine_chunks())]), "NULL")
    counted = {one["values"]: one["counts"] for one in texts.value_counts().to_pylist()}
    names = sorted(counted, key=lambda name: (-counted[name], name))
    if len(names) > _GROUPS:
        names = [*names[: _GROUPS - 1], "other"]
    number = {name: at for at, name in enumerate(names)}
    return names, np.array([number.get(text, len(names) - 1) for text in texts.to_pylist()])


def _is_plain(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return (
        pa.types.is_string(plain)
        or pa.types.is_large_string(plain)
        or pa.types.is_boolean(plain)
        or pa.types.is_integer(plain)
    )
