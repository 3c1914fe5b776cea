"""Text into days, moments and times of day."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.column_types import TIME, TIMESTAMPTZ
from dreambolt_steps.tables.text.timestamp_text import read_moments, read_times

# Python, and with it Hugging Face datasets, knows the years 1 to 9999 only; Arrow knows more.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_DAY_MICROS = 86_400_000_000


def cast_iso(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Cast text that is written as Arrow reads it, 2024-02-29 or 2024-02-29T10:00:00.

    Args:
        text: the values; NULLs stay NULL.
        kind: a date or timestamp type.

    Returns: the values; None when one of them is written otherwise, no day of the calendar, or not
        of the years 1 to 9999.
    """
    try:
        values = pc.cast(text, kind)
    except pa.ArrowInvalid:
        return None
    whole = pa.int32() if pa.types.is_date(kind) else pa.int64()
    bounds = pc.min_max(values.cast(whole))
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    a_day = 1 if pa.types.is_date(kind) else _DAY_MICROS
    if low is not None and (low < _FIRST_DAY * a_day or high >= (_LAST_DAY + 1) * a_day):
        return None
    return values


def cast_moments(
    text: pa.Array, kind: pa.DataType, day_first: bool | None
) -> tuple[pa.Array, pa.BooleanArray]:
    """Read days or moments in any of the forms known; each distinct text is read once.

    Args:
        text: the values.
        kind: a date or timestamp type. A moment is no date; a day is a timestamp, at midnight, but
            no timestamptz; only moments with an offset are those.
        day_first: the order of days and months where numbers leave it open; None: such are none.
            20240229 is a date where that is asked for.

    Returns: the values, NULL where a text is none; and which are good (NULLs are not).
    """
    coded = text.dictionary_encode()
    parts = read_moments(coded.dictionary)
    good = parts.find_good(bool(day_first))
    if day_first is None:
        good &= ~parts.differs()
    if not pa.types.is_date(kind):
        good &= ~parts.is_too_fine
        good &= parts.has_zone if kind == TIMESTAMPTZ else ~parts.has_zone
        micros = np.where(good, parts.to_micros(bool(day_first)), 0)
        return _spread(pa.array(micros).cast(kind), good, coded.indices)
    good &= ~parts.has_time
    days = np.where(good, parts.to_days(bool(day_first)), 0)
    if not good.all():
        parts = read_moments(coded.dictionary, compact=True)
        is_compact = parts.find_good(False)
        days, good = np.where(is_compact, parts.to_days(False), days), good | is_compact
    return _spread(pa.array(days.astype(np.int32)).cast(kind), good, coded.indices)


def cast_times(text: pa.Array) -> tuple[pa.Array, pa.BooleanArray]:
    """Read times of day, as `cast_moments` reads moments."""
    coded = text.dictionary_encode()
    micros, good, _ = read_times(coded.dictionary)
    return _spread(pa.array(np.where(good, micros, 0)).cast(TIME), good, coded.indices)


def _spread(
    values: pa.Array, good: np.ndarray, indices: pa.Array
) -> tuple[pa.Array, pa.BooleanArray]:
    kept = pc.if_else(pa.array(good), values, pa.scalar(None, values.type))
    return pc.take(kept, indices), pc.fill_null(pc.take(pa.array(good), indices), False)
