"""The report of a session's run: written when the session is left, also when a step stopped it."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreambolt_steps.dry_run import current_rehearsal
from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.log import Receipt, current_reporter, current_run_id
from dreambolt_steps.report.row_counts import EXPORT_KINDS, SOURCE_KINDS

if TYPE_CHECKING:
    from dreambolt_steps.report.run_record import RunRecord, StepRecord


@contextmanager
def report_run(session: Path, list_steps: Callable[[], Sequence[Any]]) -> Iterator[None]:
    """Write `report.html` into the session's folder at the end of the block.

    Not for a rehearsal, a run without steps, and one that was interrupted. A report that can't be
    written is told, and harms no run.

    Args:
        session: its folder.
        list_steps: gives the DataDreamer steps of the run so far, in their order.

    Raises: what the block raises.
    """
    started = time.monotonic()
    try:
        yield
    except DreamboltError as error:
        path = _write(session, list_steps(), str(error), time.monotonic() - started)
        if path is not None:
            current_reporter().say(f"report: {path}")
        raise
    _write(session, list_steps(), None, time.monotonic() - started)


def report_so_far(session: Path) -> Path | None:
    """Write the report of the steps so far, within the open session of a folder.

    Returns: its path; None where that session is not open, or nothing can be written.
    """
    module = sys.modules.get("datadreamer")
    if module is None or not module.DataDreamer.initialized():
        return None
    if module.DataDreamer.is_running_in_memory():
        return None
    if Path(module.DataDreamer.get_output_folder_path()).resolve() != session.resolve():
        return None
    return _write(session, list(module.DataDreamer.ctx.steps), None, None)


def _write(
    session: Path, steps: Sequence[Any], error: str | None, seconds: float | None
) -> Path | None:
    if not steps or current_rehearsal() is not None:
        return None
    from dreambolt_steps.report.page import write_report

    try:
        return write_report(_record_run(session, steps, error, seconds))
    except Exception as problem:  # whatever it is: the run itself is done and stands
        told = f"the report could not be written: {type(problem).__name__}: {problem}"
        current_reporter().say(told, logging.WARNING)
        return None


def _record_run(
    session: Path, steps: Sequence[Any], error: str | None, seconds: float | None
) -> RunRecord:
    from dreambolt_steps import __version__
    from dreambolt_steps.report.command_line import describe_command
    from dreambolt_steps.report.history import PastRun, add_to_history
    from dreambolt_steps.report.run_record import RunRecord
    from dreambolt_steps.report.table_head import find_head

    now = datetime.now().astimezone()
    run = RunRecord(
        session,
        now,
        tuple(map(_record_step, steps)),
        error,
        __version__,
        run_id=current_run_id(),
        command=describe_command(),
        seconds=seconds,
        head=find_head(steps, is_masked=error is not None),
    )
    levels = [one.level for one in run.findings]
    past = PastRun(
        run.run_id or f"{now:%Y%m%dT%H%M%S}",
        now.isoformat(timespec="seconds"),
        run.command,
        round(seconds or 0.0, 2),
        error or "",
        run.counts.read,
        run.counts.rejected,
        run.counts.written,
        run.lowest[0] if run.lowest else None,
        sum(step.receipt.resumed for step in run.steps),
        len(run.steps),
        levels.count("major"),
        levels.count("moderate"),
    )
    return replace(run, history=tuple(add_to_history(session, past)))


def _record_step(step: Any) -> StepRecord:
    from dreambolt_steps.report.run_record import StepRecord

    inputs = getattr(step, "inputs", None) or {}
    above = dict.fromkeys(column.step.name for column in inputs.values() if column is not None)
    receipt = getattr(step, "receipt", None)
    if receipt is not None:
        source = str(receipt.report.get("lineage", {}).get("source", ""))
        reads = receipt.kind in SOURCE_KINDS
        target = _name_target(receipt.kind, step.args)
        return StepRecord(
            receipt,
            step.folder,
            above=tuple(above),
            source=source if reads else "",
            target=target,
        )
    rows = getattr(getattr(step, "output", None), "num_rows", None)
    resumed = bool(getattr(step, "_resumed", False))
    own = Receipt(step.name, type(step).__name__, rows_out=rows or 0, resumed=resumed)
    return StepRecord(own, None, is_ours=False, above=tuple(above))


def _name_target(kind: str, args: Mapping[str, Any]) -> str:
    """What a step writes outside the session; "" for nothing."""
    if kind in EXPORT_KINDS:
        return str(args["path"])
    if not kind.startswith("CopyInto"):
        return ""
    database = args.get("database")
    return f"{args['table']} in {database}" if database else str(args["table"])
