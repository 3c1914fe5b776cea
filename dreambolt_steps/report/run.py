"""The report of a session's run: written when the session is left, also when a step stopped it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from dreambolt_steps.dry_run import current_rehearsal
from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.log import Receipt, current_reporter, current_run_id


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
    try:
        yield
    except DreamboltError as error:
        path = _write(session, list_steps(), str(error))
        if path is not None:
            current_reporter().say(f"report: {path}")
        raise
    _write(session, list_steps(), None)


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
    return _write(session, list(module.DataDreamer.ctx.steps), None)


def _write(session: Path, steps: Sequence[Any], error: str | None) -> Path | None:
    if not steps or current_rehearsal() is not None:
        return None
    from dreambolt_steps import __version__
    from dreambolt_steps.report.page import write_report
    from dreambolt_steps.report.run_record import RunRecord

    try:
        records = tuple(map(_record_step, steps))
        now = datetime.now().astimezone()
        return write_report(RunRecord(session, now, records, error, __version__, current_run_id()))
    except Exception as problem:  # whatever it is: the run itself is done and stands
        told = f"the report could not be written: {type(problem).__name__}: {problem}"
        current_reporter().say(told, logging.WARNING)
        return None


def _record_step(step: Any) -> Any:
    from dreambolt_steps.report.run_record import StepRecord

    receipt = getattr(step, "receipt", None)
    if receipt is not None:
        return StepRecord(receipt, step.folder)
    rows = getattr(getattr(step, "output", None), "num_rows", None)
    resumed = bool(getattr(step, "_resumed", False))
    own = Receipt(step.name, type(step).__name__, rows_out=rows or 0, resumed=resumed)
    return StepRecord(own, None, is_ours=False)
