"""Calls that wait for their answers while requests for them come and go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Answer, Call
from dreambolt_steps.llms.records import Bill, Try


class WaitingCalls:
    """Calls by their keys, what was tried for each, and the answers that are ready.

    Args:
        identify: the key of a call.
        find_cost: USD that a request cost, if known.
        tries: of one call, at most.
    """

    def __init__(
        self,
        identify: Callable[[Call], str],
        find_cost: Callable[[Completion | Trouble], float | None],
        tries: int,
    ) -> None:
        self._identify, self._find_cost, self._most = identify, find_cost, tries
        self._calls: dict[str, list[Call]] = {}
        self._tries: dict[str, int] = {}
        self._bills: dict[str, Bill] = {}
        self.ready: deque[Answer] = deque()

    def __len__(self) -> int:
        """Calls whose answers were not taken, also those that are ready."""
        return len(self.ready) + sum(map(len, self._calls.values()))

    def add(self, call: Call) -> None:
        """Let a call wait."""
        self._calls.setdefault(self._identify(call), []).append(call)

    def list_without(self, keys: Iterable[str]) -> list[str]:
        """Keys of waiting calls, but for those of `keys`."""
        known = set(keys)
        return [key for key in self._calls if key not in known]

    def find(self, key: str) -> Call | None:
        """The call of a key; None if it was handed in by another run."""
        calls = self._calls.get(key)
        return calls[0] if calls else None

    def note(self, key: str, outcome: Completion | Trouble) -> tuple[str, Try, Answer | None]:
        """Count a request for a call.

        Returns: the key, the request, and the answer if the call is done with it: it is answered,
            refused, or was tried often enough.
        """
        call = self.find(key) or Call("")
        tried = Try(call, outcome, self._find_cost(outcome))
        bill = self._bills.setdefault(key, Bill())
        bill.add(tried)
        self._tries[key] = self._tries.get(key, 0) + 1
        again = isinstance(outcome, Trouble) and (
            outcome.fatal is not None
            or outcome.traits is not None
            or (outcome.transient and self._tries[key] < self._most)
        )
        return key, tried, None if again else bill.close(tried)

    def give(self, key: str, answer: Answer) -> None:
        """Make the answer ready for every call of a key; equal calls share it."""
        self.ready.extend(replace(answer, call=call) for call in self._calls.pop(key, ()))
