"""The end of the program: as Python ends one, but without taking a million objects apart."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from dreambolt_steps.cli.failures import INTERRUPTED

_UNWRITTEN = 120  # the exit code of Python where a standard stream can't be flushed


def end_process(run: Callable[[], object]) -> None:
    """Run the program, and end the process with its exit code.

    Threads are waited for, what is registered to run at the exit is run, and standard streams are
    flushed, in Python's order; then the process ends at once. Python would free every module and
    object first, 1.2 s with torch, though all that lies on disk is closed by then. A debugger, a
    profiler and `python -i` are left their ordinary end.
    """
    code = _find_exit_code(run)
    if sys.flags.interactive or sys.gettrace() or sys.getprofile():
        sys.exit(code)
    _end(code)


def _find_exit_code(run: Callable[[], object]) -> int:
    try:
        run()
    except SystemExit as told:
        if told.code is None or isinstance(told.code, int):
            return told.code or 0
        print(told.code, file=sys.stderr)
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _end(code: int) -> NoReturn:
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # a closed pipe, a closed stream, none at all
            code = code or _UNWRITTEN
    os._exit(code)
