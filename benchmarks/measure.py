"""Runs a contender in a process of its own and reads what it says of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Measurement:
    """Median of several runs.

    Args:
        seconds: of work, imports not counted.
        peak_mb: resident memory above that after the imports, MiB.
    """

    seconds: float
    peak_mb: float


def measure_contender(
    name: str, *args: str, runs: int = 3, module: str = "benchmarks.contenders"
) -> Measurement:
    """Run `python -m MODULE NAME ARGS` several times.

    Returns: the median of its seconds and of its peak memory.
    """
    found = []
    for _ in range(runs):
        command = [sys.executable, "-m", module, name, *args]
        env = os.environ | {
            "HF_HUB_OFFLINE": "1",
            "DO_NOT_TRACK": "1",
            "RUNTIME__DLTHUB_TELEMETRY": "0",
        }
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return Measurement(
        median(run["seconds"] for run in found), median(run["peak_mb"] for run in found)
    )


def measure_command(command: list[str], runs: int = 5) -> float:
    """Median wall-clock seconds of a command, the interpreter's start included."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def report_work(work: Callable[[], object]) -> None:
    """Run `work` in this process and print its seconds and its peak memory as JSON.

    The kernel's high-water mark of resident memory is reset first (Linux), so that imports do not
    count.
    """
    Path("/proc/self/clear_refs").write_text("5")
    before = _read_status("VmRSS")
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    peak = _read_status("VmHWM") - before
    print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024}))


def _read_status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    raise KeyError(key)
