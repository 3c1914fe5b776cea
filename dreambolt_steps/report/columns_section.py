"""The section on columns: what each holds, how good it is, what changed since the last run."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from dreambolt_steps.contracts.profile_store import TableProfile
from dreambolt_steps.contracts.quality import ColumnQuality
from dreambolt_steps.profiling.drift import DriftAlert
from dreambolt_steps.profiling.history_facts import ColumnFacts, TableFacts
from dreambolt_steps.report.charts import draw_distribution, draw_share, grade
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord, StepRecord

MOST_COLUMNS = 300
_SHOWN_VALUES = 5


@dataclass(frozen=True)
class TopValue:
    """A frequent value, its share, and its share in the run before."""

    text: str
    share: float
    before: float | None


@dataclass(frozen=True)
class ColumnRow:
    """One column, ready to be shown."""

    facts: ColumnFacts
    quality: ColumnQuality | None
    grade: str
    evidence: str
    null_share: float
    nulls_before: float | None
    completeness_bar: Markup
    chart: Markup | None
    values: tuple[TopValue, ...]
    psi: float | None
    alerts: tuple[DriftAlert, ...]
    level: str
    is_new: bool
    broken: tuple[str, ...] = field(default=())


def render_columns(run: RunRecord) -> Markup | None:
    """A table of the columns for each step that keeps a profile."""
    tables = [
        {
            "step": step.receipt.step,
            "profile": profile,
            "columns": list_columns(step, profile),
            "more": max(0, len(profile.facts.columns) - MOST_COLUMNS),
        }
        for step, profile in run.profiles
    ]
    return render_template("columns", tables=tables) if tables else None


def list_columns(step: StepRecord, profile: TableProfile) -> list[ColumnRow]:
    """The columns of a step's table, at most 300; those with alerts are never left out."""
    alerts = profile.drift.alerts if profile.drift else ()
    wanted = profile.facts.columns[:MOST_COLUMNS]
    late = {alert.column for alert in alerts}
    wanted += tuple(one for one in profile.facts.columns[MOST_COLUMNS:] if one.name in late)
    return [_describe(step, profile, column) for column in wanted]


def _describe(step: StepRecord, profile: TableProfile, column: ColumnFacts) -> ColumnRow:
    before = _find(profile.before, column.name)
    quality = next((one for one in profile.quality.columns if one.name == column.name), None)
    alerts = profile.drift.alerts if profile.drift else ()
    own = tuple(alert for alert in alerts if alert.column == column.name)
    rows = max(profile.facts.rows, 1)
    chart = draw_distribution(column, before)
    null_share = column.nulls / rows
    label = f"{column.name}: {1 - null_share:.1%} not NULL"
    rows_before = max(profile.before.rows, 1) if profile.before else 1
    return ColumnRow(
        facts=column,
        quality=quality,
        grade=grade(quality.score) if quality else "good",
        evidence=_find_evidence(step, column.name),
        null_share=null_share,
        nulls_before=before.nulls / rows_before if before else None,
        completeness_bar=draw_share(1 - null_share, "complete", label),
        chart=chart,
        values=() if chart is not None else list_values(column, before),
        psi=profile.drift.psi.get(column.name) if profile.drift else None,
        alerts=own,
        level=own[0].level if own else "",
        is_new=profile.before is not None and before is None,
        broken=tuple(
            f"{rule.breaks:,} {rule.reason}"
            for rule in profile.rules
            if rule.breaks and rule.column == column.name
        ),
    )


def _find(facts: TableFacts | None, name: str) -> ColumnFacts | None:
    columns = facts.columns if facts else ()
    return next((column for column in columns if column.name == name), None)


def _find_evidence(step: StepRecord, name: str) -> str:
    found = step.receipt.report.get("columns", {}).get(name, "")
    return str(found.get("words", "")) if isinstance(found, dict) else str(found)


def list_values(column: ColumnFacts, before: ColumnFacts | None) -> tuple[TopValue, ...]:
    """The most frequent values of a column, each with its share before."""
    old = dict(before.values) if before is not None else {}
    listed = before is not None and (before.complete or bool(before.values))
    return tuple(
        TopValue(
            text,
            count / column.sampled,
            old.get(text, 0) / max(before.sampled, 1) if before is not None and listed else None,
        )
        for text, count in column.values[:_SHOWN_VALUES]
    )
