"""What a step knows of the files of its source: those of its last run, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dreambolt_steps.sources.source import SourceFile

_SHOWN = 3


@dataclass(frozen=True)
class KnownFile:
    """A file as it was when it was read.

    Attributes:
        uri, identity: of the source file.
        rows: that it held, rejected ones too.
        key: of its part in the session's file cache; "" if it has none.
    """

    uri: str
    identity: str
    rows: int = 0
    key: str = ""


@dataclass(frozen=True)
class Increment:
    """The rows that one run takes from a source.

    Attributes:
        content: names them: what decides whether the step runs again.
        uris: of the files they come from.
        follows: the content of the increment before; "" for the first.
        since: what the cursor has to be beyond, as text; None for all rows.
    """

    content: str
    uris: tuple[str, ...]
    follows: str = ""
    since: str | None = None


@dataclass(frozen=True)
class State:
    """What is known after a run.

    Attributes:
        increment: of that run.
        files: of the source.
        taken: (uri, identity) of files that are not there any more, but whose rows were taken.
        cursor: a column and its largest value so far, as text.
    """

    increment: Increment
    files: tuple[KnownFile, ...]
    taken: frozenset[tuple[str, str]] = frozenset()
    cursor: tuple[str, str] | None = None

    def list_taken(self) -> frozenset[tuple[str, str]]:
        """(uri, identity) of every file whose rows were taken."""
        return self.taken | {(file.uri, file.identity) for file in self.files}


@dataclass(frozen=True)
class Journal:
    """The states of one step.

    Attributes:
        settled: after the last run of which every step finished.
        pending: after a run that read its source, but did not come to its end.
    """

    settled: State | None = None
    pending: State | None = None

    @classmethod
    def load(cls, path: Path) -> Journal:
        """Read a journal; an empty one where there is none, or a damaged one."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(_load_state(found["settled"]), _load_state(found["pending"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def save(self, path: Path) -> None:
        """Write the journal beside its place, then put it there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.partial")
        told = {"settled": _tell_state(self.settled), "pending": _tell_state(self.pending)}
        aside.write_text(json.dumps(told), encoding="utf-8")
        aside.replace(path)

    def settle(self) -> Journal:
        """The journal once everything below the step has finished."""
        return Journal(self.pending) if self.pending else self

    def list_keys(self) -> set[str]:
        """Keys of all parts that the journal refers to."""
        states = [state for state in (self.settled, self.pending) if state]
        return {file.key for state in states for file in state.files if file.key}


@dataclass(frozen=True)
class Changes:
    """What became of a source's files since the last run; without one (`is_first`), nothing is
    new."""

    files: int
    is_first: bool = False
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[KnownFile] = field(default_factory=list)

    def describe(self) -> str:
        """One line: `3 files: 1 new, 1 changed, 1 as before, 1 deleted`."""
        if self.is_first:
            return f"{self.files:,} files"
        same = self.files - len(self.new) - len(self.changed)
        counts = {"new": self.new, "changed": self.changed}
        told = [f"{len(uris):,} {word}" for word, uris in counts.items() if uris]
        told += [f"{same:,} as before"] if same else []
        told += [f"{len(self.deleted):,} deleted"] if self.deleted else []
        return f"{self.files:,} files: {', '.join(told)}"

    def describe_deleted(self) -> str:
        """One line that names the first deleted files and the rows they held."""
        names = ", ".join(_shorten(file.uri) for file in self.deleted[:_SHOWN])
        more = len(self.deleted) - _SHOWN
        names += f" and {more:,} more" if more > 0 else ""
        rows = sum(file.rows for file in self.deleted)
        return f"deleted since the last run: {names} ({rows:,} rows)"


def compare_files(before: State | None, now: Sequence[SourceFile]) -> Changes:
    """Compare a source's files with those of the last run."""
    if before is None:
        return Changes(len(now), is_first=True)
    known = {file.uri: file for file in before.files}
    there = {file.uri for file in now}
    return Changes(
        len(now),
        False,
        [file.uri for file in now if file.uri not in known],
        [f.uri for f in now if f.uri in known and f.identity != known[f.uri].identity],
        [file for uri, file in known.items() if uri not in there],
    )


def _shorten(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]


def _tell_state(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    files = [[file.uri, file.identity, file.rows, file.key] for file in state.files]
    told = asdict(replace(state, files=(), taken=frozenset()))
    return told | {"files": files, "taken": sorted(state.taken)}


def _load_state(found: dict[str, Any] | None) -> State | None:
    if found is None:
        return None
    increment = found["increment"]
    return State(
        Increment(**increment | {"uris": tuple(increment["uris"])}),
        tuple(KnownFile(*file) for file in found["files"]),
        frozenset((uri, identity) for uri, identity in found["taken"]),
        tuple(found["cursor"]) if found["cursor"] else None,
    )
