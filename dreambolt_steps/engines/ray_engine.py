"""The engine that has work done by the workers of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from threading import Event, Thread
from typing import Any, Generic, TypeVar

from dreambolt_steps.engines.engine import OpenFunction
from dreambolt_steps.engines.ray_cluster import find_address, join_cluster
from dreambolt_steps.engines.ray_workers import RayWorkers
from dreambolt_steps.errors import EngineError

_T = TypeVar("_T")
_R = TypeVar("_R")
_PATIENCE = 40.0  # seconds for a cluster to be joined, or started


class LazyWorkers(Generic[_T, _R]):
    """`Workers` that are made when there is an item for them.

    Args:
        make: makes them.
    """

    def __init__(self, make: Callable[[], RayWorkers[_T, _R]]) -> None:
        self._make = make
        self._made: RayWorkers[_T, _R] | None = None

    def map(self, items: Iterable[_T]) -> Iterator[_R]:
        """The results, in the items' order."""
        source = iter(items)
        for first in source:
            self._made = self._made or self._make()
            yield from self._made.map(chain([first], source))

    def close(self) -> None:
        """End the workers, if there are any."""
        if self._made is not None:
            self._made.close()


class RayEngine:
    """The engine that has work done by the workers of a Ray cluster.

    A running cluster is joined at once, so that a wrong address is told before any work; one of
    this machine's cores is started when there is work for it. One that the process is part of
    already is used, and left as it is.

    Args:
        address: HOST:PORT or auto; default RAY_ADDRESS, else a cluster of this machine.

    Raises:
        UsageError: Ray is not installed, or the address is none.
        EngineError: nothing answers there.
    """

    is_spread = True

    def __init__(self, address: str | None = None) -> None:
        self._address = find_address(address)
        self._is_own = False
        self._is_over = Event()
        if self._address is not None:
            _ = self.ray

    @cached_property
    def ray(self) -> Any:
        """The module `ray`, joined to the cluster."""
        joined: Future[tuple[Any, bool]] = Future()

        def join() -> None:
            try:
                joined.set_result(join_cluster(self._address))
            except BaseException as error:
                joined.set_exception(error)
            # The kernel ends what Ray starts with the thread that started it (PR_SET_PDEATHSIG).
            self._is_over.wait()

        Thread(target=join, name="dreambolt-ray", daemon=True).start()
        try:
            ray, is_own = joined.result(_PATIENCE)
        except TimeoutError as error:  # Ray 2.60 itself tries for ever
            place = f"at {self._address}" if self._address else "on this machine"
            raise EngineError(
                f"the Ray cluster {place} does not answer within {_PATIENCE:g} s; name it as its "
                "nodes do, HOST:PORT, and see whether `ray status` knows it"
            ) from error
        self._is_own |= is_own
        return ray

    @contextmanager
    def open_workers(
        self, open_function: OpenFunction[_T, _R], *, cores: int = 1, wants_gpu: bool = False
    ) -> Iterator[LazyWorkers[_T, _R]]:
        """Workers on every node, for the time of the block; the first item starts them."""
        workers = LazyWorkers(
            lambda: RayWorkers(self.ray, open_function, cores=cores, wants_gpu=wants_gpu)
        )
        try:
            yield workers
        finally:
            workers.close()

    def close(self) -> None:
        """Leave the cluster; end it if it was started here."""
        if self._is_own:
            self.ray.shutdown()
        self._is_over.set()
