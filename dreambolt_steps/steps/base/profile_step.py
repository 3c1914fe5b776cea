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
from dreambolt_steps.profiling.drift import compare_facts
from dreambolt_steps.profiling.history_facts import TableFacts
from dreambolt_steps.session.commits import commit_at_end
from dreambolt_steps.steps.base.contract_run import ContractRun
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
    drift = compare_facts(last[0], facts) if last else None
    quality = score_table(facts, step.receipt.rows_in, rules, mismatches, contract)
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
    if drift is not None:
        step.receipt.report["drift"] = [asdict(alert) for alert in drift.alerts]


def remember_profile(step: TableStep) -> None:
    """Let the next run of the session compare with this step's table, once this run ends well."""
    session = step.find_session_folder()
    profile = read_profile(step.folder) if session is not None and step.folder else None
    if session is not None and profile is not None:
        name = step.folder_name
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
