"""The steps of a run as a graph, from the sources to the targets: where each box stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dreambolt_steps.findings.listing import MEASURE_KINDS
from dreambolt_steps.report.run_record import RunRecord, StepRecord


@dataclass(frozen=True)
class Node:
    """A box of the graph.

    Attributes:
        key: names it.
        title, subtitle: what stands in it; the second in small letters.
        kind: source, step, cached or target.
        detail: more of it, for who points at it.
        above: keys of the boxes that lead to it, each with the rows that come from there.
        rejected: rows that left it as rejects.
        layer, lane: its place, counted from the start, and from the line of the first steps.
    """

    key: str
    title: str
    subtitle: str
    kind: str
    detail: str = ""
    above: tuple[tuple[str, int | None], ...] = field(default=())
    rejected: int = 0
    layer: int = 0
    lane: int = 0


def list_nodes(run: RunRecord) -> list[Node]:
    """The sources, steps and targets of a run, each in a layer below all that lead to it."""
    nodes: list[Node] = []
    rows = {step.receipt.step: step.receipt.rows_out for step in run.steps}
    for at, step in enumerate(run.steps):
        receipt = step.receipt
        above = [(f"step {name}", rows.get(name)) for name in step.above if name in rows]
        if step.source:
            key = f"source {at}"
            nodes.append(Node(key, _shorten(step.source, 16), "source", "source", step.source))
            above.append((key, receipt.rows_in))
        kind = "cached" if receipt.resumed else "step"
        rejected = [f"{receipt.rows_rejected:,} rows rejected"] if receipt.rows_rejected else []
        nodes.append(
            Node(
                f"step {receipt.step}",
                _shorten(receipt.step, 12 if receipt.rows_rejected else 18),
                _describe(step),
                kind,
                "; ".join([f"{receipt.kind} {receipt.step}", *rejected, *receipt.notes[:3]]),
                tuple(above),
                receipt.rows_rejected,
            )
        )
        if step.target:
            key = f"target {at}"
            onward = ((f"step {receipt.step}", receipt.rows_out),)
            name, _, place = step.target.partition(" in ")
            told = f"in {_shorten(place, 20)}" if place else "files"
            nodes.append(Node(key, _shorten(name, 16), told, "target", step.target, onward))
    return _place(nodes)


def _describe(step: StepRecord) -> str:
    receipt = step.receipt
    if receipt.resumed:
        return f"{receipt.kind}, cached"
    return f"{receipt.kind}, {receipt.seconds:.2f} s" if step.is_ours else receipt.kind


def _shorten(text: str, most: int) -> str:
    plain = text.rstrip("/").rsplit("/", 1)[-1] or text
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _place(nodes: Sequence[Node]) -> list[Node]:
    """Put each box in the layer behind all that lead to it; the way to the target goes straight on,
    what branches off stands beside it."""
    layers: dict[str, int] = {}
    for node in nodes:
        layers[node.key] = max(
            (layers[key] + 1 for key, _ in node.above if key in layers), default=0
        )
    taken: dict[int, int] = {}
    lanes: dict[str, int] = {}
    for node in sorted(nodes, key=_stands_aside):
        lanes[node.key] = taken.get(layers[node.key], 0)
        taken[layers[node.key]] = lanes[node.key] + 1
    return [replace(node, layer=layers[node.key], lane=lanes[node.key]) for node in nodes]


def _stands_aside(node: Node) -> bool:
    return node.kind == "target" or node.subtitle.startswith(MEASURE_KINDS)
