"""What the documents say is run."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.standins.warm_command import run_command

PACKAGE = ROOT / "dreambolt_steps"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def list_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.split("\n")]
    return [line for line in lines if line.startswith("dreambolt ")]


def run_here(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    if not (folder / "recipes").exists():
        (folder / "recipes").symlink_to(ROOT / "recipes")
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    return run_command(arguments, folder, env)


def test_the_page_of_steps_is_what_the_steps_say() -> None:
    from dreambolt_steps.step_docs import render_step_docs

    assert (ROOT / "docs/steps.md").read_text(encoding="utf-8") == render_step_docs()


@pytest.mark.slow
def test_the_commands_of_the_readme_work_in_their_order(tmp_path: Path) -> None:
    commands = list_commands()
    assert len(commands) > 8
    for line in commands:
        words = shlex.split(line, comments=True)[1:]
        done = run_here(words, tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.slow
def test_the_python_of_the_readme_works(tmp_path: Path) -> None:
    code, _joining = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.strip().split("\n")) <= 20
    done = run_here(["-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "attendance: int32" in done.stdout
    assert "copy into: 22 rows in, 0 rejected, 22 out" in done.stderr
    assert (tmp_path / "out/tournaments.duckdb").is_file()


def count_code(text: str) -> int:
    """Lines of a module that are neither blank, comments nor docstrings."""
    tree = ast.parse(text)
    lines = {
        number
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.strip().startswith("#")
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node) is not None:
            text_node = node.body[0]
            lines -= set(range(text_node.lineno, (text_node.end_lineno or 0) + 1))
    return len(lines)


def test_no_file_of_the_package_is_longer_than_200_lines_of_code() -> None:
    counted = {path: count_code(path.read_text()) for path in PACKAGE.rglob("*.py")}
    assert {path.name: lines for path, lines in counted.items() if lines > 200} == {}


FLOORS = (
    "arguments disk_full errors local_path secret_text tracebacks unknown_names",
    "dry_run log settings user_cache model_identity engines",
    "sources tables",
    "profiling",
    "contracts readers warehouses",
    "findings",
    "llms",
    "synthesis",
    "suggestion assessment matching",
    "report",
    "session",
    "embedding",
    "steps",
    "recipes step_docs",
    "cli",
)
"""The packages from the ground up: each imports of its own floor and of those below."""
DATADREAMER_FROM = "llms"  # the first floor on which something is a class of DataDreamer


def list_imports(path: Path) -> set[str]:
    """Full names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_package_has_its_floor() -> None:
    placed = [name for floor in FLOORS for name in floor.split()]
    found = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith(("_", "py.typed"))}
    assert sorted(placed) == sorted(found)


@pytest.mark.parametrize("floor", range(len(FLOORS)))
def test_a_package_imports_nothing_from_above(floor: int) -> None:
    above = {name for other in FLOORS[floor + 1 :] for name in other.split()}
    below_models = floor < [*FLOORS].index(DATADREAMER_FROM)
    wrong = []
    for name in FLOORS[floor].split():
        place = PACKAGE / name
        for path in place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]:
            for imported in list_imports(path):
                first, second = f"{imported}.".split(".")[:2]
                if (first == "dreambolt_steps" and second in above) or (
                    first == "datadreamer" and below_models
                ):
                    wrong.append(f"{path.relative_to(PACKAGE)}: {imported}")
    assert wrong == []
