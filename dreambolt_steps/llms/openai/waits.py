"""How long a server asks to wait, in all the ways in which servers say it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_SCALES = {"ms": 0.001, "milliseconds": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = r"(?:ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d)"
_DURATION = re.compile(rf"(\d+(?:\.\d+)?)\s*({_UNIT})?(?![a-z])(?:\s*(?=\d))?", re.IGNORECASE)
_TOLD = re.compile(
    rf"(?:try again|retry|retrying|wait|available again|resets?)\b[^.\d]{{0,40}}?"
    rf"((?:\d+(?:\.\d+)?\s*{_UNIT}(?![a-z])\s*)+)",
    re.IGNORECASE,
)
_RESETS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)
_EPOCH = 1e9  # a number as large as this is a moment, not a length of time


def read_wait(headers: Mapping[str, str], error: Any, message: str) -> float | None:
    """Seconds that a server asks to wait; None if it does not say.

    Args:
        headers: of HTTP: Retry-After (seconds or a date), Retry-After-Ms, limits and their resets.
        error: the error of the body, where Google puts a `retryDelay` into its details.
        message: in words, such as "try again in 4.2s".
    """
    told = {name.lower(): str(value) for name, value in headers.items()}
    if (wait := _read_moment(told.get("retry-after-ms"), "ms")) is not None:
        return wait
    if (wait := _read_moment(told.get("retry-after"), "s")) is not None:
        return wait
    if (wait := _find_delay(error)) is not None:
        return wait
    if found := _TOLD.search(message):
        return read_duration(found[1])
    used_up = [
        _read_moment(told[reset], "s")
        for remaining, reset in _RESETS
        if reset in told and told.get(remaining, "0").strip() in ("0", "0.0")
    ]
    return max((wait for wait in used_up if wait is not None), default=None)


def read_duration(text: str, unit: str = "s") -> float | None:
    """Seconds of a length of time.

    >>> read_duration("1m30.5s"), read_duration("250ms"), read_duration("7"), read_duration("soon")
    (90.5, 0.25, 7.0, None)
    """
    pieces = _DURATION.findall(text.strip())
    if not pieces or _DURATION.sub("", text).strip():
        return None
    return sum(float(number) * _scale(word or unit) for number, word in pieces)


def _scale(word: str) -> float:
    word = word.lower()
    return _SCALES[word if word in _SCALES else "ms" if word.startswith("mil") else word[0]]


def _read_moment(value: str | None, unit: str) -> float | None:
    """Seconds from now, of a length of time, a moment since 1970, or a date."""
    if value is None:
        return None
    wait = read_duration(value, unit)
    if wait is None:
        wait = _read_date(value)
    elif wait >= _EPOCH:
        wait = (wait / 1000 if wait >= 1000 * _EPOCH else wait) - time.time()
    return None if wait is None else max(0.0, wait)


def _read_date(value: str) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value.strip())
        except (ValueError, TypeError):
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
    return None


def _find_delay(error: Any) -> float | None:
    details = error.get("details") if isinstance(error, Mapping) else None
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, Mapping) else None
        if isinstance(delay, str) and (wait := read_duration(delay)) is not None:
            return wait
        if isinstance(delay, Mapping):
            return float(delay.get("seconds") or 0) + float(delay.get("nanos") or 0) / 1e9
    return None
