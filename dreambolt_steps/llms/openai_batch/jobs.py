"""Batches at a provider, in the ledger: what was handed over is found again and paid once."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dreambolt_steps.llms.ledger.store import CallLedger
from dreambolt_steps.llms.protocol import Answer
from dreambolt_steps.llms.records import Try

_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    token TEXT PRIMARY KEY, batch TEXT, keys TEXT, step TEXT, model TEXT, at REAL
)
"""


@dataclass(frozen=True)
class Job:
    """A batch that was, or may have been, handed over to a provider.

    Attributes:
        token: in the batch's metadata, so that it is found again.
        step: that opened it; spending is counted by it.
        keys: of the calls in it.
        at: when it was about to be handed over, in seconds since 1970.
        batch: the provider's name for it; None if its answer to the handing over is not known.
    """

    token: str
    step: str
    keys: tuple[str, ...]
    at: float
    batch: str | None = None


class Jobs:
    """The jobs of one step and one model that are not collected yet.

    Args:
        ledger: of the session.
        step: its name.
        model: what decides the model's answers.
        server: the model's name and its server's address.
    """

    def __init__(self, ledger: CallLedger, step: str, model: str, server: str) -> None:
        self._ledger, self._step, self._model, self._server = ledger, step, model, server
        with ledger.transaction() as connection:
            connection.execute(_TABLE)

    def list_open(self) -> list[Job]:
        """Jobs of the model that were not closed, of any step."""
        query = "SELECT token, step, keys, at, batch FROM jobs WHERE model = ? ORDER BY at"
        with self._ledger.transaction() as connection:
            found = connection.execute(query, (self._model,)).fetchall()
        return [
            Job(token, step, tuple(json.loads(keys)), at, batch)
            for token, step, keys, at, batch in found
        ]

    def open(self, keys: Iterable[str]) -> Job:
        """Write down that calls are about to be handed over."""
        job = Job(secrets.token_hex(8), self._step, tuple(keys), time.time())
        row = (job.token, None, json.dumps(job.keys), self._step, self._model, job.at)
        with self._ledger.transaction() as connection:
            connection.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)", row)
        return job

    def name(self, job: Job, batch: str) -> Job:
        """Write down the provider's name for a job."""
        with self._ledger.transaction() as connection:
            connection.execute("UPDATE jobs SET batch = ? WHERE token = ?", (batch, job.token))
        return replace(job, batch=batch)

    def close(self, job: Job, results: Sequence[tuple[str, Try, Answer | None]] = ()) -> None:
        """Write down what came of a job and forget it, at once.

        Args:
            results: of each call its key, the request, and the answer if the call is done with it.
        """
        with self._ledger.transaction() as connection:
            for key, tried, answer in results:
                self._ledger.insert(connection, key, tried, answer, job.step, self._server)
            connection.execute("DELETE FROM jobs WHERE token = ?", (job.token,))
