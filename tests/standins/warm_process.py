"""Child processes that need not import DataDreamer again: forked from one that has done so.

Python keeps one fork server a process, whatever context asks for it: what it imports beforehand is
told here and nowhere else.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from typing import Any

_SECONDS = 240
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.standins.warm_imports"])


def start_process(target: Callable[..., None], *args: Any) -> Any:
    """Start a function of a module in a process of its own."""
    process = _context.Process(target=target, args=args, daemon=True)
    process.start()
    return process


def finish_process(target: Callable[..., None], *args: Any) -> None:
    """Run a function to its end in a process of its own."""
    process = start_process(target, *args)
    process.join(_SECONDS)
    assert process.exitcode == 0


def kill_when(process: Any, is_time: Callable[[], bool]) -> bool:
    """Kill a process with SIGKILL as soon as a condition holds; False if it ended before."""
    deadline = time.monotonic() + _SECONDS
    while not is_time():
        if process.exitcode is not None:
            return False
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.join(_SECONDS)
    return process.exitcode == -signal.SIGKILL
