"""What a step takes from its source in this run, and what it has to know for the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dreambolt_steps.sources.increment import PlannedIncrement, plan_all, plan_new
from dreambolt_steps.sources.journal import Changes, Journal, KnownFile, State, compare_files
from dreambolt_steps.sources.source import SourceFile


@dataclass
class Intake:
    """The files of a source, seen against the journal of the step.

    Args:
        files: all of the source.
        journal: the journal's file; None for a step that keeps none.
        only_new: whether only new and changed files are taken.
        cursor: a column; only rows beyond its largest value so far are taken.
        afresh: whether an increment that was interrupted is read anew.
        is_stored: whether the session holds the step's result for a content.
    """

    files: Sequence[SourceFile]
    journal: Path | None
    only_new: bool = False
    cursor: str | None = None
    afresh: bool = False
    is_stored: Callable[[str], bool] = bool

    @cached_property
    def known(self) -> Journal:
        """The journal as this run found it."""
        return Journal.load(self.journal) if self.journal else Journal()

    @cached_property
    def plan(self) -> PlannedIncrement:
        """The files to take."""
        if not self.only_new:
            return plan_all(self.files)
        return plan_new(
            self.files,
            self.known,
            self.is_stored,
            cursor=self.cursor,
            afresh=self.afresh,
        )

    @cached_property
    def changes(self) -> Changes:
        """What became of the files since the last run that came to its end."""
        return compare_files(self.known.settled, self.files)

    def find_known(self) -> dict[str, KnownFile]:
        """Files that are as they were in an earlier run, by their uri."""
        states = [state for state in (self.known.settled, self.known.pending) if state]
        known = {file.uri: file for state in states for file in state.files}
        return {
            file.uri: known[file.uri]
            for file in self.files
            if file.uri in known and known[file.uri].identity == file.identity
        }

    def record(self, read: Iterable[KnownFile], cursor: tuple[str, str] | None = None) -> None:
        """Write down what the run took; it counts once `settle` is called.

        Args:
            read: files of this run that no journal knows yet.
            cursor: a column and its largest value in this run.
        """
        pending = self.known.pending
        if self.journal is None or (pending and pending.increment == self.plan.increment):
            return
        waiting = {file.uri for file in self.plan.waiting}
        known = self.find_known() | {file.uri: file for file in read}
        files = tuple(
            known.get(file.uri, KnownFile(file.uri, file.identity))
            for file in self.files
            if file.uri not in waiting
        )
        settled, taken = self.known.settled, frozenset[tuple[str, str]]()
        if self.only_new and settled:
            taken = settled.list_taken() - {(file.uri, file.identity) for file in files}
            cursor = cursor or settled.cursor
        state = State(self.plan.increment, files, taken, cursor)
        replace(self.known, pending=state).save(self.journal)

    def settle(self) -> None:
        """Count what the run took as taken."""
        if self.journal is not None:
            Journal.load(self.journal).settle().save(self.journal)
