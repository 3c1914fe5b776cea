"""Numbers of JSON text that a float64 or int64 would change, found without parsing."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

_STRIDE = 5
_LEFT, _RIGHT = 32, 48  # bytes that are looked at on both sides of a place
_WIDE_DIGITS = 16  # 2**53 has sixteen
_FLOAT_DIGITS = 17  # what a float64 keeps
_INT64_DIGITS = 19
_INT64_MAX = b"9223372036854775807"
_PART = np.zeros(256, bool)  # of a number
_PART[[*b"0123456789."]] = True
_BEFORE = np.zeros(256, bool)
_BEFORE[[*b" \t\r\n:,[-"]] = True
_AFTER = np.zeros(256, bool)
_AFTER[[*b" \t\r\n,]}eE"]] = True


def find_long_numbers(text: bytes) -> tuple[bool, bool]:
    """Look for long numbers outside of strings.

    Three places five bytes apart are digits in every run of sixteen; only there it is looked
    closely. May take a number at the end of a word within a string for one, never misses one.

    Returns: whether there are integers from 16 digits on that fit int64; and whether there are
    numbers that may fit neither int64 nor float64.

    >>> find_long_numbers(b'{"a":9007199254740993,"b":"12345678901234567890"}')
    (True, False)
    """
    values = np.frombuffer(text, np.uint8)
    parts = _PART[values[::_STRIDE]]
    hits = np.flatnonzero(parts[:-2] & parts[1:-1] & parts[2:])
    if not len(hits):
        return False, False
    hits *= _STRIDE
    padding = np.full(_LEFT + _RIGHT, ord(" "), np.uint8)
    padded = np.concatenate((padding[:_LEFT], values, padding))
    near = sliding_window_view(padded, _LEFT + _RIGHT)[hits]
    is_other = ~_PART[near]
    if not (is_other[:, :_LEFT].any(axis=1) & is_other[:, _LEFT:].any(axis=1)).all():
        return True, True  # longer than what is looked at
    starts = _LEFT - is_other[:, :_LEFT][:, ::-1].argmax(axis=1)
    ends = _LEFT + is_other[:, _LEFT:].argmax(axis=1)
    rows = np.arange(len(hits))
    found = (ends - starts >= _WIDE_DIGITS) & _BEFORE[near[rows, starts - 1]]
    found &= _AFTER[near[rows, ends]]
    found &= np.diff(hits + starts, prepend=-1) > 0  # each number once
    return _judge(near[found], starts[found], ends[found])


def _judge(near: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[bool, bool]:
    """Tell what the numbers are that stand in the rows of `near` from `starts` to `ends`."""
    steps = np.arange(near.shape[1])
    inside = (steps >= starts[:, None]) & (steps < ends[:, None])
    has_point = ((near == ord(".")) & inside).any(axis=1)
    long = ~has_point | (ends - starts > _FLOAT_DIGITS + 1)
    if not long.any():
        return False, False
    near, starts, ends = near[long], starts[long], ends[long]
    inside, has_point = inside[long], has_point[long]
    has_exponent = (near[np.arange(len(near)), ends] | 32) == ord("e")
    is_integer = ~has_point & ~has_exponent
    leading = ((near > ord("0")) & inside).argmax(axis=1)  # zeros in front tell nothing
    digits = ((near >= ord("0")) & inside & (steps >= leading[:, None])).sum(axis=1)
    exact = np.where(is_integer, digits > _INT64_DIGITS, digits > _FLOAT_DIGITS)
    longest = [
        near[row, starts[row] : ends[row]].tobytes() > _INT64_MAX
        for row in np.flatnonzero(is_integer & (ends - starts == _INT64_DIGITS))
    ]
    return bool(is_integer.any()), bool(exact.any()) or any(longest)
