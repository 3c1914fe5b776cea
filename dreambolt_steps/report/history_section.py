"""The section on the runs of the session before this one."""

from __future__ import annotations

from markupsafe import Markup

from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord

_MOST = 20


def render_history(run: RunRecord) -> Markup | None:
    """A row a run, this one first; None for the first run."""
    if len(run.history) < 2:
        return None
    newest = run.history[::-1]
    return render_template("history", runs=newest[:_MOST], more=max(0, len(newest) - _MOST))
