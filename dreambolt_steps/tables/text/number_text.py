"""Numbers written as text, and what stands between their digits.

Only spellings whose value a number prints back count: "007", "+49" and "1_000" are codes, not
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

MAX_DIGITS = 38
BLANKS = (" ", "\u00a0", "\u202f", "\u2009")
APOSTROPHES = ("'", "\u2019")
THOUSANDS = {".": (",", *BLANKS, *APOSTROPHES), ",": (".", *BLANKS, *APOSTROPHES)}
"""What may set thousands apart, by what stands before the decimals."""
_WHOLE = "(?:0|[1-9][0-9]*)"
_EXPONENT = "(?:[eE][+-]?[0-9]{1,3})?"
_SPECIAL = r"(?i)^[+-]?(?:inf(?:inity)?|nan)$"


def find_plain(text: pa.Array, decimal: str) -> pa.BooleanArray:
    """Which values are numbers without anything between thousands; NULL where the text is.

    Args:
        text: the values.
        decimal: what stands before the decimals. Exponents go with a point only.
    """
    mark = re.escape(decimal)
    exponent = _EXPONENT if decimal == "." else ""
    return pc.match_substring_regex(text, f"^-?(?:{_WHOLE}?{mark}[0-9]+|{_WHOLE}){exponent}$")


def find_grouped(text: pa.Array, decimal: str, thousands: str) -> pa.BooleanArray:
    """Which values are numbers with `thousands` before every third digit, such as 1,234.5."""
    mark, sign = re.escape(decimal), re.escape(thousands)
    return pc.match_substring_regex(
        text, f"^-?[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}})+(?:{mark}[0-9]+)?$"
    )


def find_special(text: pa.Array) -> pa.BooleanArray:
    """Which values are infinity or NaN, as a float prints them."""
    return pc.match_substring_regex(text, _SPECIAL)


def write_plain(text: pa.Array, decimal: str, thousands: str | None) -> pa.Array:
    """Take out what sets thousands apart, and put a point before the decimals.

    >>> write_plain(pa.array(["1.234,5"]), ",", ".").to_pylist()
    ['1234.5']
    """
    if thousands:
        text = pc.replace_substring(text, thousands, "")
    return text if decimal == "." else pc.replace_substring(text, decimal, ".")


def read_numbers(
    text: pa.Array, decimal: str, thousands: Iterable[str]
) -> tuple[pa.Array, pa.BooleanArray, dict[str, pa.BooleanArray]]:
    """Read numbers with one kind of decimals, and several of thousands.

    Args:
        text: the values.
        decimal: what stands before the decimals.
        thousands: what may set thousands apart.

    Returns: the numbers as Arrow casts them, NULL where a value is none; which values are numbers
        (NULL where the text is); and by every sign of thousands that occurs, which values have it.

    >>> numbers, good, grouped = read_numbers(pa.array(["1,234.5", "7", "x"]), ".", [","])
    >>> numbers.to_pylist(), good.to_pylist(), list(grouped)
    (['1234.5', '7', None], [True, True, False], [','])
    """
    good = find_plain(text, decimal)
    numbers = write_plain(text, decimal, None)
    grouped = {}
    for sign in thousands:
        if not good.false_count:
            break
        has_sign = find_grouped(text, decimal, sign)
        if has_sign.true_count:
            grouped[sign] = has_sign
            numbers = pc.if_else(has_sign, write_plain(text, decimal, sign), numbers)
            good = pc.or_(good, has_sign)
    if good.false_count:
        numbers = pc.if_else(good, numbers, pa.scalar(None, pa.string()))
    return numbers, good, grouped


_CODES = (
    *("USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK"),
    *("PLN", "CZK", "HUF", "RON", "RUB", "UAH", "TRY", "ILS", "ZAR", "BRL", "MXN", "KRW", "SGD"),
    *("HKD", "TWD", "THB", "kr", "Kč", "zł", "Ft", "Fr", "Fr."),
)
_CURRENCY = "(?:(?:US|AU|CA|NZ|HK|R)?" + r"\p{Sc}|" + "|".join(map(re.escape, _CODES)) + ")"


def take_sign(text: pa.Array, sign: str) -> tuple[pa.Array, pa.BooleanArray]:
    """Take currency or percent signs off.

    Args:
        text: the values.
        sign: currency ($, €, USD... before or behind; a number in parentheses is negative) or
            percent.

    Returns: the text without signs, and which values had one (NULL where the text is).

    >>> take_sign(pa.array(["-$1,200.50", "12 EUR", "(7)", "x"]), "currency")[0].to_pylist()
    ['-1,200.50', '12', '-7', 'x']
    """
    if sign == "percent":
        bare = pc.replace_substring_regex(text, r"([0-9])\s?%$", r"\1")
    else:
        bare = pc.replace_substring_regex(text, r"^\((.*[0-9].*)\)$", r"-\1")
        bare = pc.replace_substring_regex(bare, rf"^(-?){_CURRENCY}\s?(-?)([0-9.,])", r"\1\2\3")
        bare = pc.replace_substring_regex(bare, rf"([0-9.,])\s?{_CURRENCY}$", r"\1")
    return bare, pc.not_equal(bare, text)


def cast_wholes(text: pa.Array) -> pa.Array:
    """Read whole numbers of at most 38 digits: int64 where all fit, else decimal(38,0)."""
    try:
        return pc.cast(text, pa.int64())
    except pa.ArrowInvalid:
        return pc.cast(text, pa.decimal128(MAX_DIGITS, 0))
