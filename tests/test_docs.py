"""What the documents say is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def list_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.split("\n")]
    return [line for line in lines if line.startswith("dreambolt ")]


def run_here(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    if not (folder / "recipes").exists():
        (folder / "recipes").symlink_to(ROOT / "recipes")
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def test_the_page_of_steps_is_what_the_steps_say() -> None:
    from dreambolt_steps.step_docs import render_step_docs

    assert (ROOT / "docs/steps.md").read_text(encoding="utf-8") == render_step_docs()


@pytest.mark.slow
def test_the_commands_of_the_readme_work_in_their_order(tmp_path: Path) -> None:
    commands = list_commands()
    assert len(commands) > 8
    for line in commands:
        words = shlex.split(line, comments=True)[1:]
        done = run_here([sys.executable, "-m", "dreambolt_steps", *words], tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stderr}"


@pytest.mark.slow
def test_the_python_of_the_readme_works(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.strip().split("\n")) <= 20
    done = run_here([sys.executable, "-c", code], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "'attendance': Value(dtype='int32'" in done.stdout
    assert (tmp_path / "out/tournaments.duckdb").is_file()


def test_no_file_of_the_package_is_longer_than_200_lines_of_code() -> None:
    for path in sorted((ROOT / "dreambolt_steps").rglob("*.py")):
        lines = [line for line in path.read_text().split("\n") if line.strip()]
        code = [line for line in lines if not line.strip().startswith("#")]
        assert len(code) <= 200, f"{path.name}: {len(code)} lines"


PURE = (
    "assessment",
    "engines",
    "sources",
    "dialects",
    "formats",
    "tables",
    "contracts",
    "suggestion",
    "synthesis",
    "warehouses",
    "matching",
)


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_know_nothing_of_datadreamer_or_of_what_stands_above(package: str) -> None:
    for path in (ROOT / "dreambolt_steps" / package).rglob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(), re.MULTILINE)
        above = ("datadreamer", "dreambolt_steps.steps", "dreambolt_steps.cli")
        assert not [name for name in imported if name.startswith(above)], path.name
