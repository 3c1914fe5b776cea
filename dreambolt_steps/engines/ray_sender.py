"""Requests to a server, sent by the workers of a Ray cluster."""

from __future__ import annotations

from typing import Any

from dreambolt_steps.engines.ray_worker import CallWorker
from dreambolt_steps.llms.openai.server_capabilities import Traits
from dreambolt_steps.llms.outcome import Completion, Trouble
from dreambolt_steps.llms.protocol import Call

_CALLS = 16  # in flight, for each worker


class RaySender:
    """A sender whose requests leave from the cluster's nodes; what is sent when, what is tried
    again and what is written down stays with the one who uses it.

    A request whose worker is lost is one that failed, and is sent again; the worker is replaced.

    Args:
        ray: the module, joined to a cluster.
        sender: that would send them from here; not used yet.
        in_flight: requests under way at a time, at most.
    """

    def __init__(self, ray: Any, sender: Any, in_flight: int) -> None:
        self._ray, self._sender = ray, sender
        self._class = ray.remote(CallWorker).options(
            num_cpus=0, scheduling_strategy="SPREAD", max_concurrency=in_flight
        )
        cores = int(ray.cluster_resources().get("CPU", 0))
        count = max(1, min(cores, max(2, in_flight // _CALLS)))
        self._workers = [self._class.remote(sender) for _ in range(count)]
        self._load = [0] * count

    async def send(self, call: Call, traits: Traits) -> Completion | Trouble:
        """Have one request sent, once, by the worker that has the fewest under way."""
        number = min(range(len(self._load)), key=self._load.__getitem__)
        worker = self._workers[number]
        self._load[number] += 1
        try:
            outcome: Completion | Trouble = await worker.send.remote(call, traits)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None
        except self._ray.exceptions.RayError as error:
            if self._workers[number] is worker:
                self._ray.kill(worker)
                self._workers[number] = self._class.remote(self._sender)
            told = str(error).strip().split("\n")[0][:200]
            return Trouble(f"the worker that sent the request is lost: {told}", transient=True)
        finally:
            self._load[number] -= 1
        return outcome

    async def close(self) -> None:
        """End the workers, and what they wait for."""
        if not self._ray.is_initialized():
            return
        for worker in self._workers:
            self._ray.kill(worker)
