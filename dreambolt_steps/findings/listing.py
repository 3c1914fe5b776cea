"""Everything of a run that deserves a look, in one list: what the terminal prints at the end, what
the report shows, and what `--json-logs` writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dreambolt_steps.findings.finding import LEVELS, REPORT_KEY, Finding
from dreambolt_steps.findings.joining import join_alike
from dreambolt_steps.findings.rejected_rows import find_rejected_rows
from dreambolt_steps.log import Receipt

MEASURE_KINDS = ("AssessSynthesis",)
"""Steps that measure rows and hand on what they found: none of their rows is one of the table."""


def list_findings(receipts: Sequence[Receipt]) -> list[Finding]:
    """What deserves a look, the worst first; within a level in the order of the steps.

    Args:
        receipts: of the steps of a run that are this package's, in their order.

    >>> list_findings([Receipt("load", "LoadTable", rows_in=5, rows_out=4)])[0].what
    '5 rows in, 4 out: 1 row is gone without a word'
    """
    found = [one for receipt in receipts for one in _list_of_step(receipt)]
    counted = {(one.step, one.columns) for one in found if one.kind == "wrong_encoding"}
    found = [one for one in found if one.kind != "broken_text" or not _is_in(one, counted)]
    return sorted(join_alike(found), key=lambda one: LEVELS.index(one.level))


def _is_in(finding: Finding, places: set[tuple[str, tuple[str, ...]]]) -> bool:
    return (finding.step, finding.columns) in places


def _list_of_step(receipt: Receipt) -> Iterator[Finding]:
    yield from check_sum(receipt)
    yield from find_rejected_rows(receipt)
    for kept in receipt.report.get(REPORT_KEY, []):
        try:
            yield Finding.from_dict(kept)
        except (TypeError, KeyError):  # kept by another version
            continue
    for words in receipt.report.get("warnings", []):
        yield Finding("warning", "note", str(words), receipt.step)


def check_sum(receipt: Receipt) -> Iterator[Finding]:
    """Whether the rows of a step add up; they do, unless this package has an error. Those of a step
    that measures are no rows of the table."""
    came = receipt.rows_in + receipt.rows_made
    went = receipt.rows_rejected + receipt.rows_dropped + receipt.rows_out
    if came == went or receipt.kind in MEASURE_KINDS:
        return
    parts = [f"{receipt.rows_in:,} rows in"]
    told = ((receipt.rows_made, "made"), (receipt.rows_rejected, "rejected"))
    parts += [f"{number:,} {word}" for number, word in told if number]
    parts += [f"{receipt.rows_dropped:,} left out"] if receipt.rows_dropped else []
    parts.append(f"{receipt.rows_out:,} out")
    missing = abs(came - went)
    rows = f"{missing:,} row{'' if missing == 1 else 's'}"
    verb = "is" if missing == 1 else "are"
    how = f"{verb} gone without a word" if came > went else "came from nowhere"
    yield Finding(
        "does_not_add_up",
        "major",
        f"{', '.join(parts)}: {rows} {how}",
        receipt.step,
        count=missing,
        total=came,
        advice="This is an error of dreambolt_steps; please report it",
    )
