"""The whole report as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from pathlib import Path

from dreambolt_steps.findings.finding import REPORT_KEY
from dreambolt_steps.report.charts import draw_ring
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord
from dreambolt_steps.report.sections import list_sections

REPORT_FILE = "report.html"


def render_report(run: RunRecord) -> str:
    """Render the report of a run.

    Args:
        run: the record of its steps.

    Returns: HTML; whatever stands in cells, names and paths is text in it.
    """
    sections = [
        (section, body) for section in list_sections() if (body := section.render(run)) is not None
    ]
    lowest = run.lowest
    ring = draw_ring(lowest[0], f"quality {lowest[0]:.1f} of 100") if lowest else None
    return str(
        render_template(
            "page",
            run=run,
            counts=run.counts,
            ring=ring,
            lowest=lowest[1] if lowest and len(run.profiles) > 1 else "",
            findings=run.findings,
            looked=list_looked(run),
            sections=sections,
        )
    )


def write_report(run: RunRecord) -> Path:
    """Write the report into the session's folder, in place of that of the run before."""
    path = run.session / REPORT_FILE
    aside = path.with_name(f".{REPORT_FILE}.partial")
    aside.write_text(render_report(run), encoding="utf-8")
    aside.replace(path)
    return path


def list_looked(run: RunRecord) -> list[str]:
    """What was looked at, so that "nothing to look at" praises nothing else."""
    told = ["no rejects"] if any(step.is_ours for step in run.steps) else []
    profiles = [profile for _, profile in run.profiles]
    # a result that an older version has cached was never looked at
    if profiles and all(REPORT_KEY in step.receipt.report for step, _ in run.profiles):
        told.append("no odd values in any column")
    if profiles and all(profile.facts.repeated is not None for profile in profiles):
        told.append("no repeated rows")
    if any(profile.contract is not None for profile in profiles):
        told.append("no broken promises")
    if any(profile.drift is not None for profile in profiles):
        told.append("no drift since the run before")
    return told
