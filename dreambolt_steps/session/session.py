"""Opening a DataDreamer session: one process at a time, healed, with steps run afresh on
request."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from traceback import walk_stack
from types import FrameType, SimpleNamespace
from typing import Any

from filelock import FileLock, Timeout

from dreambolt_steps.engines.current import use_engine
from dreambolt_steps.errors import ExportError, SessionLockedError, UnknownNameError, UsageError
from dreambolt_steps.local_path import read_local_path
from dreambolt_steps.log import begin_run, current_reporter
from dreambolt_steps.report.run import report_run
from dreambolt_steps.session.commits import commit_when_done
from dreambolt_steps.session.session_store import heal_session
from dreambolt_steps.session.watch_session import watch_session
from dreambolt_steps.tracebacks import shorten_errors
from dreambolt_steps.unknown_names import tell_known

_LOCK = ".session.lock"
_OWNER = ".session.owner.json"


@contextmanager
def open_session(
    folder: str | Path,
    *,
    fresh: str | Collection[str] = (),
    wait: float | None = None,
    verbose: bool = False,
    quiet: bool = False,
    engine: str | None = None,
    address: str | None = None,
) -> Iterator[Any]:
    """Open a DataDreamer session in `folder` for this process alone.

    Steps killed in mid-write are healed first. Inside the block any DataDreamer step works as in a
    plain `with DataDreamer(...)`. At its end `report.html` is written into the folder.

    Args:
        folder: the session's folder; made if missing.
        fresh: name or names of steps to run again even if their result is cached; the steps below
            them run again too.
        wait: seconds to wait for another process that has the session open; None waits as long as
            it takes.
        verbose: let DataDreamer print its own log lines.
        quiet: print nothing of the steps; by default a script prints a line a step, and one that
            sums up, to stderr, and a notebook shows them below the cell, with a bar. Where the
            standard logger `dreambolt` has a handler for INFO, it gets the lines instead.
        engine: where steps do their work: local (in this process), or ray (on a Ray cluster, which
            needs the extra `ray`); default the one of `use_engine`, else local.
        address: of a running Ray cluster, HOST:PORT or auto; default one of this machine's cores.

    Yields: the `DataDreamer` object.

    Raises:
        SessionLockedError: another process still holds the session after `wait` seconds.
        UsageError: the folder can't be made, or is a file; a step named in `fresh` was not part of
            the run; an engine that is unknown or not installed.
        EngineError: no cluster answers at the address.

    Example:
        >>> with open_session("sessions/players"):  # doctest: +SKIP
        ...     LoadTable("load", args={"source": "players.csv"})
    """
    path = read_local_path(folder, "a session")
    is_told = engine is not None or address is not None
    chosen = use_engine(engine or "local", address) if is_told else nullcontext()
    shorten_errors()
    with begin_run(), watch_session(path, quiet=quiet), chosen, _hold(_make_folder(path), wait):
        heal_session(path)
        from dreambolt_steps.session.fast_import import import_datadreamer

        datadreamer = import_datadreamer()
        session = datadreamer.DataDreamer(str(path), verbose=None if verbose else False)
        # Nothing of a failed step may stay in memory for the process's next session: __exit__ runs
        # in any case.
        with (
            commit_when_done(),
            _find_callers_quickly(),
            session,
            _force_fresh(
                datadreamer.DataDreamer, {fresh} if isinstance(fresh, str) else set(fresh)
            ),
            report_run(path, lambda: list(datadreamer.DataDreamer.ctx.steps)),
        ):
            yield session


def _make_folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise UsageError(f"session {path} is a file; name a folder") from error
    except OSError as error:
        raise UsageError(f"session {path} can't be made: {error.strerror}") from error
    return path


@contextmanager
def _hold(path: Path, wait: float | None) -> Iterator[None]:
    """Hold the session's lock, or tell who does and wait."""
    lock = FileLock(path / _LOCK)
    owner = path / _OWNER
    try:
        lock.acquire(timeout=0)
    except Timeout:
        told = _describe_owner(owner)
        current_reporter().say(f"session {path} is in use by {told}; waiting", logging.WARNING)
        try:
            lock.acquire(timeout=-1 if wait is None else wait)
        except Timeout as error:
            raise SessionLockedError(
                f"session {path} is still in use by {told} after {wait:g} s; "
                "let it finish, stop it, or name another --session"
            ) from error
    except PermissionError as error:
        raise ExportError(f"session {path} is not writable; choose another --session") from error
    try:
        owner.write_text(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()})
        )
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _describe_owner(owner: Path) -> str:
    try:
        found = json.loads(owner.read_text())
        since = time.strftime("%H:%M:%S", time.localtime(found["since"]))
        return f"process {found['pid']} on {found['host']} since {since}"
    except (OSError, ValueError, KeyError):
        return "another process"


@contextmanager
def _find_callers_quickly() -> Iterator[None]:
    """Let DataDreamer find the maker of a progress bar without a look at source files.

    Version 0.46.0 calls `inspect.stack()` twice a frame for each bar: also for hidden ones, of
    which `datasets` makes one for each table it opens. That is 0.1 s in a command, and more in a
    process with many modules and a deep stack.
    """
    module: Any = sys.modules["datadreamer.datadreamer"]
    before = module.inspect
    module.inspect = SimpleNamespace(stack=_list_frames, getmodule=_name_module)
    try:
        yield
    finally:
        module.inspect = before


def _list_frames() -> list[tuple[FrameType, int]]:
    """As `inspect.stack()`, but with the frames and their lines alone."""
    return list(walk_stack(sys._getframe(1)))


def _name_module(frame: FrameType) -> SimpleNamespace:
    """As `inspect.getmodule(frame)`, but with the name alone."""
    return SimpleNamespace(__name__=frame.f_globals.get("__name__", ""))


@contextmanager
def _force_fresh(session_class: Any, names: set[str]) -> Iterator[None]:
    """Run the named steps, and every step below them, again.

    DataDreamer 0.46.0 knows `force` only per step, and does not pass it on: a step below a forced
    one keeps its cached result, since its fingerprint has not changed. `_start_step` is called
    once for every step, after its inputs were checked and before the cache is looked at.
    """
    if not names:
        yield
        return
    start_step = session_class._start_step
    forced: list[Any] = []
    seen: set[str] = set()

    def start_forced(step: Any) -> None:
        start_step(step)
        seen.add(step.name)
        upstream = [column.step for column in getattr(step, "inputs", {}).values() if column]
        if step.name in names or any(one is other for one in upstream for other in forced):
            step.force = True
            forced.append(step)

    session_class._start_step = staticmethod(start_forced)
    try:
        yield
    finally:
        session_class._start_step = staticmethod(start_step)
    unknown = names - seen
    if unknown:
        name = min(unknown)
        raise UnknownNameError(
            f"--fresh {name}: no step of this run; {tell_known(name, sorted(seen))}"
        )
