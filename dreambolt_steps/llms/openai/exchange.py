"""Many calls to a server at a time, without barriers: each answer comes out when it is there."""

from __future__ import annotations

import asyncio
import queue
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.openai.joined_writes import JoinedWrites
from dreambolt_steps.llms.openai.rate_limit import Flow
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble, estimate_tokens
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Bill, Records, Try

_TRIES = 6
_TRIES_OF_THE_FIRST = 3
_TRIES_WHEN_OVERLOADED = 20
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_MOST_PATIENCE = 600.0
_MOST_CHANGES = 12


class Sends(Protocol):
    """What a `ChatExchange` needs of a `Sender`."""

    async def send(self, call: Call, traits: Traits) -> Completion | Trouble: ...

    async def close(self) -> None: ...


class ChatExchange:
    """An `Exchange` over one server. Requests run in a thread of their own.

    Transient errors are tried again, at most 6 times with growing, random waits (20 times while a
    server that has answered says it is overloaded); others are not. Until one request with a schema
    was answered, the others wait: what the server accepts is found out once.

    Args:
        make_sender: makes the sender, in the thread that uses it.
        flow: limits; used by this exchange alone.
        records: what to write down; called in the thread of the requests.
        tell: called with what requests do without from now on, and with the server's words.
    """

    def __init__(
        self,
        make_sender: Callable[[], Sends],
        flow: Flow,
        records: Records | None = None,
        tell: Callable[[str, str], None] = lambda change, reason: None,
    ) -> None:
        self._make_sender = make_sender
        self._flow, self._tell = flow, tell
        self._records = records or Records()
        self._traits = self._records.read_traits() or Traits()
        self._known = self._records.read_traits() is not None
        self._done: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()
        self._pending = 0
        self._has_answered = self._has_told_estimate = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dreambolt-calls", daemon=True)
        self._thread.start()
        self._ready.wait()

    @property
    def pending(self) -> int:
        """Calls handed in whose answers have not come out."""
        return self._pending

    @property
    def room(self) -> int:
        """A quarter more than may be in flight, so that a place never stays empty."""
        return self._flow.max_in_flight + max(4, self._flow.max_in_flight // 4)

    @property
    def traits(self) -> Traits:
        """What is known of the server by now."""
        return self._traits

    def submit(self, call: Call) -> None:
        """Hand a call in."""
        self._pending += 1
        self._loop.call_soon_threadsafe(self._start, call)

    def collect(self) -> Answer:
        """The next answer.

        Raises:
            CredentialError: the key is refused.
            ModelError: the model is unknown, the quota used up, or more than half of the last 20
                calls failed for good.
        """
        answer = self._done.get()
        if isinstance(answer, BaseException):
            raise answer
        self._pending -= 1
        return answer

    def close(self, *, drain: bool) -> None:
        """End the thread, after what is pending is done (`drain`), or at once."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._finish(drain), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._probe = asyncio.Lock()
        self._writes = JoinedWrites(self._records.keep)
        self._sender: Any = self._make_sender()
        self._ready.set()
        self._loop.run_forever()
        self._loop.close()

    async def _finish(self, drain: bool) -> None:
        tasks = list(self._tasks)
        if not drain:
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()

    def _start(self, call: Call) -> None:
        task = self._loop.create_task(self._carry(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, call: Call) -> None:
        try:
            if self._stopped:
                return
            self._done.put(await self._ask(call))
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._stopped = True
            self._done.put(error)

    async def _ask(self, call: Call) -> Answer:
        """Ask until there is an answer, or no hope for one."""
        bill = Bill()
        tries = changes = 0
        while True:
            tries += 1
            tried = await self._try(call, tries)
            bill.add(tried)
            outcome = tried.outcome
            if isinstance(outcome, Trouble) and outcome.traits is not None:
                changes += 1
                if changes > _MOST_CHANGES:  # it refuses one way to ask and the other
                    tried = replace(tried, outcome=replace(outcome, traits=None))
                    outcome = tried.outcome
            answer = bill.close(tried) if self._is_last(outcome, tries) else None
            if isinstance(outcome, Trouble) and outcome.fatal is not None:
                self._stopped = True  # at once: others go on while this one is written down
            await self._writes.add((tried, answer))
            if isinstance(outcome, Completion):
                self._has_answered = True
                self._flow.succeed()
            elif outcome.fatal is not None:
                raise outcome.fatal
            elif answer is not None and self._flow.fail():
                raise ModelError(
                    "more than half of the last 20 calls failed for good; the last one: "
                    f"{outcome.reason} (tries: {tries}); answered calls are kept"
                )
            if answer is not None:
                return answer
            assert isinstance(outcome, Trouble)
            if outcome.traits is not None:
                tries -= 1
            elif not outcome.overloaded:  # else the flow has paused every call
                await asyncio.sleep(_choose_wait(tries, outcome.retry_after))

    async def _try(self, call: Call, tries: int) -> Try:
        """One request; the first with a schema goes alone."""
        if self._known or call.schema is None:
            return await self._send(call, tries)
        async with self._probe:
            tried = await self._send(call, tries)
            if isinstance(tried.outcome, Completion) and not self._known:
                self._known = True
                self._records.keep_traits(self._traits)
            return tried

    async def _send(self, call: Call, tries: int) -> Try:
        guess = estimate_tokens(call.prompt + (call.system or ""))
        guess += (call.max_tokens or 0) // 2
        started = await self._flow.enter(guess)
        traits, surplus = self._traits, 0
        try:
            if self._stopped:
                raise asyncio.CancelledError
            outcome = await self._sender.send(call, traits)
            if isinstance(outcome, Completion):
                self._tell_estimate(outcome)
                surplus = outcome.tokens_in + outcome.tokens_out - guess
        finally:
            self._flow.leave(surplus)
        if isinstance(outcome, Trouble):
            if outcome.traits is not None and self._traits == traits:
                self._tell(traits.describe_change(outcome.traits), outcome.reason)
                self._traits = outcome.traits
                self._known = False
            if outcome.overloaded:
                pause = outcome.retry_after
                self._flow.slow_down(started, _choose_wait(tries) if pause is None else pause)
        return Try(call, outcome, self._records.find_cost(outcome))

    def _tell_estimate(self, outcome: Completion) -> None:
        if outcome.is_estimated and not self._has_told_estimate:
            self._has_told_estimate = True
            self._tell("tokens and costs are estimates", "nothing of how many tokens it used")

    def _is_last(self, outcome: Completion | Trouble, tries: int) -> bool:
        """Whether a call is done with this outcome."""
        if isinstance(outcome, Completion) or outcome.fatal is not None:
            return True
        if outcome.traits is not None:
            return False
        # A server that never answered may never do; one that says when it will is believed.
        believed = self._has_answered or outcome.retry_after is not None
        patience = _TRIES_WHEN_OVERLOADED if outcome.overloaded and believed else _TRIES
        if outcome.status is None and not self._has_answered:  # nobody may be there
            patience = _TRIES_OF_THE_FIRST
        too_long = (outcome.retry_after or 0) > _MOST_PATIENCE
        return not outcome.transient or tries >= patience or too_long


def _choose_wait(tries: int, asked_for: float | None = None) -> float:
    """Seconds until the next try: what the server asked for, else random up to a growing limit."""
    if asked_for is not None:
        return asked_for + random.uniform(0, 0.1)
    return random.uniform(0.5, 1.0) * min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1))
