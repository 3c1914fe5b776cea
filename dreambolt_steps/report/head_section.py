"""The section on the table itself: its first rows."""

from __future__ import annotations

from markupsafe import Markup

from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord


def render_head(run: RunRecord) -> Markup | None:
    """The first rows of the table that the run made."""
    if run.head is None or not run.head.rows:
        return None
    return render_template("head", head=run.head)
