"""What a table was made from, gathered from the receipts of the steps above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def trace_lineage(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Facts of all upstream steps of this package, ready for a file's metadata.

    Args:
        inputs: of a step.

    Returns: such as `{"source": "players.csv", "source_fingerprint": "9f..", "embedding.name":
        "all-MiniLM-L6-v2"}`; what a step nearer to this one says wins.
    """
    facts: dict[str, str] = {}
    waiting = [column.step for column in inputs.values() if column is not None]
    seen: set[int] = set()
    while waiting:
        step = waiting.pop(0)
        if id(step) in seen:
            continue
        seen.add(id(step))
        receipt = getattr(step, "receipt", None)
        if receipt is not None:
            facts = {**receipt.report.get("lineage", {}), **facts}
        waiting += [column.step for column in step.inputs.values() if column is not None]
    return facts
