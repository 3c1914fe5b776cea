"""Where pure functions over batches run: the words that every engine uses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

_T = TypeVar("_T")
_K = TypeVar("_K")
_R = TypeVar("_R")
_T_contra = TypeVar("_T_contra", contravariant=True)
_R_co = TypeVar("_R_co", covariant=True)

OpenFunction = Callable[[], AbstractContextManager[Callable[[_T], _R]]]
"""Makes a function ready, such as by loading a model: called once by each worker. It has to be
picklable: `functools.partial` over a function of a module."""


class Workers(Protocol[_T_contra, _R_co]):
    """Workers that have a function ready."""

    def map(self, items: Iterable[_T_contra]) -> Iterator[_R_co]:
        """The function's result of each item, in the items' order.

        A few items are taken before the results of earlier ones are; never more than that.

        Raises: what the function or the items raise; EngineError when workers are lost for good.
        """


class Engine(Protocol):
    """Where steps have their work done.

    Attributes:
        is_spread: whether it is done by other processes.
    """

    is_spread: bool

    def open_workers(
        self, open_function: OpenFunction[_T, _R], *, cores: int = 1, wants_gpu: bool = False
    ) -> AbstractContextManager[Workers[_T, _R]]:
        """Workers for the time of a `with` block.

        Args:
            open_function: makes the function ready.
            cores: that a worker keeps busy.
            wants_gpu: whether a worker is faster with a GPU of its own.
        """

    def close(self) -> None:
        """End what was started."""


def map_pairs(workers: Workers[_T, _R], pairs: Iterable[tuple[_K, _T]]) -> Iterator[tuple[_K, _R]]:
    """Have the second of each pair worked on, and keep the first here beside it.

    Args:
        workers: that have the function ready.
        pairs: of what stays and what is handed to a worker; a few are taken ahead.

    Yields: what stayed with the function's result, in the pairs' order.
    Raises: as `Workers.map`.
    """
    kept: deque[_K] = deque()

    def take() -> Iterator[_T]:
        for stays, item in pairs:
            kept.append(stays)
            yield item

    for result in workers.map(take()):
        yield kept.popleft(), result
