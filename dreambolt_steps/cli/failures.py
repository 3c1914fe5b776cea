"""How commands end: one line and an exit code for every failure, and how to go on after Ctrl-C."""

from __future__ import annotations

import functools
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from dreambolt_steps.errors import DreamboltError

INTERRUPTED = 130
_debug = [False]
Command = TypeVar("Command", bound=Callable[..., Any])


def take_debug_flag(arguments: Sequence[str]) -> list[str]:
    """The arguments without `--debug`, which is remembered."""
    _debug[0] = "--debug" in arguments
    return [argument for argument in arguments if argument != "--debug"]


def is_debugging() -> bool:
    """Whether `--debug` was given."""
    return _debug[0]


def stop_like_interrupt() -> None:
    """Let SIGTERM end a run as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def tell_command() -> str:
    """How this program was called: `dreambolt`, or `python -m dreambolt_steps` with its path."""
    if Path(sys.argv[0]).name in ("dreambolt", "cli.py"):
        return shlex.quote(os.path.relpath(sys.argv[0])) if os.sep in sys.argv[0] else sys.argv[0]
    python = Path(sys.executable)
    here = Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    return f"{shlex.quote(str(shown))} -m dreambolt_steps"


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
            again = f"{tell_command()} {shlex.join(sys.argv[1:])}"
            _say(f"interrupted; finished steps are kept, the same command resumes: {again}")
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except DreamboltError as error:
            _show_traceback()
            _say("error: " + " ".join(str(error).split("\n")))
            sys.exit(error.exit_code)
        except Exception as error:
            _show_traceback()
            first = (str(error).strip() or type(error).__name__).split("\n")[0]
            _say(f"error: unexpected {type(error).__name__}: {first}; --debug shows where")
            sys.exit(1)

    return run  # type: ignore[return-value]


def _show_traceback() -> None:
    if is_debugging():
        traceback.print_exc()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
