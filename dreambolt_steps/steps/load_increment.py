"""How `LoadTable` knows which of its files are new, and what it tells of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from dreambolt_steps import step_cache
from dreambolt_steps.commits import commit_at_end, is_session_open
from dreambolt_steps.errors import UsageError
from dreambolt_steps.log import Receipt, current_reporter
from dreambolt_steps.rehearsal import current_rehearsal
from dreambolt_steps.sources.intake import Intake
from dreambolt_steps.sources.journal import KnownFile
from dreambolt_steps.sources.source import SourceFile
from dreambolt_steps.steps.table_step import TableStep

_LISTED = 1_000


def open_intake(step: TableStep, files: Sequence[SourceFile], only: str) -> Intake:
    """See the files of a source against what the step's last run knew.

    Args:
        step: whose source it is.
        files: all of the source.
        only: all or new.

    Raises: UsageError for another word, or where nobody sees the end of a run.
    """
    if only not in ("all", "new"):
        raise UsageError(f"step {step.name}: unknown only={only!r}; known are all and new")
    if only == "new" and not is_session_open() and not current_rehearsal():
        raise UsageError(
            f"step {step.name}: only='new' works within `open_session` alone: it has to know "
            "whether every step came to its end"
        )
    session = step.find_session_folder()
    journal = session / step_cache.JOURNALS / f"{step.folder_name}.json" if session else None
    is_new = only == "new"
    return Intake(files, journal, only_new=is_new, afresh=step.force, is_stored=step.holds_result)


def conclude_intake(
    step: TableStep, intake: Intake, read: Iterable[KnownFile], cached: int | None
) -> None:
    """Tell what became of the files, and note what is known of them for the next run.

    Args:
        step: that has its result.
        intake: what it took.
        read: files of this run that no journal knows yet.
        cached: files whose rows came from the cache; None if the whole result did.
    """
    if current_rehearsal() or intake.journal is None:
        return
    tell_changes(step.receipt, intake, cached)
    intake.record(read, None)
    commit_at_end(str(intake.journal), intake.settle)


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
