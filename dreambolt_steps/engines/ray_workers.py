"""Workers of a Ray cluster, and the items that are under way to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dreambolt_steps.engines.engine import OpenFunction
from dreambolt_steps.engines.ray_worker import FunctionWorker, pack, unpack
from dreambolt_steps.errors import EngineError

_T = TypeVar("_T")
_R = TypeVar("_R")

TRIES = 4  # of an item whose worker dies, and of starting a worker
_QUEUED = 2  # items that a worker has: one at work, and one to go on with
_AHEAD = 3  # items taken from the source and not handed on yet, for each worker
_AHEAD_BYTES = 1 << 30  # of these items, where they are large
_PATIENCE = 120.0  # seconds for a worker to be up


@dataclass(eq=False)
class _Task:
    """An item on its way: what became of it is in `value` or `error`."""

    item: Any
    size: int
    worker: int = -1
    deaths: int = 0
    value: Any = None
    error: Exception | None = None
    is_done: bool = False


class RayWorkers(Generic[_T, _R]):
    """`Workers` that are actors of a Ray cluster: as many as there is room for, started as there
    are items for them.

    A worker that is lost, with its node or alone, is replaced by a new one, and what it had is done
    again by another. An item that was at work when four workers died is given up. Ray's own
    retries are not used: while a dead node is not known to be dead, they are over in a moment.

    Args:
        ray: the module, joined to a cluster.
        open_function: makes the function ready.
        cores: of each; on a cluster of smaller nodes those of the largest one.
        wants_gpu: whether each takes a GPU, if the cluster has any.

    Raises: EngineError for a cluster without cores.
    """

    def __init__(
        self, ray: Any, open_function: OpenFunction[_T, _R], *, cores: int, wants_gpu: bool
    ) -> None:
        self._ray, self._open = ray, open_function
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        largest = int(max((node.get("CPU", 0) for node in nodes), default=0))
        if not largest:
            raise EngineError("the Ray cluster has no core for a worker; add a node to it")
        cores = min(cores, largest)
        gpus = int(sum(node.get("GPU", 0) for node in nodes)) if wants_gpu else 0
        self.most = gpus or sum(int(node.get("CPU", 0)) // cores for node in nodes)
        self._class = ray.remote(FunctionWorker).options(
            num_cpus=1 if gpus else cores,
            num_gpus=1 if gpus else 0,
            scheduling_strategy="SPREAD",
        )
        self._workers: dict[int, Any] = {}
        self._load: dict[int, int] = {}  # items of each worker that is up
        self._starting: dict[Any, int] = {}  # the answer that is waited for -> worker
        self._at: dict[Any, _Task] = {}  # the result that is waited for -> its item
        self._made = self._failed = 0

    def map(self, items: Iterable[_T]) -> Iterator[_R]:
        """The results, in the items' order; at most three items a worker are taken ahead, and
        about 1 GiB."""
        source = iter(items)
        room, size, is_over = _AHEAD * self.most, 0, False
        tasks: deque[_Task] = deque()  # in the items' order
        waiting: deque[_Task] = deque()  # for a worker
        while True:
            self._notice(0.0, waiting)
            has_room = len(tasks) < room and size < _AHEAD_BYTES
            if has_room and not is_over:
                try:
                    item = next(source)
                    task = _Task(pack(item), getattr(item, "nbytes", 0))
                    tasks.append(task)
                    waiting.append(task)
                    size += task.size
                except StopIteration:
                    is_over = True
            self._start(len(waiting) + len(self._at))
            while waiting and (number := self._choose()) is not None:
                self._hand_over(waiting.popleft(), number)
            if tasks and tasks[0].is_done:
                done = tasks.popleft()
                size -= done.size
                if done.error is not None:
                    raise done.error
                yield done.value
            elif is_over or not has_room:
                if not tasks:
                    return
                self._wait(waiting)

    def close(self) -> None:
        """End the workers, whatever they do; once the cluster is left they are gone."""
        if not self._ray.is_initialized():  # Ray would start a new cluster to look for them
            return
        for worker in self._workers.values():
            self._ray.kill(worker)
        self._workers.clear()

    def _start(self, wanted: int) -> None:
        """Start as many workers as there are items, and cores."""
        while len(self._workers) < min(self.most, wanted):
            worker = self._class.remote(self._open)
            self._workers[self._made] = worker
            self._starting[worker.answer.remote()] = self._made
            self._made += 1

    def _choose(self) -> int | None:
        """The worker that is up and has the fewest items, if it has room for one."""
        number = min(self._load, key=self._load.__getitem__, default=None)
        return None if number is None or self._load[number] >= _QUEUED else number

    def _hand_over(self, task: _Task, number: int) -> None:
        task.worker = number
        self._load[number] += 1
        self._at[self._workers[number].run.remote(task.item)] = task

    def _wait(self, waiting: deque[_Task]) -> None:
        """Wait until something is done.

        Raises: EngineError when there is nobody to wait for.
        """
        while not self._notice(_PATIENCE, waiting):
            cores = self._ray.cluster_resources().get("CPU", 0)
            if not self._load or not cores:
                raise EngineError(
                    f"no worker of the Ray cluster is up after {_PATIENCE:g} s; it has {cores:g} "
                    "cores, and other work may hold them: add nodes, or run the same again later"
                )

    def _notice(self, timeout: float, waiting: deque[_Task]) -> bool:
        """Take note of what is done; what was lost with its worker waits again, before the others.

        Returns: whether anything was, or nothing is under way.
        """
        under_way = [*self._at, *self._starting]
        if not under_way:
            return True
        done, _ = self._ray.wait(under_way, timeout=timeout, num_returns=1)
        for one in done:
            if one in self._starting:
                self._welcome(one)
            elif one in self._at and not self._settle(one):
                waiting.extendleft(reversed(self._bury(self._at[one].worker)))
        return bool(done)

    def _welcome(self, answer: Any) -> None:
        """A worker is up, or could not be started."""
        number = self._starting.pop(answer)
        try:
            self._ray.get(answer)
            self._load[number] = 0
        except self._ray.exceptions.RayError as error:
            del self._workers[number]
            self._failed += 1
            if self._failed == TRIES:
                raise EngineError(
                    f"workers of the Ray cluster can't be started: {_shorten(error)}; its nodes "
                    "need dreambolt-steps, as it is installed here"
                ) from error

    def _settle(self, result: Any) -> bool:
        """Keep what became of an item. Returns: whether anything did; else its worker is lost."""
        task, errors = self._at[result], self._ray.exceptions
        try:
            task.value = unpack(self._ray.get(result, timeout=0))
        except errors.RayTaskError as error:
            cause = error.cause
            task.error = cause if isinstance(cause, Exception) else EngineError(_shorten(error))
        except (errors.RayError, TimeoutError):
            return False
        task.is_done, task.item = True, None
        del self._at[result]
        self._load[task.worker] -= 1
        return True

    def _bury(self, number: int) -> list[_Task]:
        """Give a worker up. Returns: what it had, in order."""
        self._ray.kill(self._workers.pop(number))
        lost = []
        for result, task in list(self._at.items()):
            if task.worker == number and not self._settle(result):
                del self._at[result]
                lost.append(task)
        del self._load[number]
        if lost:  # the first one was at work
            lost[0].deaths += 1
            if lost[0].deaths == TRIES:
                failed = lost.pop(0)
                failed.is_done = True
                failed.error = EngineError(
                    f"{TRIES} workers of the Ray cluster died over the same batch; it may need "
                    "more memory than they have: what was finished before is kept"
                )
        return lost


def _shorten(error: Exception) -> str:
    """The last line of what Ray tells, which says what is wrong."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
