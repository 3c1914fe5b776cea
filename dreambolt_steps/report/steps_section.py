"""The section on steps: rows, seconds, and what each noted."""

from __future__ import annotations

from markupsafe import Markup

from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord


def render_steps(run: RunRecord) -> Markup:
    """A row a step."""
    longest = max([step.receipt.seconds for step in run.steps], default=0.0) or 1.0
    return render_template("steps", steps=run.steps, longest=longest)
