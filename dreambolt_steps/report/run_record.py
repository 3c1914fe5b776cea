"""What a report tells of: the steps of one run, as they are kept in the session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from dreambolt_steps.contracts.profile_store import TableProfile, read_profile
from dreambolt_steps.findings.finding import Finding
from dreambolt_steps.findings.listing import list_findings
from dreambolt_steps.log import Receipt
from dreambolt_steps.report.history import PastRun
from dreambolt_steps.report.row_counts import RowCounts, count_rows
from dreambolt_steps.report.table_head import TableHead
from dreambolt_steps.tables.rejects.summary import ReasonSummary, summarize_rejects


@dataclass(frozen=True)
class StepRecord:
    """One step of the run.

    Attributes:
        receipt: what it did.
        folder: its folder in the session; None in memory.
        is_ours: whether it is a step of this package, so that its counts have to add up.
        above: names of the steps whose results it was given.
        source, target: what it reads, and what it writes, outside the session; "" for nothing.
    """

    receipt: Receipt
    folder: Path | None
    is_ours: bool = True
    above: tuple[str, ...] = ()
    source: str = ""
    target: str = ""

    @cached_property
    def profile(self) -> TableProfile | None:
        """Of the table it made, if it keeps one."""
        return read_profile(self.folder) if self.folder else None

    @cached_property
    def reasons(self) -> list[ReasonSummary]:
        """Its rejects by reason."""
        return summarize_rejects([self.receipt.rejects]) if self.receipt.rejects else []


@dataclass(frozen=True)
class RunRecord:
    """One run of a session.

    Attributes:
        session: its folder.
        finished: when.
        steps: in their order.
        error: why the run stopped; None if it did not.
        version: of this package.
        run_id: of the run.
        command: that started it; "" where it is not known.
        seconds: that the whole run took; None where it is not known.
        head: the first rows of the table that it made.
        history: the runs of the session, this one at last.
    """

    session: Path
    finished: datetime
    steps: tuple[StepRecord, ...]
    error: str | None = None
    version: str = ""
    run_id: str | None = None
    command: str = ""
    seconds: float | None = None
    head: TableHead | None = None
    history: tuple[PastRun, ...] = ()

    @property
    def takes_options(self) -> bool:
        """Whether what settles something is an option of the command, not an argument of a step."""
        return self.command.startswith("dreambolt ingest")

    @property
    def lowest(self) -> tuple[float, str] | None:
        """The lowest quality of the tables, and the step that made it."""
        scores = [(profile.quality.score, step.receipt.step) for step, profile in self.profiles]
        return min(scores, default=None)

    @property
    def profiles(self) -> list[tuple[StepRecord, TableProfile]]:
        """The steps that keep a profile, with it."""
        return [(step, step.profile) for step in self.steps if step.profile is not None]

    @cached_property
    def findings(self) -> list[Finding]:
        """What deserves a look, the worst first."""
        return list_findings([step.receipt for step in self.steps if step.is_ours])

    @property
    def counts(self) -> RowCounts:
        """The rows of the whole run."""
        return count_rows([step.receipt for step in self.steps if step.is_ours])
