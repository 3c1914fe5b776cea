"""Findings that say the same of many columns, told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dreambolt_steps.findings.finding import Finding, Remedy

MANY = 3
_JOINED = {
    "all_null": "no value in any row",
    "mostly_null": "more than half of the rows have no value",
    "constant": "the same value in every row",
}
"""Kinds that say little of each column alone -> what they say of many together."""


def join_alike(findings: Iterable[Finding]) -> list[Finding]:
    """Tell once what more than three columns of a step have in common; the rest is left as it is,
    in the order it came in.

    >>> found = [Finding("constant", "note", "", "clean", (name,)) for name in "abcd"]
    >>> [(one.columns, one.what) for one in join_alike(found)]
    [(('a', 'b', 'c', 'd'), '4 columns have the same value in every row')]
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for at, one in enumerate(findings):
        key = (one.kind, one.step, one.level) if one.kind in _JOINED else (str(at),)
        groups.setdefault(key, []).append(one)
    joined = []
    for group in groups.values():
        joined += [_join(group)] if len(group) > MANY else group
    return joined


def _join(group: list[Finding]) -> Finding:
    first = group[0]
    columns = tuple(name for one in group for name in one.columns)
    told = _JOINED[first.kind]
    remedy = first.remedy
    if remedy is not None and isinstance(remedy.value, list):
        every = [name for one in group if one.remedy for name in one.remedy.value]
        remedy = Remedy(remedy.step, remedy.name, every, remedy.otherwise)
    words = f"{len(columns):,} columns have {told}"
    if first.kind == "mostly_null":
        words = f"{told} in {len(columns):,} columns"
    return replace(
        first, what=words, columns=columns, place="", count=len(columns), total=None, remedy=remedy
    )
