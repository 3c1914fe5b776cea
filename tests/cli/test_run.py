from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app
from tests.cli.conftest import Run

RECIPE = """
import pyarrow as pa
from dreambolt_steps import CleanTable, ExportParquet, LoadTable, columns
from dreambolt_steps.steps.base.table_step import TableStep

class AddOne(TableStep):
    def setup(self):
        self.register_arg("column")
    def run(self):
        self.receipt.rows_in = self.table.num_rows
        table = self.table.open_reader().read_all()
        at = table.schema.get_field_index(self.args["column"])
        more = pa.compute.add(table.column(at), 1)
        return self.store(table.set_column(at, self.args["column"], more).to_reader())

def recipe(source: str = "cups.csv", column: str = "year", fail: bool = False):
    raw = LoadTable("load [raw]", args={"source": source})
    clean = CleanTable("clean", inputs=columns(raw))
    more = AddOne("add", inputs=columns(clean), args={"column": column})
    if fail:
        raise ValueError(f"no luck with {source}")
    ExportParquet("export", inputs=columns(more.take(2)), args={"path": "out"})
"""


@pytest.fixture(autouse=True)
def recipe(cups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plus.py").write_text(RECIPE)


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, list(arguments))


def list_files() -> set[str]:
    return {str(path) for path in Path().rglob("*") if "__pycache__" not in path.parts}


def test_a_recipe_with_steps_of_its_own_runs_and_resumes() -> None:
    first = call("run", "plus.py")
    assert first.exit_code == 0, first.stderr
    lines = first.stdout.split("\n")
    assert [line.split(":")[0] for line in lines[:4]] == ["load [raw]", "clean", "add", "export"]
    assert "3 read - 0 rejected -1 by other steps = 2 written" in lines
    assert "session: sessions/plus" in lines
    assert any(line.startswith("file: out/part-00000") for line in lines)
    second = call("run", "plus.py")
    assert second.stdout.count("from the cache") == 8


def test_only_what_depends_on_a_changed_setting_runs_again() -> None:
    call("run", "plus.py")
    Path("cups.csv").write_text("Year,Won\n1930,4\n1934,5\n")
    call("run", "plus.py")
    lines = call("run", "plus.py", "--set", "column=won").stdout.split("\n")[:4]
    assert ["from the cache" in line for line in lines] == [True, True, False, False]


def test_the_text_of_a_recipe_is_no_part_of_its_fingerprints() -> None:
    call("run", "plus.py")
    Path("plus.py").write_text("# more words\n" + RECIPE)
    assert call("run", "plus.py").stdout.count("from the cache") == 8


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "gone.py"], 2, "gone.py: no such recipe"),
        (["run", "plus.py", "--set", "colum=year"], 2, "did you mean 'column'?"),
        (["run", "plus.py", "--set", "fail=perhaps"], 2, "write true or false"),
        (["run", "plus.py", "--set", "fail=yes"], 1, "plus.py:21: ValueError: no luck with cups"),
        (["run", "plus.py", "--set", "column=code"], 1, "plus.py:13: ArrowNotImplementedError"),
        (["run", "plus.py", "--set", "source=gone.csv"], 2, "gone.csv: no such file"),
        (["run", "plus.py", "--session", "cups.csv"], 2, "is a file; name a folder"),
        (["run", "broken.py"], 2, "broken.py:1: syntax error"),
        (["preview", "plus.py", "--set", "fail=1"], 1, "plus.py:21: ValueError"),
        (["preview", "gone.csv"], 2, "gone.csv: no such file"),
        (["preview", "broken.py"], 2, "broken.py:1: syntax error"),
        (["inspect", "gone.csv"], 2, "gone.csv: no such file"),
    ],
)
def test_every_mistake_is_one_line(arguments: list[str], code: int, words: str) -> None:
    Path("broken.py").write_text("def recipe(:\n")
    done = call(*arguments)
    assert done.exit_code == code
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not Path("out").exists()


def test_quiet_runs_print_nothing() -> None:
    done = call("run", "plus.py", "--quiet")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert Path("out").is_dir()


def test_a_preview_of_a_recipe_shows_every_stage_and_writes_nothing() -> None:
    before = list_files()
    done = call("preview", "plus.py", "--rows", "2")
    assert done.exit_code == 0, done.stderr
    assert list_files() == before
    stages = [line for line in done.stdout.split("\n") if line.endswith(")") and " (" in line]
    assert stages == [
        "load [raw] (LoadTable)",
        "clean (CleanTable)",
        "add (AddOne)",
        "add (take) (TakeStep)",
        "export (ExportParquet)",
    ]
    assert "would write 2 rows to out" in done.stdout
    shown = [line.split()[0] for line in done.stdout.split("\n") if "Uruguay" in line]
    assert shown == ["1930", "1930", "1931", "1931"]
    assert "1938" not in done.stdout


def test_a_dry_run_runs_pure_steps_and_the_real_run_goes_on_from_them() -> None:
    done = call("run", "plus.py", "--dry-run")
    assert done.exit_code == 0, done.stderr
    assert "would write 2 rows to out" in done.stdout
    assert not Path("out").exists()
    lines = call("run", "plus.py").stdout.split("\n")[:4]
    assert ["from the cache" in line for line in lines] == [True, True, True, False]


@pytest.fixture
def small_disk(mount_disk: Callable[[int], Path]) -> Path:
    """A disk of 1 MiB."""
    return mount_disk(1)


def test_a_session_on_a_full_disk_fails_in_one_line_and_gives_the_room_back(
    dreambolt: Run, small_disk: Path
) -> None:
    rows = "\n".join(f"{year},{'x' * 1000}{year},{year}" for year in range(3000))
    Path("cups.csv").write_text(f"Year,Winner,Code\n{rows}\n")
    done = dreambolt("run", "plus.py", "--session", str(small_disk / "s"))
    assert done.returncode == 1
    assert "the disk of the session is full" in done.stderr
    assert done.stderr.count("\n") == 1
    left = {file.name: file.stat().st_size for file in small_disk.rglob("*") if file.is_file()}
    assert sum(left.values()) < 50_000, left  # receipts, of a megabyte
    Path("cups.csv").write_text("Year,Winner,Code\n1930,Uruguay,007\n")
    assert dreambolt("run", "plus.py", "--session", str(small_disk / "s")).returncode == 0


def test_a_spinner_tells_a_terminal_that_a_run_starts(tmp_path: Path) -> None:
    command = ["run", str(tmp_path / "gone.py")]
    assert "starting" in CliRunner().invoke(app, command, env={"FORCE_COLOR": "1"}).stderr
    for more, env in (([], {}), (["-q"], {"FORCE_COLOR": "1"}), (["--json-logs"], {})):
        assert "starting" not in CliRunner().invoke(app, [*command, *more], env=env).output
