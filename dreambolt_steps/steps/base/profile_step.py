"""Profiles a step's stored table, and compares it with the one of the session's last run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from dreambolt_steps.contracts.profile_store import (
    TableProfile,
    keep_last,
    read_last,
    read_profile,
    write_profile,
)
from dreambolt_steps.contracts.quality import score_table
from dreambolt_steps.findings.finding import hand_over, take_back
from dreambolt_steps.findings.in_columns import find_in_columns
from dreambolt_steps.findings.in_tables import (
    DRIFT,
    find_broken_rules,
    find_drift,
    find_in_table,
)
from dreambolt_steps.profiling.drift import compare_facts
from dreambolt_steps.profiling.history_facts import TableFacts
from dreambolt_steps.session.commits import commit_at_end
from dreambolt_steps.steps.base.contract_run import ContractRun
from dreambolt_steps.steps.base.lineage import trace_follows, trace_losses
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.tables.table_spool import TableSpool


def keeps_profile(step: TableStep) -> bool:
    """Whether there is a place for a profile: in memory there is neither a folder nor a last
    run."""
    return step.find_session_folder() is not None and step.folder is not None


def profile_step(
    step: TableStep, facts: TableFacts, mismatches: Mapping[str, int], checked: ContractRun | None
) -> None:
    """Keep the profile of a step's table, and tell quality and drift in its receipt.

    Args:
        step: its receipt says how many rows came in; it has a session folder (`keeps_profile`).
        facts: of what it has stored.
        mismatches: column -> values that were none of the type asked for.
        checked: its contract, if it has one.
    """
    session, folder = step.find_session_folder(), step.folder
    if session is None or folder is None:
        raise RuntimeError("a session in memory keeps no profile")
    rules = tuple(checked.rules) if checked else ()
    contract = checked.contract if checked else None
    last = read_last(session, step.folder_name)
    follows = trace_follows(step.inputs)
    drift = compare_facts(last[0], facts, follows=follows) if last else None
    losses = trace_losses(step.inputs)
    quality = score_table(facts, step.receipt.rows_in, rules, mismatches, contract, losses)
    write_profile(
        folder,
        TableProfile(
            facts=facts,
            quality=quality,
            finished=datetime.now().astimezone(),
            rules=rules,
            contract=contract.origin if contract else None,
            before=last[0] if last else None,
            before_finished=last[1] if last else None,
            drift=drift,
            notes=tuple(checked.notes) if checked else (),
        ),
    )
    step.receipt.report["quality"] = quality.score
    nullable = {one.name for one in contract.columns if one.nullable} if contract else set()
    keeps_repeats = step.args["duplicates"] == "keep"
    hand_over(
        step.receipt,
        *find_broken_rules(rules),
        *find_in_table(facts, keeps_repeats=keeps_repeats),
        *find_in_columns(facts, nullable),
    )
    if drift is not None and last is not None:
        step.receipt.report["drift"] = [asdict(alert) for alert in drift.alerts]
        hand_over(step.receipt, *find_drift(drift, f"{last[1]:%d %B %Y, %H:%M}"))


def remember_profile(step: TableStep) -> None:
    """Let the next run of the session compare with this step's table, once this run ends well.

    What changed since an earlier run is told until a run has ended well, and no more: a cached
    table has not changed.
    """
    session = step.find_session_folder()
    profile = read_profile(step.folder) if session is not None and step.folder else None
    if session is not None and profile is not None:
        name = step.folder_name
        last = read_last(session, name)
        if last is not None and last[1] == profile.finished:
            take_back(step.receipt, DRIFT)
        commit_at_end(f"profile of {name}", lambda: keep_last(session, name, profile))


def count_mismatches(rejects: TableSpool, names: Mapping[str, str]) -> dict[str, int]:
    """Clean name -> values that were none of the type asked for.

    Args:
        rejects: of the cleaning, without those of a contract.
        names: source name -> clean name.
    """
    counts: Counter[str] = Counter()
    for batch in rejects.iterate_batches():
        for one in batch.column("column").value_counts().to_pylist():
            counts[names.get(one["values"], one["values"])] += one["counts"]
    return dict(counts)
