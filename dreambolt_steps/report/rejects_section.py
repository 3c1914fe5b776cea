"""The section on rejects: by reason, the most frequent first, with the first examples of each."""

from __future__ import annotations

from markupsafe import Markup

from dreambolt_steps.report.links import link_file
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord


def render_rejects(run: RunRecord) -> Markup | None:
    """The reasons of each step, and where all rejects are."""
    steps = [step for step in run.steps if step.reasons]
    if not steps:
        return None
    beside = [step.receipt.report.get("rejects_file", {}).get("path") for step in run.steps]
    paths = [path for path in beside if path] or [step.receipt.rejects for step in steps]
    files = [{"path": path, "link": link_file(run.session, path)} for path in paths]
    masked = any(step.receipt.report.get("masked") for step in run.steps)
    most = max(reason.count for step in steps for reason in step.reasons)
    return render_template("rejects", steps=steps, files=files, masked=masked, most=most)
