"""A real Ray cluster on 127.0.0.1: a head without cores, and two nodes of one core each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from dreambolt_steps.engines.current import use_engine

_STORE = 200 * 2**20


@pytest.fixture(scope="package")
def cluster() -> Iterator[Any]:
    """The cluster; gone before other tests, which its dozen processes would slow down."""
    if find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    with pytest.MonkeyPatch.context() as patch:
        # Ray reads this one when it is imported: it keeps to 127.0.0.1 then.
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": _STORE}
        started = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(2):
            started.add_node(num_cpus=1, object_store_memory=_STORE)
        yield started
        started.shutdown()


@pytest.fixture
def ray_engine(cluster: Any) -> Iterator[Any]:
    """The engine, joined to the cluster."""
    with use_engine("ray", cluster.address) as engine:
        yield engine


def list_workers(name: str = "FunctionWorker") -> list[int]:
    """Process ids of the workers of a kind that this user runs below this process."""
    import psutil

    found = []
    for child in psutil.Process(os.getpid()).children(recursive=True):
        try:
            if child.cmdline()[0].startswith(f"ray::{name}"):
                found.append(child.pid)
        except (psutil.Error, IndexError):
            continue
    return found
