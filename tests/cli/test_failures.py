from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dreambolt_steps.cli import failures
from dreambolt_steps.cli.failures import report_failures, take_debug_flag, tell_command
from dreambolt_steps.errors import RecipeError, SourceError, WarehouseError
from tests.cli.conftest import Run
from tests.conftest import ROOT
from tests.standins.warm_command import WarmCommand, run_command

SLOW = '''
import os, time
from pathlib import Path
import pyarrow as pa
from dreambolt_steps import LoadTable, columns
from dreambolt_steps.steps.base.table_step import TableStep

class Linger(TableStep):
    """Waits in its first run, until somebody interrupts it."""
    def setup(self):
        self.register_arg("flag")
    def run(self):
        flag = Path(self.args["flag"])
        if not flag.exists():
            flag.write_text(str(os.getpid()))
            time.sleep(120)
        self.receipt.rows_in = self.table.num_rows
        return self.store(self.table.open_reader())

def recipe(source: str = "cups.csv", flag: str = "flag"):
    raw = LoadTable("load", args={"source": source})
    Linger("linger", inputs=columns(raw), args={"flag": flag})
'''


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_exits_with_130_and_the_command_it_names_resumes(
    cups: Path, tmp_path: Path, number: int
) -> None:
    (tmp_path / "slow recipe.py").write_text(SLOW)
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    child = WarmCommand(["run", "slow recipe.py"], tmp_path, env)
    while not (tmp_path / "flag").exists() and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(number)
    _, told = child.communicate()
    assert child.returncode == 130, told
    assert told.startswith("interrupted; finished steps are kept, the same command resumes: ")
    again = shlex.split(told.strip().split("resumes: ")[1])
    assert again[0] in (sys.executable, "python")  # the latter where a shell finds this one by it
    assert again[1:] == ["-m", "dreambolt_steps", "run", "slow recipe.py"]
    done = run_command(again[3:], tmp_path, env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert lines[0].startswith("load: 3 rows in")
    assert lines[0].endswith("from the cache")
    assert lines[1].startswith("linger: 3 rows in, 0 rejected, 3 out")
    assert "from the cache" not in lines[1]


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SourceError("x.csv: no such file"), 1, "error: x.csv: no such file"),
        (RecipeError("--set a: unknown"), 2, "error: --set a: unknown"),
        (WarehouseError("one\ntwo"), 1, "error: one two"),
        (
            ZeroDivisionError("division by zero"),
            1,
            "error: unexpected ZeroDivisionError: division by zero; --debug shows where",
        ),
        (AssertionError(), 1, "error: unexpected AssertionError: AssertionError; --debug"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_failure_is_one_line_and_an_exit_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["dreambolt", "query", "x"])

    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        report_failures(fail)()
    assert caught.value.code == code
    told = capsys.readouterr().err
    assert told.startswith(line)
    assert told.count("\n") == 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Signals watched as the command line does, with a command that resumes."""
    monkeypatch.setattr(sys, "argv", ["dreambolt", "ingest", "a b.csv"])
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(failures, "_interrupted", [False])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    failures.watch_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("watched")
def test_a_library_that_wraps_an_interrupt_still_exits_with_130(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def wrap() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt as error:
            raise RuntimeError("Query interrupted") from error

    with pytest.raises(SystemExit) as caught:
        report_failures(wrap)()
    assert caught.value.code == 130
    assert capsys.readouterr().err.strip().endswith("ingest 'a b.csv'")


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_comes_while_an_object_is_dropped_still_ends_the_command(
    capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    class Dropped:
        def __del__(self) -> None:
            signal.raise_signal(number)

    def linger() -> None:
        Dropped()
        time.sleep(30)

    with pytest.raises(SystemExit) as caught:
        report_failures(linger)()
    assert caught.value.code == 130
    told = capsys.readouterr().err
    assert told.startswith("interrupted; ")
    assert told.count("\n") == 1


@pytest.mark.usefixtures("watched")
def test_what_else_python_drops_is_shown_as_ever() -> None:
    shown: list[object] = []
    sys.unraisablehook = lambda dropped: shown.append(dropped.exc_value)
    failures.watch_signals()

    class Dropped:
        def __del__(self) -> None:
            raise ValueError("said by a library")

    Dropped()
    assert [str(error) for error in shown] == ["said by a library"]


def test_debug_shows_where_it_happened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "_debug", [False])

    def fail() -> None:
        raise SourceError("x.csv: no such file")

    assert take_debug_flag(["run", "--debug", "x.py"]) == ["run", "x.py"]
    with pytest.raises(SystemExit):
        report_failures(fail)()
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.endswith("\nerror: x.csv: no such file\n")


def test_a_closed_pipe_is_no_error(dreambolt: Run, cups: Path, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    child = subprocess.Popen(
        [sys.executable, "-m", "dreambolt_steps", "ingest", "cups.csv", "--json-logs"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(timeout=240) == 1


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        ("bin/dreambolt", "bin/dreambolt"),
        ("cli.py", f"{sys.executable} cli.py"),
        ("x/dreambolt_steps/__main__.py", f"{sys.executable} -m dreambolt_steps"),
    ],
)
def test_the_program_is_named_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called])
    monkeypatch.setenv("PATH", "")
    assert tell_command() == expected


def test_a_python_that_the_shell_finds_is_called_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x/dreambolt_steps/__main__.py"])
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert tell_command() == "python -m dreambolt_steps"


def test_the_installed_program_is_named_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dreambolt"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(program)])
    assert tell_command() == "dreambolt"
