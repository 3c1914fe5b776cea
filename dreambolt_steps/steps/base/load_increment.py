"""How `LoadTable` knows which of its files are new, and what it tells of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import xxhash

from dreambolt_steps.dry_run import current_rehearsal
from dreambolt_steps.errors import UsageError
from dreambolt_steps.log import Receipt, current_reporter
from dreambolt_steps.readers.cursor import Since, find_largest
from dreambolt_steps.readers.table.read_report import ReadReport
from dreambolt_steps.session import step_cache
from dreambolt_steps.session.commits import commit_at_end, is_session_open
from dreambolt_steps.sources.file_selection import Intake
from dreambolt_steps.sources.journal import KnownFile
from dreambolt_steps.sources.known_hashes import KnownHashes
from dreambolt_steps.sources.source import resolve_source
from dreambolt_steps.steps.base.table_step import TableStep

_LISTED = 1_000


LAST = "last"


def open_intake(step: TableStep, args: Mapping[str, Any]) -> Intake:
    """Find the files of a source, and see them against what the step's last run knew.

    Args:
        step: whose source it is.
        args: of the step.

    Raises: as `resolve_source`; UsageError for another word, or where nobody sees the end of a run.
    """
    only, since, cursor = args["only"], args["since"], args["cursor"]
    if since is not None and not cursor:
        raise UsageError(
            f"step {step.name}: since={since!r} needs a cursor: the column it is about"
        )
    told = "only='new'" if only == "new" else "since='last'" if since == LAST else None
    if told and not is_session_open() and not current_rehearsal():
        raise UsageError(
            f"step {step.name}: {told} works within `open_session` alone: it has to know whether "
            "every step came to its end"
        )
    session = step.find_session_folder()
    if session is None:
        return Intake(resolve_source(args["source"]), None)
    hashes = KnownHashes(
        session / step_cache.HASHES / f"{step.folder_name}.json", trust=not args["rehash"]
    )
    files = resolve_source(args["source"], hashes.identify)
    hashes.save()
    return Intake(
        files,
        session / step_cache.JOURNALS / step.folder_name / f"{_name_source(args['source'])}.json",
        only_new=told is not None,
        cursor=cursor if since == LAST else None,
        afresh=step.force,
        is_stored=step.holds_result,
    )


def _name_source(source: object) -> str:
    """Another source has another journal: nothing of it is deleted, or follows."""
    told = [str(part) for part in source] if isinstance(source, list | tuple) else str(source)
    return xxhash.xxh3_64_hexdigest(json.dumps(told).encode())


def find_since(intake: Intake, args: Mapping[str, Any]) -> Since | None:
    """The rows that are wanted of each file; None for all, and no cursor to note."""
    if not args["cursor"]:
        return None
    if args["since"] == LAST:
        return Since(args["cursor"], intake.plan.increment.since, inclusive=False)
    return Since(args["cursor"], None if args["since"] is None else str(args["since"]))


def tell_since(receipt: Receipt, since: Since, read: ReadReport, schema: pa.Schema) -> None:
    """Tell which rows were passed over, and note the largest value of the cursor."""
    passed = sum(file.passed_over for file in read.files)
    empty = sum(file.without_cursor for file in read.files)
    kind = schema.field(since.column).type
    receipt.report["since"] = {
        "column": since.column,
        "value": since.value,
        "inclusive": since.inclusive,
        "passed_over": passed,
        "without_value": empty,
        "largest": find_largest((file.cursor for file in read.files), kind),
    }
    if since.value is not None:
        sign = ">=" if since.inclusive else ">"
        told = f"{passed:,} rows passed over by {since.column} {sign} {since.value}"
        receipt.notes.append(told + (f", {empty:,} of them without a value" if empty else ""))


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
    since = step.receipt.report.get("since", {})
    largest = since.get("largest")
    intake.record(read, (since["column"], largest) if largest is not None else None)
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
