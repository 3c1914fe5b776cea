"""The vectors that a session keeps by model and text, and which of them nothing refers to."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from dreambolt_steps.log import Receipt
from dreambolt_steps.session.step_cache import VECTORS


def collect_vectors(
    session: Path, receipts: Iterable[Receipt | None], *, dry_run: bool = False
) -> int:
    """Delete the vectors of models that no step's last run used.

    Args:
        session: its folder.
        receipts: of the finished steps.
        dry_run: only measure.

    Returns: bytes freed (or that would be freed).
    """
    folder = session / VECTORS
    if not folder.is_dir():
        return 0
    used = {name for one in receipts if one for name in one.report.get("vector_stores", [])}
    freed = 0
    for store in folder.iterdir():
        if store.name not in used:
            freed += sum(file.stat().st_size for file in store.glob("*"))
            if not dry_run:
                shutil.rmtree(store, ignore_errors=True)
    return freed
