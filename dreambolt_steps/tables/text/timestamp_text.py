"""Days, moments and times of day written as text, in many forms, read by whole arrays."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.text.text_look import TextLook
from dreambolt_steps.tables.text.timestamp_parts import MomentParts

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
FIRST_CENTURY_YEAR = 69  # as POSIX has it: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068
_NAMES = "|".join(name[:3] if name == "may" else f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
_NAMES = _NAMES.replace("sep(?:tember)?", "sep(?:t(?:ember)?)?")
_WEEKDAY = "(?:(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
_SHORT = "[0-9]{1,2}"
_YEAR = "[0-9]{4}|[0-9]{2}"
_DATE_FORMS = (
    # The year first: 2024-2-29, 2024/02/29, 2024.02.29, 20240229.
    rf"(?P<y1>[0-9]{{4}})(?:-(?P<m1>{_SHORT})-(?P<d1>{_SHORT})"
    rf"|/(?P<m2>{_SHORT})/(?P<d2>{_SHORT})|\.(?P<m3>{_SHORT})\.(?P<d3>{_SHORT}))",
    # Day and month in either order: 29/02/2024, 2-29-24, 29.2.2024.
    *(
        rf"(?P<a{n}>{_SHORT}){mark}(?P<b{n}>{_SHORT}){mark}(?P<y{n}>{_YEAR})"
        for n, mark in ((4, "/"), (5, "-"), (6, r"\."))
    ),
    # English names of months: 29 Feb 2024, 29-Feb-24, February 29, 2024.
    rf"{_WEEKDAY}(?P<d7>{_SHORT})(?:st|nd|rd|th)?[ -](?P<n7>{_NAMES})\.?,?[ -](?P<y7>{_YEAR})",
    rf"{_WEEKDAY}(?P<n8>{_NAMES})\.? (?P<d8>{_SHORT})(?:st|nd|rd|th)?,? (?P<y8>[0-9]{{4}})",
)
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
)
_ZONE = r"(?: ?(?P<zone>z|utc|gmt|[+-][0-9]{2}(?::?[0-9]{2})?))?"
_MOMENT = rf"(?i)^(?:{'|'.join(_DATE_FORMS)})(?:(?:t|,? (?:(?:[-–—@]|at) )?){_CLOCK}{_ZONE})?$"
_COMPACT = "^(?P<y1>[0-9]{4})(?P<m1>[0-9]{2})(?P<d1>[0-9]{2})$"
_TIME = f"(?i)^{_CLOCK}$"


def read_moments(text: pa.Array, *, compact: bool = False) -> MomentParts:
    """Read days and moments; NULLs have no shape.

    Args:
        text: the values.
        compact: whether 20240229 is a day too.
    """
    pattern = _COMPACT if compact else _MOMENT
    groups = _extract(text, pattern)
    shaped = groups["shaped"]
    years, months, days = _join(groups, "y"), _join(groups, "m"), _join(groups, "d")
    first, second = _join(groups, "a"), _join(groups, "b")
    is_open = first[1]
    named = _find_months(groups, len(text))
    is_short = years[2] == 2
    year = np.where(
        is_short, years[0] + np.where(years[0] >= FIRST_CENTURY_YEAR, 1900, 2000), years[0]
    )
    month = np.where(is_open, first[0], np.where(named > 0, named, months[0]))
    day = np.where(is_open, second[0], days[0])
    dashed = is_short & _number(groups, "b5")[1]
    may_start = dashed & (second[0] >= 1) & (second[0] <= 12) & (years[0] >= 1) & (years[0] <= 31)
    has_time, micros, good_time, too_fine = _read_clock(groups, len(text))
    has_zone, offsets, good_zone = _read_zone(groups, len(text))
    return MomentParts(
        *(shaped, year, month, day, is_open, is_short, may_start, has_time, has_zone),
        *(micros, offsets, good_time & good_zone, too_fine),
    )


def read_times(text: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read times of day.

    Returns: microseconds of the day; which texts are times; and which are so beyond doubt: 3:45 may
        be a duration, 03:45, 3:45:00 and 3:45 pm are times.
    """
    groups = _extract(text, _TIME)
    _, micros, good, too_fine = _read_clock(groups, len(text))
    good &= ~too_fine
    sure = (_number(groups, "hour")[2] == 2) | _number(groups, "second")[1]
    sure |= _has(groups, "half", len(text))
    good = good & groups["shaped"]
    return micros, good, good & sure


Groups = dict[str, np.ndarray | pa.Array]


def _extract(text: pa.Array, pattern: str) -> Groups:
    found = pc.extract_regex(text, pattern)
    groups: Groups = dict(zip(re.findall(r"\?P<(\w+)>", pattern), found.flatten(), strict=True))
    groups["shaped"] = found.is_valid().to_numpy(zero_copy_only=False)
    return groups


def _number(groups: Groups, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A group's numbers (0 for none), which texts have one, and how many digits each has."""
    text = groups.get(name)
    rows = len(groups["shaped"])
    look = None if text is None else TextLook(text)
    if look is None or not look.lengths.any():
        nothing = np.zeros(rows, np.int64)
        return nothing, nothing > 0, nothing
    numbers = np.zeros(rows, np.int64)
    for at in range(int(look.lengths.max())):
        digits = look.get_bytes(at).astype(np.int64) - ord("0")
        numbers = np.where(look.lengths > at, numbers * 10 + digits, numbers)
    return numbers, look.lengths > 0, look.lengths


def _join(groups: Groups, letter: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of all groups of one meaning: at most one of them is there in a text."""
    parts = [_number(groups, name) for name in groups if re.fullmatch(rf"{letter}\d", name)]
    if not parts:
        return _number(groups, "")
    numbers, there, lengths = (np.array(one) for one in zip(*parts, strict=True))
    return numbers.sum(axis=0), np.any(there, axis=0), lengths.sum(axis=0)


def _has(groups: Groups, name: str, rows: int) -> np.ndarray:
    text = groups.get(name)
    return np.zeros(rows, bool) if text is None else TextLook(text).lengths > 0


def _find_months(groups: Groups, rows: int) -> np.ndarray:
    """The months that are named, 0 for none."""
    short = pa.array([name[:3] for name in MONTHS])
    months = np.zeros(rows, np.int64)
    for name in ("n7", "n8"):
        if _has(groups, name, rows).any():
            head = pc.utf8_slice_codeunits(pc.ascii_lower(groups[name]), 0, 3)
            found = pc.fill_null(pc.index_in(head, short), -1)
            months += found.to_numpy(zero_copy_only=False) + 1
    return months


def _read_clock(groups: Groups, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Which texts have a time, its microseconds, which times are on the clock, and which are finer
    than microseconds."""
    (hour, there, _), (minute, _, _) = _number(groups, "hour"), _number(groups, "minute")
    (second, _, _), (part, _, digits) = _number(groups, "second"), _number(groups, "part")
    has_half = _has(groups, "half", rows)
    good = (minute <= 59) & (second <= 59)
    good &= np.where(has_half, (hour >= 1) & (hour <= 12), hour <= 23)
    if has_half.any():
        is_late = pc.fill_null(pc.equal(pc.ascii_lower(groups["half"]), "p"), False)
        late = is_late.to_numpy(zero_copy_only=False)
        hour = np.where(has_half, hour % 12 + 12 * late, hour)
    nanos = part * 10 ** (9 - digits)
    micros = ((hour * 60 + minute) * 60 + second) * 1_000_000 + nanos // 1000
    return there, micros, good, nanos % 1000 != 0


def _read_zone(groups: Groups, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which texts have an offset, its microseconds, and which offsets there may be."""
    there = _has(groups, "zone", rows)
    if not there.any():
        return there, np.zeros(rows, np.int64), np.ones(rows, bool)
    bare = pc.replace_substring_regex(groups["zone"], "(?i)z|utc|gmt|:", "")
    padded = pc.replace_substring_regex(bare, "^([+-][0-9]{2})$", r"\100")  # RE2: group 1
    sign = pc.replace_substring_regex(padded, "^[+]", "")
    number = pc.cast(pc.if_else(pc.not_equal(sign, ""), sign, "0"), pa.int64())
    number = pc.fill_null(number, 0).to_numpy(zero_copy_only=False)
    hours, minutes = abs(number) // 100, abs(number) % 100
    offsets = np.sign(number) * (hours * 60 + minutes) * 60_000_000
    return there, offsets, (hours <= 23) & (minutes <= 59)
