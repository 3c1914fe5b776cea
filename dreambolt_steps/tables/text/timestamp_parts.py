"""Years, months, days and clocks as numbers: which moments there are, and when they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_DAY_MICROS = 86_400_000_000
# The years 1 to 9999, which Python knows; Arrow knows more.
FIRST_MICRO, END_MICRO = -62_135_596_800_000_000, 253_402_300_800_000_000


@dataclass(frozen=True)
class MomentParts:
    """What was read of each of many texts, as numpy arrays; numbers are 0 where nothing was.

    Attributes:
        is_shaped: whether the text has the shape of a moment at all.
        years, months, days: with the month first where that is not told by the text itself.
        is_open: whether the text leaves open which of day and month comes first.
        is_short: whether the year has two digits.
        may_start_with_year: whether it has, and 24-03-05 could as well be the fifth of March 2024.
        has_time, has_zone: whether there is a time of day, an offset.
        micros: of the day; `offsets`: microseconds from UTC.
        has_good_time: whether hour, minute, second and offset are ones that there are.
        is_too_fine: whether the second has more decimals than six, and they are not zeros.
    """

    is_shaped: np.ndarray
    years: np.ndarray
    months: np.ndarray
    days: np.ndarray
    is_open: np.ndarray
    is_short: np.ndarray
    may_start_with_year: np.ndarray
    has_time: np.ndarray
    has_zone: np.ndarray
    micros: np.ndarray
    offsets: np.ndarray
    has_good_time: np.ndarray
    is_too_fine: np.ndarray

    def find_good(self, day_first: bool) -> np.ndarray:
        """Which are moments of the calendar, years 1 to 9999, when open ones are read so."""
        months, days = self._order(day_first)
        return (
            self.is_shaped
            & self.has_good_time
            & (self.years >= 1)
            & (months >= 1)
            & (months <= 12)
            & (days >= 1)
            & (days <= _count_days(self.years, months))
            & self._is_in_range(day_first)
        )

    def to_micros(self, day_first: bool) -> np.ndarray:
        """Microseconds since 1970, UTC where there is an offset; good for good ones only."""
        return self.to_days(day_first) * _DAY_MICROS + self.micros - self.offsets

    def to_days(self, day_first: bool) -> np.ndarray:
        """Days since 1970-01-01, int64."""
        months, days = self._order(day_first)
        index = (self.years - 1970) * 12 + (np.clip(months, 1, 12) - 1)
        first = index.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        return first + days - 1

    def differs(self) -> np.ndarray:
        """Which would be another moment if day and month changed places."""
        return self.is_open & (self.months != self.days)

    def _order(self, day_first: bool) -> tuple[np.ndarray, np.ndarray]:
        if not day_first:
            return self.months, self.days
        swapped = self.is_open
        months = np.where(swapped, self.days, self.months)
        return months, np.where(swapped, self.months, self.days)

    def _is_in_range(self, day_first: bool) -> np.ndarray:
        """Whether the moment is in the years 1 to 9999 in UTC too."""
        micros = self.to_micros(day_first)
        return (micros >= FIRST_MICRO) & (micros < END_MICRO)


def _count_days(years: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Days of a month; 31 for a month that there is not."""
    is_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    known = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    days = known[np.clip(months, 1, 12) - 1]
    return days + (is_leap & (months == 2))
