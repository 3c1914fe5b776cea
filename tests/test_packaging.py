"""The locks are whole and name no place; the bootstrap says in one line what is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = sorted([*ROOT.glob("requirements*.lock"), ROOT / "benchmarks" / "requirements.lock"])


def read_lock(path: Path) -> dict[str, list[tuple[Requirement, int]]]:
    """Each locked requirement by name, every version of it with the number of its hashes."""
    entries: dict[str, list[tuple[Requirement, int]]] = {}
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
    for entry in re.findall(r"^\S.*\n(?:[ ]+.*\n)*", text, re.MULTILINE):
        line, *hashes = entry.replace("\\\n", "\n").split("--hash=sha256:")
        requirement = Requirement(line.strip())
        entries.setdefault(canonicalize_name(requirement.name), []).append(
            (requirement, sum(bool(re.fullmatch(r"[0-9a-f]{64}", h.strip())) for h in hashes))
        )
    return entries


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_locked_package_has_one_version_and_hashes(path: Path) -> None:
    entries = read_lock(path)
    assert entries
    assert not re.search(r"https?:|file:|--(extra-)?index|^/", path.read_text(), re.MULTILINE)
    for versions in entries.values():
        for requirement, hashes in versions:
            assert str(requirement.specifier).startswith("=="), requirement
            assert hashes, requirement


RUNTIME = ("requirements-build.lock", "requirements.lock", "requirements-torch.lock")


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    overrides = re.sub(r"\s*#.*", "", (ROOT / "requirements-overrides.txt").read_text())
    overridden = {Requirement(line).name: line for line in overrides.split("\n") if line.strip()}
    locked = {name: entry for lock in RUNTIME for name, entry in read_lock(ROOT / lock).items()}
    for line in [*project["dependencies"], None, *extras["test"], *extras["dev"]]:
        if line is None:
            tools = read_lock(ROOT / "requirements-dev.lock")
            assert not tools.keys() & locked.keys()
            assert {"pytest", "ruff", "ray", "bitsandbytes"} <= tools.keys()
            locked |= tools
            continue
        asked = Requirement(line)
        wanted = Requirement(overridden.get(asked.name, line))
        for entry, _ in locked[canonicalize_name(asked.name)]:
            version = str(entry.specifier).removeprefix("==")
            assert wanted.specifier.contains(version), f"{entry}: run `make lock`"


def test_the_demo_runs_with_what_is_locked_for_it_and_nothing_else(tmp_path: Path) -> None:
    names = {name for lock in RUNTIME for name in read_lock(ROOT / lock)}
    packages = tmp_path / "packages"
    packages.mkdir()
    for installed in distributions():
        if canonicalize_name(installed.name) in names:
            tops = {path.parts[0] for path in installed.files or [] if path.parts[0] != ".."}
            for top in tops:
                place = Path(str(installed.locate_file(top)))
                if place.exists() and not (packages / top).exists():
                    (packages / top).symlink_to(place)
    assert (packages / "torch").exists()
    assert not (packages / "ray").exists()
    done = subprocess.run(
        [sys.executable, "-S", "-m", "dreambolt_steps", "run", str(ROOT / "recipes/worldcup.py")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{packages}", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "22 read" in done.stdout
    assert (tmp_path / "out/worldcup.duckdb").is_file()


def test_both_torch_locks_name_one_release() -> None:
    versions = {
        str(read_lock(ROOT / name)["torch"][0][0].specifier).partition("+")[0]
        for name in ("requirements-torch.lock", "requirements-torch-cpu.lock")
    }
    assert len(versions) == 1


def bootstrap(root: Path, change: str) -> subprocess.CompletedProcess[str]:
    """Run the bootstrap of a copy of the project without .venv, after the statements `change`."""
    (root / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "bootstrap.py", root / "scripts")
    for path in (ROOT / "pyproject.toml", *ROOT.glob("requirements*.lock")):
        shutil.copy(path, root)
    code = f"import runpy, shutil, sys\n{change}\n"
    code += "runpy.run_path('scripts/bootstrap.py', run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("sys.version_info = (3, 10, 4, 'final', 0)", r"3\.11, 3\.12 or 3\.13 is needed; "),
        ("sys.version_info = (3, 14, 0, 'final', 0)", r"3\.11, 3\.12 or 3\.13 is needed; "),
        (
            "usage = shutil.disk_usage('.'); "
            "shutil.disk_usage = lambda path: usage._replace(free=2**30)",
            r"too little disk space for the packages: 1\.0 GiB free at .+, 3\.0 GiB needed",
        ),
    ],
)
def test_bootstrap_says_what_is_missing(change: str, said: str, tmp_path: Path) -> None:
    done = bootstrap(tmp_path, change)
    assert done.returncode == 1
    assert re.fullmatch(rf"error: .*{said}.*\n", done.stderr)
    assert not (tmp_path / ".venv").exists()


def test_bootstrap_says_that_pip_found_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    done = bootstrap(tmp_path, "")
    assert done.returncode == 1
    assert re.fullmatch(r"error: pip can't install .*check network and.*\n", done.stderr)
    assert not (tmp_path / ".venv" / "installed").exists()
