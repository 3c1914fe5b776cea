"""The section that shows what of the embedded texts lies near what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord

MAP_FILE = "map.json"
WIDTH, HEIGHT, _MARGIN = 860, 480, 12


def render_maps(run: RunRecord) -> Markup | None:
    """A map for each column of vectors."""
    maps = [
        {**one, "step": step.receipt.step, "picture": draw_points(one["points"], one["column"])}
        for step in run.steps
        if step.folder is not None
        for one in _read_maps(step.folder)
    ]
    return render_template("maps", maps=maps) if maps else None


def draw_points(points: list[list[Any]], label: str) -> Markup:
    """Points as SVG; each tells its text.

    Args:
        points: x and y from 0 to 1, number of the colour, text.
        label: what they are.
    """
    wide, high = WIDTH - 2 * _MARGIN, HEIGHT - 2 * _MARGIN
    dots = [
        Markup('<circle class="g{group}" cx="{x}" cy="{y}" r="3.2"><title>{text}</title></circle>')
        .format(
            group=int(group) % 10,
            x=f"{_MARGIN + x * wide:.1f}",
            y=f"{_MARGIN + (1 - y) * high:.1f}",
            text=text,
        )
        for x, y, group, text in points
    ]  # fmt: skip
    return Markup(
        '<svg class="map" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        "{dots}</svg>"
    ).format(width=WIDTH, height=HEIGHT, label=f"map of {label}", dots=Markup("").join(dots))


def _read_maps(folder: Path) -> list[dict[str, Any]]:
    path = folder / MAP_FILE
    if not path.is_file():
        return []
    try:
        return list(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        return []
