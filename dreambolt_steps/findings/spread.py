"""Values that stand out from the others of their column: spellings, fillers, far values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from dreambolt_steps.findings.finding import Finding
from dreambolt_steps.profiling.history_facts import ColumnFacts

_FILLERS = {
    "number": ("-1", "-9", "-99", "-999", "-9999", "99", "999", "9999", "99999", "999999"),
    "moment": ("1900-01-01", "1970-01-01", "9999-12-31", "2099-12-31", "1899-12-30"),
}
_FEWEST, _FILLER_SHARE, _GAP, _FAR = 3, 0.005, 5.0, 50.0
# 99 and 999 may be values; they are fillers only where nothing is near
_SHOWN = 3
_LOOSE = re.compile("[\\s_'\u2018\u2019`]|(?<!\\d)[.,]|[.,](?!\\d)")  # 1.5 is not 15


def find_spellings(column: ColumnFacts) -> Iterator[Finding]:
    """Categories that differ in case, accents, blanks or points alone, where all are known."""
    if column.family != "text" or not column.is_categorical:
        return
    groups: dict[str, list[tuple[str, int]]] = {}
    for value, number in column.values:
        groups.setdefault(_fold(value), []).append((value, number))
    alike = [group for folded, group in groups.items() if folded and len(group) > 1]
    if not alike:
        return
    rare = sum(number for group in alike for _, number in group[1:])
    shown = "; ".join(" and ".join(repr(value) for value, _ in group) for group in alike[:_SHOWN])
    more = f"; and {len(alike) - _SHOWN} more" if len(alike) > _SHOWN else ""
    yield Finding(
        "spellings",
        "moderate",
        f"the same word is written in several ways: {shown}{more}",
        columns=(column.name,),
        count=rare,
        total=column.sampled,
        advice="Groups and joins take them for different words; make them one at the source",
    )


def _fold(value: str) -> str:
    """A word without case, accents, blanks and apostrophes; "A+" and "A-" stay what they are."""
    if not any(map(str.isalpha, value)):
        return value
    plain = unicodedata.normalize("NFKD", value).casefold()
    return _LOOSE.sub("", "".join(one for one in plain if not unicodedata.combining(one)))


def find_fillers(column: ColumnFacts) -> Iterator[Finding]:
    """A number or day that often stands for "not known", far from all others and repeated."""
    fillers = _FILLERS.get(column.family, ())
    if not column.quantiles or not fillers:
        return
    for value, number in column.values:
        plain = value.removesuffix(".0").removesuffix(" 00:00:00")
        if plain not in fillers or number < max(_FEWEST, _FILLER_SHARE * column.sampled):
            continue
        if not _stands_apart(column, plain):
            continue
        yield Finding(
            "filler",
            "moderate",
            f"{plain} comes {number:,} times, far from all other values: it probably stands for "
            '"not known"',
            columns=(column.name,),
            count=number,
            total=column.sampled,
            advice="Make it NULL with null_tokens, or leave it out of sums and means",
        )


def _stands_apart(column: ColumnFacts, value: str) -> bool:
    """Whether the other values lie together, away from this one."""
    quantiles = column.quantiles
    at_low = column.low is not None and column.low.startswith(value)
    at_high = column.high is not None and column.high.startswith(value)
    if not (at_low or at_high):
        return False
    edge = quantiles[0] if at_low else quantiles[-1]
    others = [one for one in quantiles if one != edge]
    if len(others) < 2:
        return False
    lowest, highest = min(others), max(others)
    gap = lowest - edge if at_low else edge - highest
    if edge < 0 <= lowest and column.family == "number":  # the only negative number
        return True
    factor = _GAP if column.family == "number" else 1.0
    return gap > factor * (highest - lowest)


def find_far_values(column: ColumnFacts) -> Iterator[Finding]:
    """Numbers far beyond the span in which 96 of 100 of them lie."""
    if column.family != "number" or len(column.quantiles) < 3 or column.sampled < 50:
        return
    least, low, high, most = (column.quantiles[at] for at in (0, 1, -2, -1))
    span = high - low
    if span <= 0:
        return
    above, below = (most - high) / span, (low - least) / span
    # amounts that span powers of ten have long tails that are nothing odd
    if max(above, below) < _FAR or (low > 0 and high / low > 100):
        return
    far, whole = (most, column.high) if above >= below else (least, column.low)
    yield Finding(
        "far_value",
        "note",
        f"{whole or f'{far:g}'} is far from the others: 96 % of them lie from {low:,g} to "
        f"{high:,g}",
        columns=(column.name,),
        advice="Look whether it is meant; a contract's min and max keep such values out",
    )
