"""`--json-logs`: what a run tells, one JSON object a line on stdout. docs/command-line.md lists the
events and their fields."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from typing import Any

from dreambolt_steps.log import current_run_id
from dreambolt_steps.secret_text import hide_passwords

VERSION = 1
"""Of the events' fields: raised when one is renamed, removed or means something else."""


def write_event(
    event: str, *, level: int = logging.INFO, step: str | None = None, **fields: Any
) -> None:
    """Write one event.

    Args:
        event: its name.
        level: of `logging`; written in small letters.
        step: the step that it is about; None between steps.
        fields: more of it.

    Example:
        write_event("progress", step="embed", done=100, total=22_000, unit="texts")
    """
    line = {
        "version": VERSION,
        "time": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "level": logging.getLevelName(level).lower(),
        "run_id": current_run_id(),
        "step": step,
        "event": event,
    }
    told = json.dumps(line | fields, default=str, ensure_ascii=False)
    sys.stdout.write(hide_passwords(told) + "\n")
    sys.stdout.flush()
