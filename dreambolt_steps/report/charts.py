"""Small charts as inline SVG: drawn in the page's own colours, readable without a script."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from dreambolt_steps.profiling.distance import share_bins
from dreambolt_steps.profiling.history_facts import ColumnFacts

WIDTH, HEIGHT = 240, 56
_BINS = 24
_LOG_SPAN = 1000
_FREQUENT = 0.01  # below it the most frequent value says nothing
_MOST_BARS = 30


def draw_distribution(now: ColumnFacts, before: ColumnFacts | None) -> Markup | None:
    """Draw how the values of a column are spread, over those of the run before.

    Numbers with few different values are a bar each, in their order. Other numbers, moments, and
    the lengths of text that hardly repeats, are a histogram from the 2nd to the 98th percentile, on
    a logarithmic scale where they span three powers of ten. The run before is an outline.

    Returns: the SVG with its axis; None for text that is better told by its frequent values, and
        without values.
    """
    before = before if before is not None and before.family == now.family else None
    if not now.values:
        return None
    if now.is_categorical and now.family in ("number", "moment"):
        return _draw_values(now, before)
    repeats = now.values[0][1] / now.sampled >= _FREQUENT
    if not now.quantiles or (now.family == "text" and (now.is_categorical or repeats)):
        return None
    others = before.quantiles if before is not None else ()
    low, high = find_bounds(now.quantiles, others)
    if high <= low:
        return None
    logarithmic = low > 0 and high / low >= _LOG_SPAN
    edges = (np.geomspace if logarithmic else np.linspace)(low, high, _BINS + 1)[1:-1]
    shares = share_bins(now.quantiles, list(edges))
    old = share_bins(others, list(edges)) if others else None
    note = "characters" if now.family == "text" else "logarithmic" if logarithmic else ""
    axis = (show_place(low, now.family), note, show_place(high, now.family))
    return draw_bars(shares, old, gap=0.5, label=f"{now.name}, {_BINS} bins", axis=axis)


def find_bounds(now: Sequence[float], before: Sequence[float]) -> tuple[float, float]:
    """From where to where a histogram goes: all of the values where the 2nd and 98th percentiles
    are the same."""
    low = min([now[1], *before[1:2]])
    high = max([now[-2], *before[-2:-1]])
    return (low, high) if high > low else (min((*now, *before)), max((*now, *before)))


def show_place(number: float, family: str) -> str:
    """A place on an axis in few characters.

    >>> show_place(97410600.0, "number"), show_place(0.125, "number"), show_place(0.0, "moment")
    ('97.4 M', '0.125', '1970-01-01')
    """
    if family == "moment":
        try:
            return dt.datetime.fromtimestamp(number, dt.UTC).date().isoformat()
        except (ValueError, OverflowError, OSError):
            return f"{number:.3g} s"
    for power, letter in ((1e9, "G"), (1e6, "M")):
        if abs(number) >= power:
            return f"{number / power:.3g} {letter}"
    if number != int(number):
        return f"{number:,.4g}"
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.0f}"  # 2024 may be a year


def draw_share(share: float, kind: str, label: str) -> Markup:
    """Draw a share from 0 to 1 as a bar of a class."""
    filled = max(0.0, min(1.0, share)) * 100
    return Markup(
        '<svg class="share {kind}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" '
        'aria-label="{label}"><rect class="track" width="100" height="6" rx="3"/>'
        '<rect class="fill" width="{filled}" height="6" rx="3"/></svg>'
    ).format(kind=kind, label=label, filled=f"{filled:.2f}")


def draw_ring(score: float, label: str) -> Markup:
    """Draw a score from 0 to 100 as a ring with the number inside; never 100 for what is less."""
    shown = f"{score:.1f}" if 99 < score < 100 else f"{score:.0f}"
    return Markup(
        '<svg class="ring {grade}" viewBox="0 0 42 42" role="img" aria-label="{label}">'
        '<circle class="track" cx="21" cy="21" r="15.915"/>'
        '<circle class="fill" cx="21" cy="21" r="15.915" pathLength="100" '
        'stroke-dasharray="{score} 100" transform="rotate(-90 21 21)"/>'
        '<text x="21" y="21" dy="0.35em">{shown}</text></svg>'
    ).format(grade=grade(score), label=label, score=f"{score:.1f}", shown=shown)


def grade(score: float) -> str:
    """The class of a score: good from 95, fair from 80, poor below."""
    return "good" if score >= 95 else "fair" if score >= 80 else "poor"


def _draw_values(now: ColumnFacts, before: ColumnFacts | None) -> Markup:
    known = {value for value, _ in now.values}
    if before is not None and before.is_categorical:
        known |= {value for value, _ in before.values}
    ordered = sorted(known, key=_order)[:_MOST_BARS]
    old = _share(before, ordered) if before is not None and before.is_categorical else None
    label = f"{now.name}: {', '.join(ordered)}"
    axis = (ordered[0], "", ordered[-1] if len(ordered) > 1 else "")
    return draw_bars(_share(now, ordered), old, gap=2.0, label=label, axis=axis, names=ordered)


def _order(value: str) -> tuple[float, str]:
    try:
        return (float(value), value)
    except ValueError:
        return (0.0, value)


def _share(facts: ColumnFacts, names: Sequence[str]) -> np.ndarray:
    counts = dict(facts.values)
    return np.array([counts.get(name, 0) for name in names]) / max(facts.sampled, 1)


def draw_bars(
    shares: np.ndarray,
    old: np.ndarray | None,
    *,
    gap: float,
    label: str,
    axis: tuple[str, str, str],
    names: Sequence[str] = (),
) -> Markup:
    """Draw shares as bars, and others to compare with as an outline over them.

    Args:
        shares, old: of equal length.
        gap: between two bars, of 240 in all.
        label: for who can't see it.
        axis: what stands below its left end, middle and right end.
        names: what each bar is of.
    """
    highest = max(float(shares.max()), float(old.max()) if old is not None else 0.0) or 1.0
    step = WIDTH / len(shares)
    width = max(step - gap, 1.0)
    bars = [
        _draw_bar(at * step + gap / 2, width, share, highest, names[at] if names else "")
        for at, share in enumerate(shares)
    ]
    outline = Markup("")
    if old is not None:
        tops = [HEIGHT - HEIGHT * share / highest for share in old]
        points = [f"0,{HEIGHT}"]
        for at, top in enumerate(tops):
            points += [f"{at * step:.1f},{top:.1f}", f"{(at + 1) * step:.1f},{top:.1f}"]
        points.append(f"{WIDTH},{HEIGHT}")
        outline = Markup('<polyline class="before" points="{points}"/>').format(
            points=" ".join(points)
        )
    return Markup(
        '<svg class="chart" viewBox="0 -2 {width} {height}" preserveAspectRatio="none" '
        'role="img" aria-label="{label}">{bars}{outline}</svg><div class="axis">{ends}</div>'
    ).format(
        width=WIDTH,
        height=HEIGHT + 3,
        label=label,
        bars=Markup("").join(bars),
        outline=outline,
        ends=Markup("").join(Markup("<span>{}</span>").format(end) for end in axis),
    )


def _draw_bar(x: float, width: float, share: float, highest: float, name: str) -> Markup:
    height = HEIGHT * share / highest
    if share > 0:
        height = max(height, 1.0)
    told = f"{name}: {share:.1%}" if name else f"{share:.1%}"
    return Markup(
        '<rect class="now" x="{x}" y="{y}" width="{width}" height="{height}">'
        "<title>{told}</title></rect>"
    ).format(
        x=f"{x:.1f}",
        y=f"{HEIGHT - height:.1f}",
        width=f"{width:.1f}",
        height=f"{height:.1f}",
        told=told,
    )
