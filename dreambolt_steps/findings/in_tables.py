"""What deserves a look in a whole table, in the promises that it broke, and in what changed since
the last run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.findings.finding import Finding, Remedy, count
from dreambolt_steps.profiling.drift import Drift
from dreambolt_steps.profiling.history_facts import TableFacts

DRIFT = "drift"
_OUTCOMES = {
    "evolve": "They are kept",
    "discard_row": "Their rows are rejected",
    "discard_value": "They are NULL now",
    "freeze": "The run stops",
}


def find_in_table(facts: TableFacts, *, keeps_repeats: bool = True) -> Iterator[Finding]:
    """What deserves a look in the rows of a table.

    Args:
        facts: of the table.
        keeps_repeats: whether nobody has said yet what to do with repeated rows.
    """
    if not facts.rows and facts.columns:
        yield Finding("no_rows", "major", "the table has no row", advice="Look into the source")
    if facts.repeated and keeps_repeats:
        noun = "is equal" if facts.repeated == 1 else "are equal"
        yield Finding(
            "repeated_rows",
            "moderate",
            f"{facts.repeated:,} of {count(facts.rows, 'row')} {noun} to an earlier one in every "
            "column",
            count=facts.repeated,
            total=facts.rows,
            advice="Only the first of each is kept with",
            remedy=Remedy("CleanTable", "duplicates", "drop", "or flag"),
        )


def find_broken_rules(rules: Sequence[RuleTally]) -> Iterator[Finding]:
    """The promises of a contract that were broken."""
    for rule in rules:
        if not rule.breaks:
            continue
        first = ""
        if rule.first_row is not None:
            value = "" if rule.first_value is None else f"{rule.first_value!r} in "
            first = f"first {value}row {rule.first_row + 1:,}"
        yield Finding(
            "broken_promise",
            "moderate",
            f"{rule.breaks:,} {'time' if rule.breaks == 1 else 'times'} {rule.reason}",
            columns=(rule.column,) if rule.column else (),
            place=first,
            count=rule.breaks,
            advice=_OUTCOMES[rule.mode],
        )


def find_drift(drift: Drift, since: str) -> Iterator[Finding]:
    """What changed since an earlier run.

    Args:
        drift: the comparison.
        since: when that run was, in words.
    """
    for alert in drift.alerts:
        yield Finding(
            DRIFT,
            alert.level,
            alert.words,
            columns=(alert.column,) if alert.column else (),
            advice=f"Compared with the run of {since}" if alert.level == "major" else "",
        )
