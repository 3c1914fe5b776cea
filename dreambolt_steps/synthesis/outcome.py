"""What came of a synthesis, as notes for a reader and numbers for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dreambolt_steps.llms.ledger.exchange import LedgerExchange
from dreambolt_steps.synthesis.cost import describe_spending
from dreambolt_steps.synthesis.drawing import RowDrawer
from dreambolt_steps.synthesis.provenance import PROVENANCE, describe_origin
from dreambolt_steps.synthesis.result import MadeRow, Synthesis, explain_missing


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
    notes, report = _describe_rows(made, wanted, f"rows made; {spent}")
    report |= {"repaired": made.repaired, **costs}
    if made.rows and "usd" in costs:
        report["usd per row"] = costs["usd in all runs"] / len(made.rows)
    return notes, report


def describe_drawing(
    made: Synthesis, wanted: int, drawer: RowDrawer, unwritable: Sequence[str]
) -> tuple[list[str], dict[str, Any]]:
    """Notes and a report of rows that were drawn from a copula.

    Args:
        made: what came of it.
        wanted: rows that were asked for.
        drawer: that drew them.
        unwritable: columns that it could not write.
    """
    words = f"rows drawn from a copula of {drawer.copula.rows:,}"
    notes, report = _describe_rows(made, wanted, words)
    told = "texts that a copula can't write, NULL in new rows; CompleteColumns can fill them"
    if unwritable:
        notes.append(f"{', '.join(unwritable)}: {told}")
    if drawer.alone:
        told = "texts of the table, drawn without regard to other columns"
        notes.append(f"{', '.join(drawer.alone)}: {told}")
    if drawer.foreign:
        told = "values that the table does not hold, which other columns do not go with"
        notes.append(f"{', '.join(drawer.foreign)}: {told}")
    return notes, report | {"method": "copula"}


def _describe_rows(made: Synthesis, wanted: int, words: str) -> tuple[list[str], dict[str, Any]]:
    note = f"{len(made.rows):,} of {wanted:,} {words}"
    if made.rejects:
        note += f"; {len(made.rejects):,} rejected, first: {made.rejects[0].reason}"
    missing = explain_missing(made, wanted)
    report = {
        "rows made": len(made.rows),
        "rows wanted": wanted,
        "rejected": dict(made.reasons.most_common()),
    }
    return [note, missing] if missing else [note], report


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
