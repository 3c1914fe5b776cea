"""Profiles of a session's tables on disk: one beside each result, and the last one of each step.

The last profile lies outside the step's folder, which is renamed when a result is superseded, so
that the next run finds what it has to be compared with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.quality import TableQuality
from dreambolt_steps.profiling.drift import Drift
from dreambolt_steps.profiling.history_facts import TableFacts

PROFILE_FILE = "profile.json"
LAST_PROFILES = ".profiles"


@dataclass(frozen=True)
class TableProfile:
    """What is known of a table that a step has made.

    Attributes:
        facts: of its columns.
        quality: its score, and those of its columns.
        finished: when.
        rules: how often each promise of its contract was broken; empty without a contract.
        contract: where the contract was read; None without one.
        before: the facts of the run before, if there was one.
        before_finished: when that was.
        drift: the comparison with it.
    """

    facts: TableFacts
    quality: TableQuality
    finished: datetime
    rules: tuple[RuleTally, ...] = ()
    contract: str | None = None
    before: TableFacts | None = None
    before_finished: datetime | None = None
    drift: Drift | None = None
    notes: tuple[str, ...] = field(default=())


def write_profile(folder: Path, profile: TableProfile) -> None:
    """Keep a profile beside the step's result."""
    _write(folder / PROFILE_FILE, asdict(profile))


def read_profile(folder: Path) -> TableProfile | None:
    """The profile beside a step's result; None if there is none that can be read."""
    kept = _read(folder / PROFILE_FILE)
    if kept is None:
        return None
    try:
        before = kept["before"]
        since = kept["before_finished"]
        return TableProfile(
            facts=TableFacts.from_dict(kept["facts"]),
            quality=TableQuality.from_dict(kept["quality"]),
            finished=datetime.fromisoformat(kept["finished"]),
            rules=tuple(RuleTally(**rule) for rule in kept["rules"]),
            contract=kept["contract"],
            before=TableFacts.from_dict(before) if before else None,
            before_finished=datetime.fromisoformat(since) if since else None,
            drift=Drift.from_dict(kept["drift"]) if kept["drift"] else None,
            notes=tuple(kept["notes"]),
        )
    except (KeyError, TypeError, ValueError):  # of another version
        return None


def keep_last(session: Path, step: str, profile: TableProfile) -> None:
    """Make a profile the one that the step's next run is compared with."""
    path = _name_last(session, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, {"facts": asdict(profile.facts), "finished": profile.finished})


def read_last(session: Path, step: str) -> tuple[TableFacts, datetime] | None:
    """The facts of the step's last run and its time; None for the first run."""
    kept = _read(_name_last(session, step))
    if kept is None:
        return None
    try:
        return TableFacts.from_dict(kept["facts"]), datetime.fromisoformat(kept["finished"])
    except (KeyError, TypeError, ValueError):
        return None


def _name_last(session: Path, step: str) -> Path:
    return session / LAST_PROFILES / f"{step}.json"


def _write(path: Path, content: dict[str, Any]) -> None:
    aside = path.with_name(f".{path.name}.partial")
    aside.write_text(json.dumps(content, default=str), encoding="utf-8")
    aside.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
