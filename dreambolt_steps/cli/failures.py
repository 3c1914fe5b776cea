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
from dreambolt_steps.secret_text import hide_passwords

FAILED, INTERRUPTED = 1, 130
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
        is_found = found and (not called.exists() or Path(found).samefile(called))
        return "dreambolt" if is_found else _shorten(called)
    if called.name == "cli.py":
        return f"{_shorten(python)} {_shorten(called)}"
    known = shutil.which("python")
    is_known = known is not None and Path(known).parent == python.parent
    return f"{'python' if is_known else _shorten(python)} -m dreambolt_steps"


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
        except Exception as error:
            code = find_exit_code(error)
            if code == INTERRUPTED:
                _stop_interrupted()
            _show_traceback()
            _say(f"error: {describe_failure(error)}")
            sys.exit(code)

    return run  # type: ignore[return-value]


def find_exit_code(error: BaseException) -> int:
    """The exit code of a command that an error ends: docs/command-line.md lists them."""
    if isinstance(error, KeyboardInterrupt) or _interrupted[0]:
        return INTERRUPTED
    return error.exit_code if isinstance(error, DreamboltError) else FAILED


def describe_failure(error: BaseException) -> str:
    """What went wrong, in one line."""
    if isinstance(error, DreamboltError):
        return " ".join(str(error).split("\n"))
    first = (str(error).strip() or type(error).__name__).split("\n")[0]
    return f"unexpected {type(error).__name__}: {first}; --debug shows where"


def show_command() -> str:
    """The command line as it was typed."""
    return shlex.join([*shlex.split(tell_command()), *sys.argv[1:]])


def _stop_interrupted() -> NoReturn:
    kept = "finished steps are kept, the same command resumes: "
    again = show_command()
    resumes = bool(sys.argv[1:]) and sys.argv[1] in _RESUMED
    _say(f"interrupted; {kept}{again}" if resumes else "interrupted")
    sys.exit(INTERRUPTED)


def _show_traceback() -> None:
    if is_debugging():
        _say(traceback.format_exc().rstrip())


def _say(line: str) -> None:
    print(hide_passwords(line), file=sys.stderr, flush=True)
