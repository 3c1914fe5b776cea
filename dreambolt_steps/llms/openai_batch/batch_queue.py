"""Calls through a provider's batch API: half the price, within a day."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from dreambolt_steps.errors import DreamboltError, ModelError, TransientError
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.openai_batch.api import (
    ENDED,
    MOST_CALLS,
    BatchApi,
    BatchState,
    cut_batches,
)
from dreambolt_steps.llms.openai_batch.jobs import Job, Jobs
from dreambolt_steps.llms.openai_batch.polling import LONGEST_WAIT, choose_wait, keep_asking
from dreambolt_steps.llms.openai_batch.waiting_calls import WaitingCalls
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Records, Try

_TRIES = 3
_SETTLES_AFTER = 5.0


class JobExchange:
    """An `Exchange` that hands all calls over at once, and collects when a batch has ended.

    Where nothing is known of the server yet, the first call is asked directly, at the full price:
    a wrong key, an unknown model or a setting that it refuses is then told at once, and not the
    next day. Calls that fail for the moment, and those of a batch that expired, are handed over
    again, at most three times.

    Args:
        api: to the provider.
        jobs: of this step and model; those that are open are waited for, not handed over again.
        records: costs, and what is known of the server.
        identify: the key of a call.
        ask_first: asks one call directly; gives its answer, and what is then known of the server.
        say: tells the user a line.
    """

    def __init__(
        self,
        api: BatchApi,
        jobs: Jobs,
        records: Records,
        identify: Callable[[Call], str],
        ask_first: Callable[[Call], tuple[Answer, Traits]],
        say: Callable[[str], None],
    ) -> None:
        self._api, self._jobs, self._records = api, jobs, records
        self._ask_first, self._say = ask_first, say
        self._traits = records.read_traits()
        self._calls = WaitingCalls(identify, records.find_cost, _TRIES)
        self._running: list[Job] | None = None
        self._most = MOST_CALLS

    @property
    def pending(self) -> int:
        """Calls handed in whose answers have not come out."""
        return len(self._calls)

    @property
    def room(self) -> int:
        """As many as one batch holds."""
        return MOST_CALLS

    def submit(self, call: Call) -> None:
        """Hand a call in; it is handed over when an answer is asked for."""
        self._calls.add(call)

    def collect(self) -> Answer:
        """The next answer; waits for a batch to end.

        Raises:
            CredentialError, ModelError: the provider refuses, or was not reached for long.
            KeyboardInterrupt: after telling that the batches go on.
        """
        try:
            while not self._calls.ready:
                if self._running is None:
                    self._running = [self._settle(job) for job in self._jobs.list_open()]
                    self._running = [job for job in self._running if job.batch]
                self._hand_over(self._running)
                if not self._calls.ready:
                    self._wait(self._running)
        except KeyboardInterrupt:
            for job in self._running or ():
                self._say(
                    f"batch {job.batch} goes on at {self._api.server.base_url}; "
                    "run the same again to collect it"
                )
            raise
        return self._calls.ready.popleft()

    def close(self, *, drain: bool) -> None:
        """Batches that run go on; the next run collects them."""

    def _settle(self, job: Job) -> Job:
        """Find out what became of a job whose handing over was cut short."""
        if job.batch is not None:
            return job
        while True:
            if (found := keep_asking(lambda: self._api.find(job.token, job.at))) is not None:
                return self._jobs.name(job, found)
            if (left := job.at + _SETTLES_AFTER - time.time()) <= 0:
                self._jobs.close(job)  # it never arrived
                return job
            time.sleep(min(left, 1.0) + 0.01)

    def _hand_over(self, running: list[Job]) -> None:
        new = self._calls.list_without(key for job in running for key in job.keys)
        if new and self._traits is None:
            key = new.pop(0)
            first = self._calls.find(key)
            assert first is not None
            answer, self._traits = self._ask_first(first)
            self._calls.give(key, answer)
        for part in cut_batches(self._write(new), self._most):
            if running and self._most < MOST_CALLS:  # the account's limit: one after the other
                return
            job = self._jobs.open(part)
            try:
                job = self._jobs.name(job, self._api.hand_over(job.token, self._write(part)))
            except TransientError:  # it may have arrived
                job = self._settle(job)
                if job.batch is None:
                    raise
            except DreamboltError:
                self._jobs.close(job)
                raise
            running.append(job)
            self._say(
                f"batch {job.batch} of {len(part):,} calls runs at {self._api.server.base_url}, "
                "for a day at most; Ctrl-C leaves it running, the same command collects it"
            )

    def _write(self, keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        return ((key, self._build_body(key)) for key in keys)

    def _build_body(self, key: str) -> dict[str, Any]:
        """The body of a request; empty for a call that another run handed in."""
        call = self._calls.find(key)
        if call is None:
            return {}
        return self._api.server.build_body(call, self._traits or Traits())

    def _wait(self, running: list[Job]) -> None:
        """Until a batch has ended; take its results."""
        told = time.monotonic()
        for number in itertools.count():
            for job in list(running):
                state = keep_asking(partial(self._api.look, str(job.batch)))
                if state.status in ENDED:
                    running.remove(job)
                    self._take(job, state)
                    self._api.forget(state)
                    return
                if time.monotonic() - told >= LONGEST_WAIT:
                    told = time.monotonic()
                    self._say(f"batch {state.name}: {state.done:,} of {state.total:,} calls done")
            time.sleep(choose_wait(number) * random.uniform(0.8, 1.0))

    def _take(self, job: Job, state: BatchState) -> None:
        """Keep what a batch gave; what may yet be answered stays to be handed over again."""
        if state.status == "failed":
            self._jobs.close(job)
            self._judge_failed(job, state)
            return
        results: list[tuple[str, Try, Answer | None]] = []
        missing = set(job.keys)
        fatal: DreamboltError | None = None
        adapted: Traits | None = None
        for line in keep_asking(lambda: list(self._api.read(state))):
            if line.key not in missing:
                continue
            missing.discard(line.key)
            body, traits = self._build_body(line.key), self._traits or Traits()
            outcome = self._api.judge(line, body, traits)
            if isinstance(outcome, Trouble):
                fatal, adapted = fatal or outcome.fatal, adapted or outcome.traits
            results.append(self._calls.note(line.key, outcome))
        lost = Trouble(f"batch {state.name} gave no result for it", transient=True)
        results.extend(self._calls.note(key, lost) for key in missing)
        self._jobs.close(job, results)
        for key, _, answer in results:
            if answer is not None:
                self._calls.give(key, answer)
        if adapted is not None:
            self._traits = adapted
            self._records.keep_traits(adapted)
        if fatal is not None:
            raise fatal
        answered = any(isinstance(tried.outcome, Completion) for _, tried, _ in results)
        if state.status == "cancelled" or (state.status == "expired" and not answered):
            raise ModelError(
                f"batch {state.name} {state.status} at {self._api.server.base_url} with "
                f"{len(job.keys):,} calls; answered ones are kept, the same again hands over the "
                "others"
            )

    def _judge_failed(self, job: Job, state: BatchState) -> None:
        """A batch that was not begun: smaller ones, other settings, or no hope."""
        if state.code == "token_limit_exceeded" and len(job.keys) > 1:
            self._most = max(1, len(job.keys) // 2)
            return
        body = self._build_body(job.keys[0])
        adapted = (self._traits or Traits()).adapt(400, state.reason, body)
        if adapted is None:
            raise ModelError(
                f"{self._api.server.base_url} refused batch {state.name}: "
                f"{state.reason or state.code}"
            )
        self._traits = adapted
