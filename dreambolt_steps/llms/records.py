"""What an exchange writes down while it works, so that nothing is asked or paid for twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Answer, Call


@dataclass(frozen=True)
class Try:
    """One request that was answered or refused; it may have cost either way (USD, if known)."""

    call: Call
    outcome: Completion | Trouble
    usd: float | None = None


Kept = tuple[Try, Answer | None]


@dataclass(frozen=True)
class Records:
    """Where an exchange writes what it must not forget, and reads what is known.

    Attributes:
        find_cost: USD that a request cost, if known.
        keep: takes every request and, when the call is done with it, its answer, before anybody
            else learns of it; all of one list are on disk, or none.
        read_traits, keep_traits: what is known of the server.
    """

    find_cost: Callable[[Completion | Trouble], float | None] = lambda _: None
    keep: Callable[[Sequence[Kept]], None] = lambda _: None
    read_traits: Callable[[], Traits | None] = lambda: None
    keep_traits: Callable[[Traits], None] = lambda _: None


@dataclass
class Bill:
    """What the tries of one call used so far."""

    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None

    def add(self, tried: Try) -> None:
        """Count one more request."""
        if tried.usd is not None:
            self.usd = (self.usd or 0.0) + tried.usd
        if isinstance(tried.outcome, Completion):
            self.tokens_in += tried.outcome.tokens_in
            self.tokens_out += tried.outcome.tokens_out

    def close(self, tried: Try) -> Answer:
        """The answer that the last try gave."""
        outcome = tried.outcome
        counts = (self.tokens_in, self.tokens_out, self.usd)
        if isinstance(outcome, Completion):
            text = None if outcome.failure else outcome.text
            told = (text, outcome.failure, outcome.finish)
            return Answer(tried.call, *told, *counts, call_id=outcome.call_id)
        return Answer(tried.call, None, outcome.reason, None, *counts)
