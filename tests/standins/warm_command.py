"""`python -m dreambolt_steps` or `python -c` in a process of its own, forked from one that has
imported it all.

An import of DataDreamer takes seconds, and most tests of the command line are not about it. What
imports find in the environment is that of the test process; tests of imports start Python anew.
"""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from tests.standins.warm_process import start_process

_SECONDS = 300


class WarmCommand:
    """A running command; like `subprocess.Popen` with pipes for text.

    Args:
        arguments: those of the command line; or "-c", the code to run, and its arguments.
        folder: where it runs.
        environment: all that it finds in its environment.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]):
        with tempfile.TemporaryDirectory() as pipes:
            out, err = Path(pipes, "out"), Path(pipes, "err")
            os.mkfifo(out)
            os.mkfifo(err)
            told = (list(arguments), str(folder), dict(environment), [str(out), str(err)])
            self._process = start_process(_run_command, *told)
            self.stdout: IO[str] = out.open(encoding="utf-8")
            self.stderr: IO[str] = err.open(encoding="utf-8")

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.exitcode  # type: ignore[no-any-return]

    def wait(self, timeout: float = _SECONDS) -> int:
        """Wait for its end. Returns: the exit code; -9 for a process that was killed."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, "still running"
        return self._process.exitcode  # type: ignore[no-any-return]

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid  # type: ignore[no-any-return]

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self._process.pid, number)

    def communicate(self, timeout: float = _SECONDS) -> tuple[str, str]:
        """Read all it prints, until it ends."""
        with ThreadPoolExecutor() as pool:
            out, err = pool.map(lambda stream: stream.read(), (self.stdout, self.stderr))
        self.returncode = self.wait(timeout)
        return out, err


def run_command(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = WarmCommand(arguments, folder, environment)
    out, err = command.communicate()
    return subprocess.CompletedProcess(arguments, command.returncode, out, err)


def _run_command(
    arguments: list[str], folder: str, environment: dict[str, str], pipes: list[str]
) -> None:
    for number, path in enumerate(pipes, 1):
        os.dup2(os.open(path, os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [str(Path(sys.modules["dreambolt_steps"].__file__ or "", "__main__.py")), *arguments]
    sys.path[0] = folder
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if arguments[:1] == ["-c"]:
            sys.argv = ["-c", *arguments[2:]]
            exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})
        else:
            from dreambolt_steps.cli import main

            main()
    finally:
        sys.stdout.flush()
        atexit._run_exitfuncs()  # multiprocessing leaves them out
