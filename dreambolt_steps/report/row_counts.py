"""The rows of a whole run: what came in is what went out, and what was rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dreambolt_steps.findings.listing import MEASURE_KINDS
from dreambolt_steps.log import Receipt

SOURCE_KINDS = ("LoadTable",)
EXPORT_KINDS = ("ExportParquet",)


@dataclass(frozen=True)
class RowCounts:
    """Rows of a run: `read + made = rejected + dropped + written + elsewhere`.

    Attributes:
        read: found in the sources.
        made: that did not exist before.
        rejected: by all steps.
        dropped: that steps were asked to leave out: merged into others, or without a match.
        written: exported, or handed on by the last step.
        elsewhere: that came (negative) or went in steps of other packages, or were written twice.
        discarded: values put to NULL in rows that were kept.
        sources, targets: steps that read, and that write.
    """

    read: int = 0
    made: int = 0
    rejected: int = 0
    written: int = 0
    elsewhere: int = 0
    discarded: int = 0
    dropped: int = 0
    sources: int = 1
    targets: int = 1


def count_rows(receipts: Sequence[Receipt]) -> RowCounts:
    """Count the rows of a run from the receipts of its steps."""
    rows = [
        one
        for one in receipts
        if not one.kind.startswith("CopyInto") and one.kind not in MEASURE_KINDS
    ]
    if not rows:
        return RowCounts()
    sources = [one for one in rows if one.kind in SOURCE_KINDS] or rows[:1]
    targets = [one for one in rows if one.kind in EXPORT_KINDS] or rows[-1:]
    read, written = sum(one.rows_in for one in sources), sum(one.rows_out for one in targets)
    rejected, made = sum(one.rows_rejected for one in rows), sum(one.rows_made for one in rows)
    dropped = sum(one.rows_dropped for one in rows)
    return RowCounts(
        read=read,
        made=made,
        rejected=rejected,
        written=written,
        dropped=dropped,
        elsewhere=read + made - rejected - dropped - written,
        discarded=sum(one.values_discarded for one in rows),
        sources=len(sources),
        targets=len(targets),
    )
