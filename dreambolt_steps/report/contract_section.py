"""The section on the contract: each promise, and how often it was broken."""

from __future__ import annotations

from markupsafe import Markup

from dreambolt_steps.report.render import render_template
from dreambolt_steps.report.run_record import RunRecord

OUTCOMES = {
    "evolve": "kept as it is",
    "freeze": "the run stops",
    "discard_row": "the row is rejected",
    "discard_value": "the value becomes NULL",
}


def render_contract(run: RunRecord) -> Markup | None:
    """A table of promises for each step that has checked a contract."""
    checked = [
        {
            "step": step.receipt.step,
            "contract": profile.contract,
            "rules": sorted(profile.rules, key=lambda rule: -rule.breaks),
            "broken": sum(1 for rule in profile.rules if rule.breaks),
            "notes": profile.notes,
        }
        for step, profile in run.profiles
        if profile.contract is not None
    ]
    return render_template("contract", checked=checked, outcomes=OUTCOMES) if checked else None
