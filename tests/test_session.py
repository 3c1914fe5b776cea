"""The session's lock, between real processes."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import datasets
import pytest
import transformers

from dreambolt_steps import open_session
from dreambolt_steps.errors import SessionLockedError, UsageError
from dreambolt_steps.log import LoggingReporter, report_to
from tests.conftest import ROOT
from tests.standins.warm_command import WarmCommand

HOLD = """
import sys, time
from dreambolt_steps import open_session
with open_session(sys.argv[1]):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold_session(folder: Path, seconds: float) -> WarmCommand:
    child = WarmCommand(["-c", HOLD, str(folder), str(seconds)], ROOT, os.environ)
    assert child.stdout.readline() == "held\n"
    return child


class Listener(LoggingReporter):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, message: str, level: int = 20) -> None:
        self.lines.append(message)


def test_a_second_process_is_told_who_holds_the_session_and_waits(tmp_path: Path) -> None:
    child = hold_session(tmp_path, 2)
    listener = Listener()
    with report_to(listener), open_session(tmp_path):
        assert child.wait(timeout=240) == 0
    assert len(listener.lines) == 1
    assert f"in use by process {child.pid} on" in listener.lines[0]


def test_waiting_ends_with_a_transient_error(tmp_path: Path) -> None:
    child = hold_session(tmp_path, 60)
    try:
        with (
            pytest.raises(SessionLockedError, match=rf"still in use by process {child.pid}"),
            open_session(tmp_path, wait=0.2),
        ):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_killed_holder_leaves_the_session_free(tmp_path: Path) -> None:
    child = hold_session(tmp_path, 60)
    child.kill()
    child.wait()
    with open_session(tmp_path, wait=0.2):
        pass


def test_a_file_is_no_session(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UsageError, match="is a file; name a folder"), open_session(file):
        pass


def test_a_failed_block_frees_session_and_context(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), open_session(tmp_path):
        raise RuntimeError
    with open_session(tmp_path, wait=0):
        pass


@pytest.mark.parametrize("library", ["Datasets", "Transformers"])
def test_progress_bars_of_libraries_are_named_as_in_a_plain_session(
    tmp_path: Path, library: str
) -> None:
    from datadreamer import DataDreamer

    kinds = {"Datasets": datasets.utils.tqdm, "Transformers": transformers.utils.logging.tqdm}

    def make_bar(session: Any) -> str:
        with session:
            datasets.enable_progress_bars()
            transformers.utils.logging.enable_progress_bar()
            return str(kinds[library](range(3), file=io.StringIO()).bar_format)

    plain = make_bar(DataDreamer(str(tmp_path / "plain"), verbose=False))
    assert f" {library}] " in plain
    assert make_bar(open_session(tmp_path / "ours")) == plain
