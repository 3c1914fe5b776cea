"""What a table was made from, gathered from the receipts of the steps above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dreambolt_steps.log import Receipt


def trace_lineage(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Facts of all upstream steps of this package, ready for a file's metadata.

    Args:
        inputs: of a step.

    Returns: such as `{"source": "players.csv", "source_fingerprint": "9f..", "embedding.name":
        "all-MiniLM-L6-v2"}`; what a step nearer to this one says wins.
    """
    facts: dict[str, str] = {}
    for receipt in _walk_receipts(inputs):
        facts = {**receipt.report.get("lineage", {}), **facts}
    return facts


def trace_descriptions(inputs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is known of columns by their names: column -> description, semantic_type, unit.

    A step says so under `descriptions` in its receipt's report, as `SuggestSchema` does; what a
    step nearer to this one says of a column wins.
    """
    found: dict[str, dict[str, str]] = {}
    for receipt in _walk_receipts(inputs):
        found = {**receipt.report.get("descriptions", {}), **found}
    return found


def trace_masked(inputs: Mapping[str, Any]) -> set[str]:
    """Names of columns that a step above masked: it lists them under `masked` in its receipt's
    report."""
    return {name for receipt in _walk_receipts(inputs) for name in receipt.report.get("masked", [])}


def _walk_receipts(inputs: Mapping[str, Any]) -> Iterator[Receipt]:
    """Receipts of all upstream steps of this package, the nearest first."""
    waiting = [column.step for column in inputs.values() if column is not None]
    seen: set[int] = set()
    while waiting:
        step = waiting.pop(0)
        if id(step) in seen:
            continue
        seen.add(id(step))
        receipt = getattr(step, "receipt", None)
        if receipt is not None:
            yield receipt
        waiting += [column.step for column in step.inputs.values() if column is not None]
