"""What `LoadTable` tells of its files, in its receipt and to whoever listens."""

from __future__ import annotations

import logging
from typing import Any

from dreambolt_steps.log import Receipt, current_reporter
from dreambolt_steps.sources.intake import Intake

_LISTED = 1_000


def tell_changes(receipt: Receipt, intake: Intake, cached: int | None) -> None:
    """Tell what became of the files since the last run.

    Args:
        receipt: of this run, or the kept one of a result that came from the cache.
        intake: what the run took.
        cached: files whose rows came from the cache; None if the whole result did.
    """
    changes = intake.changes
    before = receipt.report.get("files", {}).get("told")
    receipt.notes = [note for note in receipt.notes if note != before]
    told = changes.describe()
    if intake.only_new and (changes.new or changes.changed):
        told += f"; {len(intake.plan.files):,} taken"
    if cached:
        told += f"; {cached:,} from the cache"
    if changes.files > 1 or changes.deleted:
        receipt.notes.insert(0, told)
    receipt.report["files"] = {"told": told, "cached": cached} | _list_changes(intake)
    if changes.deleted:
        _warn(receipt, changes.describe_deleted())
    if intake.only_new and changes.changed:
        taken = ", ".join(uri.rsplit("/", 1)[-1] for uri in changes.changed[:3])
        _warn(receipt, f"changed, and taken whole again: {taken}; rows loaded before stay")
    if intake.plan.waiting:
        _warn(
            receipt,
            f"this finishes a run that was interrupted; {len(intake.plan.waiting):,} newer files "
            "wait for the next run",
        )


def _list_changes(intake: Intake) -> dict[str, Any]:
    changes = intake.changes
    return {
        "total": changes.files,
        "new": changes.new[:_LISTED],
        "changed": changes.changed[:_LISTED],
        "deleted": [{"uri": file.uri, "rows": file.rows} for file in changes.deleted[:_LISTED]],
        "waiting": [file.uri for file in intake.plan.waiting[:_LISTED]],
    }


def _warn(receipt: Receipt, message: str) -> None:
    current_reporter().say(f"{receipt.step}: {message}", logging.WARNING)
