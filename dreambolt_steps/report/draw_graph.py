"""A graph of steps as inline SVG: from left to right where there is room, from top to bottom on a
narrow screen."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from dreambolt_steps.report.graph import Node

_WIDE, _HIGH = 158, 54
_GAP_ALONG, _GAP_ACROSS, _MARGIN = 48, 24, 6
_ROUND = 12


def draw_graph(nodes: Sequence[Node], *, downwards: bool) -> Markup:
    """Draw boxes and the arrows between them, with the rows that each arrow carries.

    Args:
        nodes: placed in layers and lanes.
        downwards: from top to bottom instead of from left to right.
    """
    places = {node.key: _find_place(node, downwards) for node in nodes}
    arrows = [
        _draw_arrow(places[key], places[node.key], rows, downwards)
        for node in nodes
        for key, rows in node.above
        if key in places
    ]
    boxes = [_draw_box(node, *places[node.key]) for node in nodes]
    width = max((x for x, _ in places.values()), default=0) + _WIDE + _MARGIN
    height = max((y for _, y in places.values()), default=0) + _HIGH + _MARGIN
    kind = "down" if downwards else "right"
    return Markup(
        '<svg class="graph {kind}" viewBox="0 0 {width} {height}" width="{width}" '
        'height="{height}" role="img" aria-label="the steps of the run">{arrows}{boxes}</svg>'
    ).format(
        kind=kind,
        width=width,
        height=height,
        arrows=Markup("").join(arrows),
        boxes=Markup("").join(boxes),
    )


def _find_place(node: Node, downwards: bool) -> tuple[int, int]:
    across = _MARGIN + node.lane * ((_WIDE if downwards else _HIGH) + _GAP_ACROSS)
    along = _MARGIN + node.layer * ((_HIGH + 40) if downwards else (_WIDE + _GAP_ALONG))
    return (across, along) if downwards else (along, across)


def _draw_box(node: Node, x: int, y: int) -> Markup:
    rejected = Markup("")
    if node.rejected:
        rejected = Markup('<text class="rejected" x="{x}" y="{y}">{words}</text>').format(
            x=x + _WIDE - 12, y=y + 24, words=f"−{node.rejected:,}"
        )
    return Markup(
        '<g class="node {kind}"><rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="{round}"/>'
        '<text class="title" x="{left}" y="{first}">{title}</text>'
        '<text class="subtitle" x="{left}" y="{second}">{subtitle}</text>{rejected}'
        "<title>{detail}</title></g>"
    ).format(
        kind=node.kind,
        x=x,
        y=y,
        wide=_WIDE,
        high=_HIGH,
        round=_HIGH // 2 if node.kind in ("source", "target") else _ROUND,
        left=x + (19 if node.kind in ("source", "target") else 12),
        first=y + 24,
        second=y + 42,
        title=node.title,
        subtitle=node.subtitle,
        detail=node.detail,
        rejected=rejected,
    )


def _draw_arrow(
    start: tuple[int, int], end: tuple[int, int], rows: int | None, downwards: bool
) -> Markup:
    if downwards:
        x1, y1, x2, y2 = start[0] + _WIDE // 2, start[1] + _HIGH, end[0] + _WIDE // 2, end[1]
        half = (y1 + y2) // 2
        path = f"M{x1} {y1}C{x1} {half} {x2} {half} {x2} {y2 - 6}"
        tip = f"M{x2 - 4} {y2 - 8}L{x2 + 4} {y2 - 8}L{x2} {y2 - 1}z"
        label = (x2 + 8 if x1 == x2 else (x1 + x2) // 2 + 8, half + 4)
        anchor = "start"
    else:
        x1, y1, x2, y2 = start[0] + _WIDE, start[1] + _HIGH // 2, end[0], end[1] + _HIGH // 2
        half = (x1 + x2) // 2
        path = f"M{x1} {y1}C{half} {y1} {half} {y2} {x2 - 6} {y2}"
        tip = f"M{x2 - 8} {y2 - 4}L{x2 - 8} {y2 + 4}L{x2 - 1} {y2}z"
        label = ((x1 + x2) // 2, (y1 + y2) // 2 - 6)
        anchor = "middle"
    told = "" if rows is None else f"{rows:,}"
    return Markup(
        '<path class="arrow" d="{path}"/><path class="tip" d="{tip}"/>'
        '<text class="rows" x="{x}" y="{y}" text-anchor="{anchor}">{told}</text>'
    ).format(
        path=path,
        tip=tip,
        x=label[0],
        y=label[1],
        anchor=anchor,
        told=told,
    )
