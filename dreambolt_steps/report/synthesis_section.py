"""The section of the report on synthetic rows: what the quality is made of, at a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from dreambolt_steps.assessment.assess import Assessment, read_assessment
from dreambolt_steps.assessment.describe import explain_doubt, list_warnings
from dreambolt_steps.assessment.scores import Score
from dreambolt_steps.report.charts import (
    draw_bars,
    draw_distribution,
    draw_ring,
    draw_share,
    grade,
)
from dreambolt_steps.report.columns_section import TopValue, list_values
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord

_MOST_COLUMNS, _MOST_CELLS = 100, 24
_CELL = 20
_PARTS = {
    "columns": ("Columns", "each column is spread as the real one"),
    "pairs": ("Pairs", "columns hang together as the real ones"),
    "coverage": ("Coverage", "ranges and categories come up"),
    "discriminator": ("Hard to tell apart", "a classifier guesses which rows are synthetic"),
}


@dataclass(frozen=True)
class Bar:
    """A share as a bar, with what it is of."""

    title: str
    words: str
    share: float
    drawn: Markup


@dataclass(frozen=True)
class ColumnLine:
    """One column: both distributions and its scores."""

    name: str
    chart: Markup | None
    values: tuple[TopValue, ...]
    scores: tuple[Score, ...]
    grade: str


def render_assessment(run: RunRecord) -> Markup | None:
    """What was found, for each step that keeps an assessment."""
    shown = []
    for step in run.steps:
        found = read_assessment(step.folder) if step.folder else None
        if found is not None:
            shown.append(_describe(step.receipt.step, found))
    return render_template("synthesis", assessments=shown) if shown else None


def _describe(step: str, found: Assessment) -> dict[str, object]:
    quality, doubt = found.quality, explain_doubt(found)
    bars = [
        _draw(title, words, quality.parts[name], doubt)
        for name, (title, words) in _PARTS.items()
        if name in quality.parts
    ]
    bars.append(_draw("Within the rules", "rows that break no rule", quality.lawful, doubt))
    bars.append(_draw("New", "rows that are no copies of real ones", quality.fresh, doubt))
    return {
        "step": step,
        "found": found,
        "ring": None
        if doubt
        else draw_ring(quality.score, f"quality of synthetic rows {quality.score:.1f} of 100"),
        "doubt": doubt,
        "bars": bars,
        "warnings": list_warnings(found),
        "columns": _list_columns(found),
        "pairs": draw_pairs(found.scores),
        "distances": _draw_distances(found),
        "privacy": [one for one in found.scores if one.part == "privacy"],
        "auc": next((one for one in found.scores if one.part == "discriminator"), None),
        "rules": sorted(
            (one for one in found.scores if one.part == "rules"), key=lambda one: -one.value
        ),
        "cost": next((one.value for one in found.scores if one.part == "cost"), None),
    }


def _draw(title: str, words: str, share: float, doubt: str) -> Bar:
    kind = f"wide-share {'unsure' if doubt else grade(100 * share)}"
    return Bar(title, words, share, draw_share(share, kind, f"{title}: {share:.1%}"))


def _list_columns(found: Assessment) -> list[ColumnLine]:
    lines = []
    real = {one.name: one for one in found.real.columns}
    for column in found.synthetic.columns[:_MOST_COLUMNS]:
        before = real.get(column.name)
        chart = draw_distribution(column, before)
        scores = tuple(
            one
            for one in found.scores
            if one.part in ("columns", "coverage") and one.column == column.name
        )
        worst = min((one.value / one.holdout for one in scores if one.holdout), default=1.0)
        values = () if chart is not None else list_values(column, before)
        lines.append(ColumnLine(column.name, chart, values, scores, grade(100 * worst)))
    return sorted(lines, key=lambda one: ("poor", "fair", "good").index(one.grade))


def _draw_distances(found: Assessment) -> Markup:
    made, held = (np.array(one) for one in found.distances)
    axis = ("0 (equal)", "distance", f"{found.farthest:.2f}")
    return draw_bars(made, held, gap=0.5, label="distance to closest record", axis=axis)


def draw_pairs(scores: Sequence[Score]) -> Markup | None:
    """Draw how alike pairs of columns are as a triangle of cells: the redder, the farther from what
    real rows reach. None without pairs.

    Args:
        scores: of an assessment; those of at most 24 columns are drawn.
    """
    pairs = [one for one in scores if one.part == "pairs"]
    names = [*dict.fromkeys(name for one in pairs for name in (one.column, one.other_column))]
    names = names[:_MOST_CELLS]
    places = {name: at for at, name in enumerate(names)}
    cells = []
    for one in pairs:
        if one.column not in places or one.other_column not in places:
            continue
        low, high = sorted((places[one.column], places[one.other_column]))
        lack = max(0.0, 1 - one.value / one.holdout) if one.holdout else 1 - one.value
        told = f"{one.column} and {one.other_column}: {one.value:.2f}, real rows {one.holdout:.2f}"
        cells.append(
            Markup(
                '<g><rect class="ok" x="{x}" y="{y}" width="18" height="18" rx="3"/>'
                '<rect class="off" x="{x}" y="{y}" width="18" height="18" rx="3" '
                'fill-opacity="{opacity}"/><title>{told}</title></g>'
            ).format(
                x=low * _CELL, y=high * _CELL, opacity=f"{min(1.0, 2.5 * lack):.2f}", told=told
            )
        )
    if not cells:
        return None
    size = len(names) * _CELL
    labels = [
        Markup('<text x="{x}" y="{y}">{name}</text>').format(
            x=at * _CELL + 6, y=at * _CELL + 13, name=name
        )
        for at, name in enumerate(names)
    ]
    return Markup(
        '<svg class="pairs" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-label="likeness of pairs of columns">{cells}{labels}</svg>'
    ).format(
        width=size + 180, height=size, cells=Markup("").join(cells), labels=Markup("").join(labels)
    )
