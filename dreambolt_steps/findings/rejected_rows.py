"""Rejected rows as findings: how many, why, and the argument that would most likely keep them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dreambolt_steps.findings.finding import Finding, Level, Remedy, count
from dreambolt_steps.log import Receipt

MANY_REJECTS = 0.05
REASONS_KEY = "reasons"
_WIDTH = re.compile(r"(\d+) fields where the table has (\d+) columns")
_REPEATS = re.compile(r"duplicate of .*")
_TYPE = re.compile(r"not a value of type (.+)")


@dataclass(frozen=True)
class Reason:
    """Why rows were rejected, or values discarded.

    Attributes:
        reason: in words; numbers that differ from row to row are left as the first has them.
        column: at fault; None for whole rows.
        kept: whether the rows were kept, without the value.
        count: rows, or values.
    """

    reason: str
    column: str | None
    kept: bool
    count: int


def find_rejected_rows(receipt: Receipt) -> Iterator[Finding]:
    """What a step rejected: the rows, then the values that it discarded in rows that were kept."""
    reasons = [Reason(*one) for one in receipt.report.get(REASONS_KEY, [])]
    if receipt.rows_rejected:
        lost = [one for one in reasons if not one.kept]
        share = receipt.rows_rejected / max(receipt.rows_in, 1)
        level: Level = "major" if share >= MANY_REJECTS else "moderate"
        if lost and all(_REPEATS.fullmatch(one.reason) for one in lost):
            level = "note"  # somebody asked for just that
        what = f"{receipt.rows_rejected:,} of {count(receipt.rows_in, 'row')} rejected"
        advice, remedy = _choose_remedy(lost)
        yield Finding(
            "rejected_rows",
            level,
            what + _tell_reasons(lost, receipt.rows_rejected),
            receipt.step,
            count=receipt.rows_rejected,
            total=receipt.rows_in,
            advice=advice,
            remedy=remedy,
        )
    if receipt.values_discarded:
        kept = [one for one in reasons if one.kept]
        yield Finding(
            "discarded_values",
            "moderate",
            f"{count(receipt.values_discarded, 'value')} discarded in rows that were kept"
            + _tell_reasons(kept, receipt.values_discarded),
            receipt.step,
            count=receipt.values_discarded,
            advice="The rejects hold them",
        )


def suggest_remedy(receipt: Receipt) -> str:
    """The argument that would most likely keep what a step rejected, in words; "" for none.

    >>> reasons = [["2 fields where the table has 3 columns", None, False, 4]]
    >>> suggest_remedy(Receipt("load", "x", 9, 5, 4, report={"reasons": reasons}))
    'rows that are too short are kept with: --load ragged=pad'
    """
    for one in find_rejected_rows(receipt):
        if one.remedy is not None and one.kind == "rejected_rows":
            told = one.tell_advice()
            return told[0].lower() + told[1:]
    return ""


def _tell_reasons(reasons: list[Reason], total: int) -> str:
    if not reasons:
        return ""
    told = []
    for one in reasons[:2]:
        column = f"{one.column}: " if one.column else ""
        number = "" if one.count == total else f"{one.count:,} times "
        told.append(f"{number}{column}{one.reason.partition(';')[0]}")
    others = total - sum(one.count for one in reasons[:2])
    return f": {', '.join(told)}" + (f", and {others:,} more" if others > 0 else "")


def _choose_remedy(reasons: list[Reason]) -> tuple[str, Remedy | None]:
    """What would most likely keep most of the rows."""
    for one in reasons[:1]:
        for pattern, choose in _REMEDIES:
            if match := pattern.fullmatch(one.reason):
                return choose(match, one)
    return ("Look at them in the rejects, and correct the source", None)


def _mend_width(match: re.Match[str], reason: Reason) -> tuple[str, Remedy | None]:
    found, wanted = int(match[1]), int(match[2])
    if found < wanted:
        return "Rows that are too short are kept with", Remedy("LoadTable", "ragged", "pad")
    if wanted == 1:
        return "Several columns may have been read as one; tell what is between them, such as", (
            Remedy("LoadTable", "delimiter", ";")
        )
    return (
        "The delimiter may stand within values that another quote encloses, or the names may be in "
        "another row; tell the quote, or",
        Remedy("LoadTable", "header_rows", 2),
    )


def _mend_quotes(match: re.Match[str], reason: Reason) -> tuple[str, Remedy | None]:
    return "If quotes are plain characters in this file, say so with", (
        Remedy("LoadTable", "quote", "")
    )


def _mend_encoding(match: re.Match[str], reason: Reason) -> tuple[str, Remedy | None]:
    return "Tell the encoding that the file was written in, such as", (
        Remedy("LoadTable", "encoding", "cp1252")
    )


def _mend_type(match: re.Match[str], reason: Reason) -> tuple[str, Remedy | None]:
    told = {reason.column: "widen"} if reason.column else "widen"
    return f"A type that holds them instead of {match[1]} is found with", (
        Remedy("CleanTable", "on_mismatch", told, "or null")
    )


def _leave_repeats(match: re.Match[str], reason: Reason) -> tuple[str, Remedy | None]:
    return "", None


_Choose = Callable[[re.Match[str], Reason], tuple[str, Remedy | None]]
_REMEDIES: tuple[tuple[re.Pattern[str], _Choose], ...] = (
    (_WIDTH, _mend_width),
    (re.compile(r".*quot.*", re.I | re.S), _mend_quotes),
    (re.compile(r".*(UTF-8|encod).*", re.I | re.S), _mend_encoding),
    (_TYPE, _mend_type),
    (_REPEATS, _leave_repeats),
)
