"""Errors of this package as scripts and notebooks show them: a few lines, not the way through
DataDreamer."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

from dreambolt_steps.secret_text import hide_passwords

WHOLE = "DREAMBOLT_TRACEBACK"
_PACKAGES = {"site-packages", "dist-packages"}
_STANDARD = sysconfig.get_path("stdlib")


def render_failure(error: BaseException) -> list[str]:
    """An error in a few lines: what it is, in which step, and the line of the caller's own code.

    Set DREAMBOLT_TRACEBACK=1 to see the whole traceback.
    """
    if os.environ.get(WHOLE):
        whole = hide_passwords("".join(traceback.format_exception(error)))
        return whole.rstrip("\n").split("\n")
    notes = [f"  {note}" for note in getattr(error, "__notes__", ())]
    place = _find_place(error.__traceback__)
    told = [f"{type(error).__name__}: {error}", *notes, *([f"  {place}"] if place else [])]
    told = [hide_passwords(line) for line in told]
    return [*told, f"  ({WHOLE}=1 in the environment shows the whole traceback)"]


def shorten_errors() -> None:
    """Let a script that ends with an error of this package show it in a few lines; other errors
    are shown as before."""
    from dreambolt_steps.errors import DreamboltError

    before = sys.excepthook
    if getattr(before, "is_short", False):
        return

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, DreamboltError):
            print("\n".join(render_failure(error)), file=sys.stderr, flush=True)
        else:
            before(kind, error, trace)

    show.is_short = True  # type: ignore[attr-defined]
    sys.excepthook = show


def name_step(error: BaseException, step: str) -> None:
    """Note in which step an error came up, unless it says so itself."""
    notes = getattr(error, "__notes__", ())
    if step.partition(" (")[0] not in str(error) and not any("in step " in one for one in notes):
        error.add_note(f"in {step}")


def _find_place(trace: TracebackType | None) -> str | None:
    """The last line on the way to the error that is the caller's own."""
    found = None
    here = Path(__file__).parent
    for frame, number in traceback.walk_tb(trace):
        file = frame.f_code.co_filename
        path = Path(file)
        is_library = path.is_relative_to(here) or path.is_relative_to(_STANDARD)
        if not is_library and not set(path.parts) & _PACKAGES and not file.startswith("<frozen"):
            found = (file, number, frame.f_globals)
    if found is None:
        return None
    file, number, names = found
    line = linecache.getline(file, number, names).strip()
    place = f"at {_name_file(file)}, line {number}"
    return f"{place}: {line}" if line else place


def _name_file(file: str) -> str:
    """A file as its reader knows it: cells of a notebook lie in files that nobody has seen."""
    is_cell = "ipykernel_" in file or file.startswith("<ipython-input")
    path = Path(file)
    if is_cell:
        return "this cell"
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
