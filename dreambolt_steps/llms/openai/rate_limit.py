"""How fast a server may be asked: calls in flight, requests and tokens a minute, pauses."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

CUT = 0.75
SUCCESSES_PER_STEP = 25
RECENT = 20


class Pace:
    """Spreads an amount evenly over a minute.

    Args:
        per_minute: how much may be used in a minute.
        clock: seconds, monotonic.

    >>> pace = Pace(60, clock=lambda: 0.0)
    >>> pace.reserve(1), pace.reserve(2), pace.reserve(1)
    (0.0, 1.0, 3.0)
    """

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds_each = 60 / per_minute
        self._clock = clock
        self._free_at = clock()

    def reserve(self, amount: float) -> float:
        """Take an amount. Returns: seconds to wait before it may be used."""
        start = max(self._free_at, self._clock())
        self._free_at = start + amount * self._seconds_each
        return start - self._clock()

    def correct(self, amount: float) -> None:
        """Take more (or give back, if negative), once it is known what was really used."""
        self._free_at += amount * self._seconds_each


class Flow:
    """How many calls are in flight, and when the next one may start. For one event loop.

    The limit starts at `max_in_flight`. An overloaded server cuts it to three quarters, once for
    all calls that were under way, and pauses every call; 25 successes raise it by one.

    Args:
        max_in_flight: calls under way at a time, at most.
        requests_per_minute, tokens_per_minute: limits of the server, if there are any.
    """

    def __init__(
        self,
        max_in_flight: int,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
    ) -> None:
        self.max_in_flight = max_in_flight
        self.limit = max_in_flight
        self.in_flight = 0
        self._successes = 0
        self._cut_at = self._paused_until = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._requests = Pace(requests_per_minute) if requests_per_minute else None
        self._tokens = Pace(tokens_per_minute) if tokens_per_minute else None
        self._recent: deque[bool] = deque(maxlen=RECENT)

    async def enter(self, tokens: int) -> float:
        """Wait for a place in flight, for the end of a pause, and for the limits a minute.

        Args:
            tokens: about how many the call will use.

        Returns: when the call starts, for `slow_down`.
        """
        while self.in_flight >= self.limit:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            await place
        self.in_flight += 1
        try:
            wait = self._requests.reserve(1) if self._requests else 0.0
            wait = max(wait, self._tokens.reserve(tokens) if self._tokens else 0.0)
            if wait > 0:
                await asyncio.sleep(wait)
            while (pause := self._paused_until - time.monotonic()) > 0:
                await asyncio.sleep(pause)
        except asyncio.CancelledError:
            self.leave()
            raise
        return time.monotonic()

    def leave(self, surplus_tokens: int = 0) -> None:
        """Give the place back.

        Args:
            surplus_tokens: what was used beyond what `enter` was told.
        """
        self.in_flight -= 1
        if self._tokens and surplus_tokens:
            self._tokens.correct(surplus_tokens)
        free = self.limit - self.in_flight
        while self._waiting and free > 0:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1

    def succeed(self) -> None:
        """Count an answer."""
        self._recent.append(True)
        self._successes += 1
        if self._successes >= SUCCESSES_PER_STEP and self.limit < self.max_in_flight:
            self.limit += 1
            self._successes = 0

    def slow_down(self, started: float, pause: float) -> None:
        """The server is overloaded: ask less of it, and nothing for `pause` seconds.

        Args:
            started: what `enter` gave; calls that were under way at the last cut do not cut again.
        """
        self._paused_until = max(self._paused_until, time.monotonic() + pause)
        self._successes = 0
        if started > self._cut_at:
            self._cut_at = time.monotonic()
            self.limit = max(1, int(self.limit * CUT))

    def fail(self) -> bool:
        """Count a call that failed for good. Returns: whether more than half of the last 20 did."""
        self._recent.append(False)
        return len(self._recent) == RECENT and self._recent.count(False) * 2 > RECENT
