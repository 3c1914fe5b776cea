"""The runs of a session, one line each, so that a report can show what became of the table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

HISTORY_FILE = ".runs.jsonl"
_MOST = 200


@dataclass(frozen=True)
class PastRun:
    """One run of a session.

    Attributes:
        run_id: of the run.
        finished: when, in ISO's form.
        command: that started it; "" where it is not known.
        seconds: that it took.
        error: why it stopped; "" if it did not.
        read, rejected, written: rows.
        quality: the lowest of its tables; None without one.
        cached: steps whose results came from the cache.
        steps: of the run.
        major, moderate: things to look at.
    """

    run_id: str
    finished: str
    command: str = ""
    seconds: float = 0.0
    error: str = ""
    read: int = 0
    rejected: int = 0
    written: int = 0
    quality: float | None = None
    cached: int = 0
    steps: int = 0
    major: int = 0
    moderate: int = 0

    @property
    def when(self) -> str:
        """When it finished, for people."""
        return f"{datetime.fromisoformat(self.finished):%d %b %Y, %H:%M:%S}"


def read_history(session: Path) -> list[PastRun]:
    """The runs of a session, the first of them first; a line that can't be read is passed over."""
    try:
        lines = (session / HISTORY_FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            found.append(PastRun(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return found


def add_to_history(session: Path, run: PastRun) -> list[PastRun]:
    """Note a run, in place of what was noted of it while it went on, and return all there are; the
    last 200 are kept."""
    before = [one for one in read_history(session) if one.run_id != run.run_id]
    runs = [*before, run][-_MOST:]
    path = session / HISTORY_FILE
    aside = path.with_name(f"{HISTORY_FILE}.partial")
    aside.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in runs), encoding="utf-8")
    aside.replace(path)
    return runs
