"""The whole report as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dreambolt_steps.report.charts import draw_ring
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord
from dreambolt_steps.report.sections import list_sections

REPORT_FILE = "report.html"
_LEVELS = ("major", "moderate", "note")
_MANY_REJECTS = 0.05


@dataclass(frozen=True)
class Finding:
    """Something that a reader should look at.

    Attributes:
        level: major, moderate or note.
        where: the column or step.
        words: what it is.
    """

    level: str
    where: str
    words: str


def render_report(run: RunRecord) -> str:
    """Render the report of a run.

    Args:
        run: the record of its steps.

    Returns: HTML; whatever stands in cells, names and paths is text in it.
    """
    sections = [
        (section, body) for section in list_sections() if (body := section.render(run)) is not None
    ]
    scores = [profile.quality.score for _, profile in run.profiles]
    ring = draw_ring(scores[-1], f"quality {scores[-1]:.1f} of 100") if scores else None
    return str(
        render_template(
            "page",
            run=run,
            counts=run.counts,
            ring=ring,
            findings=list_findings(run),
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


def list_findings(run: RunRecord) -> list[Finding]:
    """What a reader should look at, the worst first; one for each column and step."""
    found: dict[str, list[Finding]] = {}

    def add(level: str, where: str, words: str) -> None:
        found.setdefault(where, []).append(Finding(level, where, words))

    for step in run.steps:
        receipt = step.receipt
        if receipt.rows_rejected:
            share = receipt.rows_rejected / max(receipt.rows_in, 1)
            words = f"{receipt.rows_rejected:,} of {receipt.rows_in:,} rows rejected"
            add("major" if share >= _MANY_REJECTS else "moderate", receipt.step, words)
        for words in receipt.report.get("warnings", []):
            add("note", receipt.step, str(words))
    for step, profile in run.profiles:
        for alert in profile.drift.alerts if profile.drift else ():
            add(alert.level, alert.column or step.receipt.step, alert.words)
        for rule in profile.rules:
            if rule.breaks:
                first = "" if rule.first_value is None else f", first {rule.first_value!r}"
                words = f"{rule.breaks:,} times {rule.reason}{first}"
                add("moderate", rule.column or step.receipt.step, words)
    joined = [
        Finding(
            min((one.level for one in group), key=_LEVELS.index),
            where,
            "; ".join(one.words for one in group),
        )
        for where, group in found.items()
    ]
    return sorted(joined, key=lambda finding: _LEVELS.index(finding.level))
