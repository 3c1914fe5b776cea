"""What kind of value a cell's text looks like: the evidence that tells delimiters, headers and
broken rows apart. Only for that: types are inferred elsewhere, over all rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

_NUMBER = r"[+-]?(?:\d{1,3}(?:[ ,.'\u00a0]\d{3})+|\d+)(?:[.,]\d*)?(?:[eE][+-]?\d+)?|[+-]?[.,]\d+"
_DATE = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}|[A-Za-z]{3,9} \d{1,2}, ?\d{4}|\d{4}年\d{1,2}月\d{1,2}日"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_CURRENCY = r"[$€£¥₹₽₩]|USD|EUR|GBP|CHF|JPY|R\$"
_KINDS = re.compile(
    "|".join(
        f"(?P<{kind}>{pattern})"
        for kind, pattern in {
            "number": _NUMBER,
            "date": _DATE,
            "time": _TIME,
            "moment": rf"(?:{_DATE})[T ,]+(?:{_TIME})(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?",
            "money": rf"(?:{_CURRENCY}) ?(?:{_NUMBER})|-(?:{_CURRENCY})(?:{_NUMBER})"
            rf"|(?:{_NUMBER}) ?(?:{_CURRENCY})",
            "percent": rf"(?:{_NUMBER}) ?%",
            "url": r"(?:https?|ftp|s3)://\S+|www\.\S+",
            "email": r"[\w.+-]+@[\w-]+\.[\w.-]+",
            "uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
            "ip": r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?",
            "truth": r"true|false|True|False|TRUE|FALSE",
        }.items()
    )
)
_NULLS = frozenset(
    ("na", "n/a", "null", "none", "nan", "nil", "-", "--", "?", ".", "\\n", "unknown", "#n/a")
)
_CODE = re.compile(r"(?=\S*\d)(?=\S*[^\W\d_])\w[\w./#-]{1,31}")
_SHAPES = tuple(
    (re.compile(pattern), shape)
    for pattern, shape in ((r"[a-z]+", "a"), (r"[A-Z]+", "A"), (r"\d+", "9"))
)


@lru_cache(maxsize=1 << 15)
def find_kind(cell: str) -> str:
    """Name the kind of a cell: "" (nothing, or a word for it), "text", number, date, time, moment,
    money, percent, url, email, uuid, ip, truth, or the shape of a code.

    >>> [find_kind(cell) for cell in ("1,5", "28/01/2018", "RI-3895", "n/a", "two words")]
    ['number', 'date', 'code A-9', '', 'text']
    """
    cell = cell.strip()
    if not cell or cell.lower() in _NULLS:
        return ""
    if len(cell) > 120:
        return "text"
    if match := _KINDS.fullmatch(cell):
        return match.lastgroup or "text"
    if _CODE.fullmatch(cell):
        for pattern, shape in _SHAPES:
            cell = pattern.sub(shape, cell)
        return f"code {cell}"
    return "text"


def profile_columns(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Name the kind each column's values have almost without exception; "text" where there is
    none, "" where there are no values.

    Args:
        rows: rows of that width, or longer ones whose rest is not looked at.
    """
    kinds = []
    for index in range(width):
        counts = Counter(find_kind(row[index]) for row in rows)
        counts.pop("", None)
        if not counts:
            kinds.append("")
            continue
        (kind, count), total = counts.most_common(1)[0], counts.total()
        kinds.append(kind if count >= 0.9 * total or count >= total - 1 >= 3 else "text")
    return kinds


def fits_profile(row: Sequence[str], profile: Sequence[str], least: int = 1) -> bool:
    """Tell whether every typed column of a row holds its kind or nothing, and at least so many
    typed columns hold their kind."""
    held = 0
    for cell, kind in zip(row, profile, strict=True):
        if kind in ("", "text"):
            continue
        found = find_kind(cell)
        if found == kind:
            held += 1
        elif found:
            return False
    return held >= least
