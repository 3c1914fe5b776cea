"""What an exchange writes down while it works, so that nothing is asked or paid for twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dreambolt_steps.llms.call import Answer, Call
from dreambolt_steps.llms.sender import Completion, Trouble
from dreambolt_steps.llms.traits import Traits


@dataclass(frozen=True)
class Try:
    """One request that was answered or refused; it may have cost either way (USD, if known)."""

    call: Call
    outcome: Completion | Trouble
    usd: float | None = None


@dataclass(frozen=True)
class Records:
    """Where an exchange writes what it must not forget, and reads what is known.

    Attributes:
        find_cost: USD that a request cost, if known.
        keep: takes every request and, when the call is done with it, its answer, before anybody
            else learns of it.
        read_traits, keep_traits: what is known of the server.
    """

    find_cost: Callable[[Completion | Trouble], float | None] = lambda _: None
    keep: Callable[[Try, Answer | None], None] = lambda *_: None
    read_traits: Callable[[], Traits | None] = lambda: None
    keep_traits: Callable[[Traits], None] = lambda _: None
