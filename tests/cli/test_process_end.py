"""How the program ends: nothing is left unwritten, and nothing is taken apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import atexit, os, sys, threading, time
from dreambolt_steps.cli.process_end import end_process

class Big:
    def __del__(self, write=os.write):
        write(2, b"freed")

kept = Big()
kept.itself = kept

def finish():
    time.sleep(0.05)
    print("from a thread")

def run():
    atexit.register(lambda: print("at the exit"))
    threading.Thread(target=finish).start()
    print("from the program")
    {end}

{before}
end_process(run)
"""


def _run(folder: Path, end: str, before: str = "") -> subprocess.CompletedProcess[str]:
    program = _PROGRAM.format(end=end, before=before)
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(Path(__file__).parent.parent.parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("end", "code", "error"),
    [
        ("pass", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit(None)", 0, ""),
        ("sys.exit('told at the end')", 1, "told at the end"),
        ("raise ValueError('a fault')", 1, "ValueError: a fault"),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
    ],
)
def test_all_is_written_and_nothing_freed(end: str, code: int, error: str, tmp_path: Path) -> None:
    done = _run(tmp_path, end)
    assert (done.returncode, error in done.stderr) == (code, True), done.stderr
    assert done.stdout.splitlines() == ["from the program", "from a thread", "at the exit"]
    assert "freed" not in done.stderr


def test_a_profiler_gets_an_ordinary_end(tmp_path: Path) -> None:
    done = _run(tmp_path, "sys.exit(3)", "sys.setprofile(lambda *args: None)")
    assert done.returncode == 3
    assert done.stdout.splitlines() == ["from the program", "from a thread", "at the exit"]
    assert done.stderr == "freed"


def test_a_closed_stdout_is_no_traceback(tmp_path: Path) -> None:
    done = _run(tmp_path, "sys.stdout.close()")
    assert done.returncode == 120
