"""Every call to a language model on disk, at once: what was answered is never paid again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dreambolt_steps.llms.ledger.prices import Price
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Kept, Records, Try

FILE = "calls.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    key TEXT PRIMARY KEY, text TEXT, failure TEXT, finish TEXT, tokens_in INTEGER,
    tokens_out INTEGER, usd REAL, call_id TEXT, step TEXT, model TEXT, at REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tries (
    key TEXT, step TEXT, model TEXT, status INTEGER, reason TEXT, tokens_in INTEGER,
    tokens_out INTEGER, usd REAL, at REAL
);
CREATE TABLE IF NOT EXISTS traits (server TEXT PRIMARY KEY, text TEXT);
"""
_KEEP = "INSERT OR REPLACE INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP_TRY = "INSERT INTO tries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FIND = (
    "SELECT key, text, finish, tokens_in, tokens_out, usd, call_id FROM calls "
    "WHERE text IS NOT NULL AND key IN"
)
_ASKED_AT_ONCE = 500
_MAPPED = 2**30
_PAGES_BETWEEN_SYNCS = 10_000  # of 4 KiB; a sync holds every call up, for some 100 ms


class CallLedger:
    """The calls of a session, in SQLite, committed before anybody sees their answers: it survives
    SIGKILL.

    A call that failed for good is kept with its reason, and asked again in the next run. May be
    used by several threads.

    Args:
        path: the file; made if missing. None keeps the calls in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path or ":memory:", timeout=60, isolation_level=None, check_same_thread=False
        )
        # Without a sync at each commit a power cut may lose the last calls, a killed process none.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(f"PRAGMA mmap_size={_MAPPED}")
        self._connection.execute(f"PRAGMA wal_autocheckpoint={_PAGES_BETWEEN_SYNCS}")
        self._connection.executescript(_TABLES)
        self._spent: dict[str, float] = {}

    def find_answers(self, calls: Mapping[str, Call]) -> dict[str, Answer]:
        """What calls were answered before; those that were not, or failed, are left out.

        Args:
            calls: by their keys.
        """
        keys = list(calls)
        found: dict[str, Answer] = {}
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            part = keys[start : start + _ASKED_AT_ONCE]
            marks = ", ".join("?" * len(part))
            with self._lock:
                rows = self._connection.execute(f"{_FIND} ({marks})", part).fetchall()
            for key, text, finish, tokens_in, tokens_out, usd, call_id in rows:
                counts = (tokens_in, tokens_out, usd)
                found[key] = Answer(calls[key], text, None, finish, *counts, True, call_id)
        return found

    def sum_spent(self, step: str) -> float:
        """USD that all tries of a step cost, in all its runs, as far as prices are known."""
        query = "SELECT coalesce(sum(usd), 0) FROM tries WHERE step = ?"
        with self._lock:
            if step not in self._spent:
                self._spent[step] = self._connection.execute(query, (step,)).fetchone()[0]
            return self._spent[step]

    def count_failed(self, step: str) -> int:
        """Requests of a step, in all its runs, that were refused or not answered."""
        query = "SELECT count(*) FROM tries WHERE step = ? AND reason IS NOT NULL"
        with self._lock:
            return int(self._connection.execute(query, (step,)).fetchone()[0])

    def open_records(self, step: str, model: str, server: str, price: Price | None) -> Records:
        """The records that an exchange writes for one step and one model.

        Args:
            step: its name.
            model: what decides the model's answers, from `identify_model`.
            server: the model's name and its server's address, for what is known of the server.
            price: of the model, if it is known.
        """

        def find_cost(outcome: Completion | Trouble) -> float | None:
            if price is None or not isinstance(outcome, Completion):
                return None
            return price.cost(outcome.tokens_in, outcome.tokens_out)

        def keep(items: Sequence[Kept]) -> None:
            with self.transaction() as connection:
                for tried, answer in items:
                    self.insert(connection, tried.call.identify(model), tried, answer, step, server)

        def read_traits() -> Traits | None:
            text = self._read("SELECT text FROM traits WHERE server = ?", server)
            return Traits.from_text(text) if text else None

        def keep_traits(traits: Traits) -> None:
            self._write("INSERT OR REPLACE INTO traits VALUES (?, ?)", (server, traits.to_text()))

        return Records(find_cost, keep, read_traits, keep_traits)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written in the block, or nothing of it."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                self._spent.clear()
                raise
            self._connection.execute("COMMIT")

    def insert(
        self,
        connection: sqlite3.Connection,
        key: str,
        tried: Try,
        answer: Answer | None,
        step: str,
        server: str,
    ) -> None:
        """Write a request, and the answer if the call is done with it.

        Args:
            connection: of the `transaction`.
            key: of the call.
            step, server: as `open_records` has them.
        """
        now, out = time.time(), tried.outcome
        told: tuple[object, ...]
        if isinstance(out, Completion):
            told = (200, None, out.tokens_in, out.tokens_out)
        else:
            told = (out.status or 0, out.reason, 0, 0)
        connection.execute(_KEEP_TRY, (key, step, server, *told, tried.usd, now))
        if answer is not None:
            counts = (answer.tokens_in, answer.tokens_out, answer.usd, answer.call_id)
            said = (answer.text, answer.failure, answer.finish)
            connection.execute(_KEEP, (key, *said, *counts, step, server, now))
        if step in self._spent:
            self._spent[step] += tried.usd or 0.0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        with self._lock:
            self._connection.execute(statement, values)

    def _read(self, query: str, key: str) -> str | None:
        with self._lock:
            found = self._connection.execute(query, (key,)).fetchone()
        return found[0] if found else None
