"""How commands end: one line and an exit code for every failure, and how to go on after Ctrl-C."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from dreambolt_steps.errors import DreamboltError

INTERRUPTED = 130
_AGAIN_SECONDS = 0.02  # long enough for what dropped it to end
_debug = [False]
_interrupted = [False]
_RESUMED = ("run", "ingest")
Command = TypeVar("Command", bound=Callable[..., Any])


def take_debug_flag(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--debug`, which is remembered."""
    _debug[0] = "--debug" in arguments
    return [argument for argument in arguments if argument != "--debug"]


def is_debugging() -> bool:
    """Whether `--debug` was given."""
    return _debug[0]


def watch_signals() -> None:
    """Let SIGTERM end a run as Ctrl-C does, and remember that one of them came.

    A library that is interrupted may raise an error of its own (DuckDB: "Query interrupted").
    Python 3.11 drops what is raised inside the callback of a weak reference or a `__del__`, also
    the interruption; it is sent again then.
    """

    def interrupt(number: int, frame: object) -> NoReturn:
        _interrupted[0] = True
        raise KeyboardInterrupt

    def interrupt_again(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
            again.daemon = True  # a program that ends meanwhile does not wait for it
            again.start()
        else:
            show(dropped)

    show, sys.unraisablehook = sys.unraisablehook, interrupt_again
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)


def tell_command() -> str:
    """How this program was called: `dreambolt`, or `python -m dreambolt_steps` with its path."""
    called, python = Path(sys.argv[0]), Path(sys.executable)
    if called.name == "dreambolt":
        found = shutil.which("dreambolt")
        return "dreambolt" if found and Path(found).samefile(called) else _shorten(called)
    if called.name == "cli.py":
        return f"{_shorten(python)} {_shorten(called)}"
    return f"{_shorten(python)} -m dreambolt_steps"


def _shorten(path: Path) -> str:
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def report_failures(command: Command) -> Command:
    """Turn what a command raises into one line on stderr and an exit code.

    0 done, 1 the run failed, 2 wrong usage, 130 interrupted.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        from dreambolt_steps.settings import load_environment

        try:
            load_environment()
            command(*args, **kwargs)
        except KeyboardInterrupt:
            _stop_interrupted()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except DreamboltError as error:
            if _interrupted[0]:
                _stop_interrupted()
            _show_traceback()
            _say("error: " + " ".join(str(error).split("\n")))
            sys.exit(error.exit_code)
        except Exception as error:
            if _interrupted[0]:
                _stop_interrupted()
            _show_traceback()
            first = (str(error).strip() or type(error).__name__).split("\n")[0]
            _say(f"error: unexpected {type(error).__name__}: {first}; --debug shows where")
            sys.exit(1)

    return run  # type: ignore[return-value]


def _stop_interrupted() -> NoReturn:
    kept = "finished steps are kept, the same command resumes: "
    again = f"{tell_command()} {shlex.join(sys.argv[1:])}"
    resumes = bool(sys.argv[1:]) and sys.argv[1] in _RESUMED
    _say(f"interrupted; {kept}{again}" if resumes else "interrupted")
    sys.exit(INTERRUPTED)


def _show_traceback() -> None:
    if is_debugging():
        traceback.print_exc()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
