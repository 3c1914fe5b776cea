"""What came of a synthesis, as notes for a reader and numbers for machines."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from dreambolt_steps.llms.ledger_exchange import LedgerExchange
from dreambolt_steps.synthesis.cost import describe_spending
from dreambolt_steps.synthesis.made import MadeRow, Synthesis, explain_missing
from dreambolt_steps.synthesis.provenance import PROVENANCE, describe_origin


def describe_outcome(
    made: Synthesis, wanted: int, exchange: LedgerExchange
) -> tuple[list[str], dict[str, Any]]:
    """Notes and a report of a run.

    Args:
        made: what came of it.
        wanted: rows that were asked for.
        exchange: over which.
    """
    spent, costs = describe_spending(exchange)
    note = f"{len(made.rows):,} of {wanted:,} rows made; {spent}"
    if made.rejects:
        note += f"; {len(made.rejects):,} rejected, first: {made.rejects[0].reason}"
    notes = [note]
    if missing := explain_missing(made, wanted):
        notes.append(missing)
    report = {
        "rows made": len(made.rows),
        "rows wanted": wanted,
        "rejected": dict(made.reasons.most_common()),
        "repaired": made.repaired,
        **costs,
    }
    if made.rows and "usd" in costs:
        report["usd per row"] = costs["usd in all runs"] / len(made.rows)
    return notes, report


def build_completions(
    rows: list[MadeRow],
    written: list[pa.Field],
    using: list[str],
    schema: pa.Schema,
    labels: tuple[str, str],
) -> pa.Table:
    """Completions as a table: what they were made from, what was made, and where it is from."""
    fields = [*(schema.field(name) for name in using), *written, *PROVENANCE]
    dicts = [
        {**row.slot.given, **row.values, **describe_origin(*labels, row.call_key)} for row in rows
    ]
    return pa.Table.from_pylist(dicts, schema=pa.schema(fields))
