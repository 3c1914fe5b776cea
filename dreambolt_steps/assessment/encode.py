"""Columns of the samples as numbers: places on a line, or codes of values."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.assessment.samples import Samples
from dreambolt_steps.tables.column_types import find_plain_type

Family = Literal["number", "category", "text"]
_CATEGORIES = 100
_ROWS_PER_CATEGORY = 5


@dataclass(frozen=True)
class Encoded:
    """One column of the three samples.

    Attributes:
        name: of the column.
        family: number (dates and moments too), category (booleans too), or text of many values.
        reference, holdout, synthetic: numbers with NaN for NULL; codes with -1 for NULL.
        features: of text: characters, words and digits of each value, by sample.
    """

    name: str
    family: Family
    reference: np.ndarray
    holdout: np.ndarray
    synthetic: np.ndarray
    features: tuple[np.ndarray, ...] = field(default=())


def encode_columns(samples: Samples) -> list[Encoded]:
    """Encode every column that can be compared; nested ones and bytes are left out."""
    found = []
    for at, column in enumerate(samples.reference.schema):
        kind = find_plain_type(column.type)
        parts = [
            part.column(at).combine_chunks()
            for part in (samples.reference, samples.holdout, samples.synthetic)
        ]
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            found.append(_encode_text(column.name, [part.cast(pa.string()) for part in parts]))
        elif pa.types.is_boolean(kind):
            found.append(_build(column.name, "category", [*map(_read_codes, _join(parts))]))
        elif _is_number(kind):
            found.append(_build(column.name, "number", [*map(_read_numbers, parts)]))
    return found


def _build(
    name: str, family: Family, parts: list[np.ndarray], features: tuple[np.ndarray, ...] = ()
) -> Encoded:
    reference, holdout, synthetic = parts
    return Encoded(name, family, reference, holdout, synthetic, features)


def _encode_text(name: str, parts: list[pa.Array]) -> Encoded:
    real = pa.concat_arrays(parts[:2]).drop_null()
    distinct = len(pc.unique(real))
    codes = [_read_codes(part) for part in _join(parts)]
    if distinct <= _CATEGORIES and distinct * _ROWS_PER_CATEGORY <= len(real):
        return _build(name, "category", codes)
    return _build(name, "text", codes, tuple(map(_measure_text, parts)))


def _measure_text(texts: pa.Array) -> np.ndarray:
    counted = (
        pc.utf8_length(texts),
        pc.count_substring_regex(texts, r"\S+"),
        pc.count_substring_regex(texts, r"[0-9]"),
    )
    return np.column_stack([_read_numbers(one) for one in counted])


def _join(parts: list[pa.Array]) -> list[pa.Array]:
    """The parts with codes that mean the same in each."""
    joined = pc.dictionary_encode(pa.concat_arrays(parts)).indices
    starts = np.cumsum([0, *(len(part) for part in parts)])
    return [joined[start:end] for start, end in itertools.pairwise(starts)]


def _read_codes(codes: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(codes.cast(pa.int64()), -1).to_numpy(zero_copy_only=False))


def _read_numbers(column: pa.Array) -> np.ndarray:
    kind = column.type
    if pa.types.is_date(kind):
        column = column.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_timestamp(kind) or pa.types.is_duration(kind) or pa.types.is_time64(kind):
        column = column.cast(pa.int64())
    elif pa.types.is_time32(kind):
        column = column.cast(pa.int32())
    numbers = np.array(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _is_number(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_temporal,
    )
    return any(test(kind) for test in tests)
