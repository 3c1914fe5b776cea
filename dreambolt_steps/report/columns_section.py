"""The section on columns: what each holds, how good it is, what changed since the last run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dreambolt_steps.contracts.profile_store import TableProfile
from dreambolt_steps.contracts.quality import ColumnQuality
from dreambolt_steps.findings.finding import Finding
from dreambolt_steps.profiling.history_facts import ColumnFacts, TableFacts
from dreambolt_steps.report.charts import draw_distribution, draw_share, grade
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord, StepRecord

MOST_COLUMNS = 300
_SHOWN_VALUES, _SHOWN_CATEGORIES = 5, 12
_LEVELS = ("major", "moderate")


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
    shift: str
    findings: tuple[Finding, ...]
    level: str
    is_new: bool
    is_category: bool


def render_columns(run: RunRecord) -> Markup | None:
    """A table of the columns for each step that keeps a profile."""
    tables = [
        {
            "step": step.receipt.step,
            "profile": profile,
            "columns": list_columns(step, profile, run.findings),
            "more": max(0, len(profile.facts.columns) - MOST_COLUMNS),
        }
        for step, profile in run.profiles
    ]
    return render_template("columns", tables=tables) if tables else None


def list_columns(
    step: StepRecord, profile: TableProfile, findings: Sequence[Finding]
) -> list[ColumnRow]:
    """The columns of a step's table, at most 300; those with something to look at are never left
    out."""
    own = [one for one in findings if one.step == step.receipt.step]
    named = {name for one in own for name in one.columns}
    wanted = profile.facts.columns[:MOST_COLUMNS]
    wanted += tuple(one for one in profile.facts.columns[MOST_COLUMNS:] if one.name in named)
    return [_describe(step, profile, column, own) for column in wanted]


def _describe(
    step: StepRecord, profile: TableProfile, column: ColumnFacts, findings: Sequence[Finding]
) -> ColumnRow:
    before = _find(profile.before, column.name)
    quality = next((one for one in profile.quality.columns if one.name == column.name), None)
    own = tuple(one for one in findings if column.name in one.columns)
    rows = max(profile.facts.rows, 1)
    chart = draw_distribution(column, before)
    null_share = column.nulls / rows
    label = f"{column.name}: {1 - null_share:.1%} not NULL"
    rows_before = max(profile.before.rows, 1) if profile.before else 1
    decision = _find_decision(step, column.name)
    is_category = decision.get("semantic") == "category" and not decision.get("mask")
    shown = _SHOWN_CATEGORIES if is_category else _SHOWN_VALUES
    return ColumnRow(
        facts=column,
        quality=quality,
        grade=grade(quality.score) if quality else "good",
        evidence=str(decision.get("words", "")),
        null_share=null_share,
        nulls_before=before.nulls / rows_before if before else None,
        completeness_bar=draw_share(1 - null_share, "complete", label),
        chart=chart,
        values=() if chart is not None else list_values(column, before, shown),
        psi=profile.drift.psi.get(column.name) if profile.drift else None,
        shift=_find_shift(profile, column.name),
        findings=own,
        level=next((one.level for one in own if one.level in _LEVELS), ""),
        is_new=profile.before is not None and before is None,
        is_category=is_category,
    )


def _find(facts: TableFacts | None, name: str) -> ColumnFacts | None:
    columns = facts.columns if facts else ()
    return next((column for column in columns if column.name == name), None)


def _find_shift(profile: TableProfile, name: str) -> str:
    """The level of the alert about a column's distribution; "" without one."""
    alerts = profile.drift.alerts if profile.drift else ()
    own = [one for one in alerts if one.column == name and one.what == "distribution"]
    return own[0].level if own else ""


def _find_decision(step: StepRecord, name: str) -> Mapping[str, Any]:
    found = step.receipt.report.get("columns", {}).get(name, "")
    return found if isinstance(found, dict) else {"words": str(found)}


def list_values(
    column: ColumnFacts, before: ColumnFacts | None, most: int = _SHOWN_VALUES
) -> tuple[TopValue, ...]:
    """The most frequent values of a column, each with its share before."""
    old = dict(before.values) if before is not None else {}
    listed = before is not None and (before.complete or bool(before.values))
    return tuple(
        TopValue(
            text,
            count / column.sampled,
            old.get(text, 0) / max(before.sampled, 1) if before is not None and listed else None,
        )
        for text, count in column.values[:most]
    )
