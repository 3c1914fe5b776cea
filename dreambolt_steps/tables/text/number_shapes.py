"""Plain decimals told from their bytes, without a regular expression: most numbers are plain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dreambolt_steps.tables.text.text_look import TextLook, make_byte_set

_POINT, _MINUS, _ZERO, _NINE = b".-09"
_BYTES = make_byte_set(b"0123456789.-")


@dataclass(frozen=True)
class NumberShapes:
    """The shapes of many plain numbers: 7, -7, 0.25, .5; NULLs have no digits.

    Attributes:
        wholes, fractions: digits before and behind the point of each.
        has_point: which have one.
        starts_with_zero: whose first digit is 0.
    """

    wholes: np.ndarray
    fractions: np.ndarray
    has_point: np.ndarray
    starts_with_zero: np.ndarray

    @property
    def digits(self) -> int:
        """Most digits before the point."""
        return int(self.wholes.max(initial=0))

    @property
    def scale(self) -> int:
        """Most digits behind the point."""
        return int(self.fractions.max(initial=0))

    @property
    def decimals(self) -> int:
        """Values with a point."""
        return int(self.has_point.sum())

    @property
    def may_be_grouped(self) -> np.ndarray:
        """Which of those with a point may have it before their thousands: 1.234, not 0.234."""
        lead = (self.wholes > 0) & (self.wholes <= 3) & ~self.starts_with_zero
        return self.has_point & (self.fractions == 3) & lead


def may_be_wholes(look: TextLook, nulls: int) -> bool:
    """Whether all values start and end like whole numbers, without a needless zero in front and
    without what is hexadecimal to Arrow (0x1F); what is in between is not looked at."""
    leads, ends = look.first, look.last
    if look.has_empty:
        there = look.lengths > 0
        if int(there.sum()) + nulls != len(there):
            return False
        leads, ends = leads[there], ends[there]
    if not len(leads) or ends.min() < _ZERO or ends.max() > _NINE:
        return False
    if leads.min() < _MINUS or leads.max() > _NINE:
        return False
    leads = look.first
    zero = leads == _ZERO
    if zero.any() and look.lengths[zero].max() > 1:
        return False
    minus = leads == _MINUS
    if not minus.any():
        return True
    return not ((look.get_bytes(1)[minus] == _ZERO) & (look.lengths[minus] > 2)).any()


def find_shapes(look: TextLook, nulls: int) -> NumberShapes | None:
    """Measure values that are plain numbers, all of them.

    Args:
        look: at the values.
        nulls: how many of them are NULL.

    Returns: their shapes; None when a value is anything but digits, one point at most, a minus in
        front of it at most, and no needless zero.
    """
    own, start = look.own, int(look.starts[0]) if len(look.starts) else 0
    if not _BYTES[own].all() or int((look.lengths == 0).sum()) != nulls:
        return None
    is_point = own == _POINT
    at = np.flatnonzero(is_point)
    if len(at):
        before = np.concatenate((np.zeros(1, np.int32), np.cumsum(is_point, dtype=np.int32)))
        first = before[look.starts - start]
        points = np.where(look.lengths > 0, before[look.ends - start] - first, 0)
        place = at.take(first, mode="clip") + start
        has_point = points == 1
    else:
        points = np.zeros(len(look.lengths), np.int32)
        place, has_point = points, points > 0
    minus = look.first == _MINUS
    wholes = np.where(has_point, place - look.starts, look.lengths) - minus
    fractions = np.where(has_point, look.ends - place - 1, 0)
    lead = np.where(minus, look.get_bytes(1), look.first) if minus.any() else look.first
    starts_with_zero = lead == _ZERO
    wrong = (
        (points > 1)
        | (has_point & (fractions == 0))
        | (~has_point & (wholes == 0) & (look.lengths > 0))
        | (starts_with_zero & (wholes > 1))
    )
    if wrong.any() or int((own == _MINUS).sum()) != int(minus.sum()):
        return None
    return NumberShapes(wholes, fractions, has_point, starts_with_zero)
