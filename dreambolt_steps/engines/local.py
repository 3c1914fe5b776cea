"""The engine that does all work in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from dreambolt_steps.engines.engine import OpenFunction

_T = TypeVar("_T")
_R = TypeVar("_R")


class LocalWorkers(Generic[_T, _R]):
    """`Workers` of one: this process."""

    def __init__(self, function: Callable[[_T], _R]) -> None:
        self._function = function

    def map(self, items: Iterable[_T]) -> Iterator[_R]:
        """The results, one after the other."""
        return map(self._function, items)


class LocalEngine:
    """The engine that does all work in this process."""

    is_spread = False

    @contextmanager
    def open_workers(
        self, open_function: OpenFunction[_T, _R], *, cores: int = 1, wants_gpu: bool = False
    ) -> Iterator[LocalWorkers[_T, _R]]:
        """This process, with the function ready.

        >>> with LocalEngine().open_workers(partial(nullcontext, len)) as workers:
        ...     list(workers.map(["a", "bc"]))
        [1, 2]
        """
        with open_function() as function:
            yield LocalWorkers(function)

    def close(self) -> None:
        """Nothing was started."""


LOCAL = LocalEngine()
