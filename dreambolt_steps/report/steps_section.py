"""The section on steps: their graph from source to target, rows, seconds, and what each noted."""

from __future__ import annotations

from markupsafe import Markup

from dreambolt_steps.report.draw_graph import draw_graph
from dreambolt_steps.report.graph import list_nodes
from dreambolt_steps.report.links import link_file
from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord


def render_steps(run: RunRecord) -> Markup:
    """The graph, and a row a step."""
    longest = max([step.receipt.seconds for step in run.steps], default=0.0) or 1.0
    nodes = list_nodes(run)
    return render_template(
        "steps",
        steps=run.steps,
        longest=longest,
        made=any(step.receipt.rows_made for step in run.steps),
        dropped=any(step.receipt.rows_dropped for step in run.steps),
        across=draw_graph(nodes, downwards=False),
        down=draw_graph(nodes, downwards=True),
        links=[link_file(run.session, step.receipt.rejects) for step in run.steps],
    )
