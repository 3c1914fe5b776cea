"""Write the lock files from pyproject.toml: `make lock`, with UPGRADE=1 for newer releases.

One resolution for Python 3.11 to 3.13 on every platform (markers tell them apart), every file with
its hashes, DataDreamer's stale pins set aside by requirements-overrides.txt. It is written as
    requirements-build.lock    what builds the few packages that come without a wheel
    requirements.lock          what the project runs with, but torch
    requirements-dev.lock      what tests and linters need beyond it
    requirements-torch.lock    torch from PyPI, on Linux its CUDA build with the libraries it needs
    benchmarks/requirements.lock   what the benchmarks need beyond these
requirements-torch-cpu.lock names one file, torch's CPU build, and is kept by hand.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = "uv==0.9.30"
BUILD_PACKAGES = re.compile(r"setuptools")
TORCH_PACKAGES = re.compile(r"torch|triton|nvidia-.*|cuda-.*")
OVERRIDES = ["--override", "requirements-overrides.txt"]
UNUSED = ["--override", "requirements-unused.txt"]  # asked for, and never imported


def main(upgrade: bool) -> None:
    """Resolve, split and write every lock; with `upgrade`, forget the versions locked now."""
    uv = install_uv(ROOT / "build" / "lock-tools")
    locks = [ROOT / f"requirements{part}.lock" for part in ("-build", "", "-dev", "-torch")]
    bench_lock = ROOT / "benchmarks" / "requirements.lock"
    extras = ["--extra", "test", "--extra", "dev"]
    entries = resolve(uv, ["pyproject.toml", *extras], "" if upgrade else read_locks(locks))
    build = {name: text for name, text in entries.items() if BUILD_PACKAGES.fullmatch(name)}
    torch = {name: text for name, text in entries.items() if TORCH_PACKAGES.fullmatch(name)}
    rest = {name: text for name, text in entries.items() if name not in build | torch}
    needed = resolve(uv, ["pyproject.toml", *UNUSED], "".join(entries.values()))
    runtime = {name: text for name, text in rest.items() if name in needed}
    dev = {name: text for name, text in rest.items() if name not in needed}
    for lock, part in zip(locks, (build, runtime, dev, torch), strict=True):
        write_lock(lock, part)
    constraints = [option for lock in locks for option in ("--constraint", str(lock))]
    known = "" if upgrade else read_locks([bench_lock])
    bench = resolve(uv, ["benchmarks/requirements.in", *constraints], known)
    write_lock(bench_lock, {name: text for name, text in bench.items() if name not in entries})


def install_uv(folder: Path) -> Path:
    """Make a virtual environment with the pinned uv in it, once; return the path of uv."""
    uv = folder / "bin" / "uv"
    if not uv.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", UV], check=True)
    return uv


def read_locks(locks: list[Path]) -> str:
    """Read the lock files that there are, one after the other."""
    return "".join(lock.read_text() for lock in locks if lock.exists())


def resolve(uv: Path, sources: list[str], preferred: str) -> dict[str, str]:
    """Resolve `sources`; return the lock's text for each package, all its versions together.

    Versions in `preferred`, a lock's text, are kept where they still fit.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "all.lock"
        if preferred:
            output.write_text(preferred)
        command: list[str | Path] = [
            uv,
            "pip",
            "compile",
            "--quiet",
            *sources,
            *OVERRIDES,
            "--universal",
        ]
        command += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
        command += ["--no-header", "--no-annotate", "--output-file", output]
        subprocess.run(command, cwd=ROOT, check=True)
        # An entry starts at the margin; its hashes are indented.
        entries: dict[str, str] = {}
        for text in re.findall(r"^\S.*\n(?:[ ]+.*\n)*", output.read_text(), re.MULTILINE):
            name = re.split(r"[=\[ ]", text, maxsplit=1)[0]
            entries[name] = entries.get(name, "") + text
        return entries


def write_lock(path: Path, entries: dict[str, str]) -> None:
    """Write one lock file and say how many packages it holds."""
    path.write_text("# Written by `make lock`; do not edit.\n" + "".join(entries.values()))
    print(f"{path.relative_to(ROOT)}: {len(entries)} packages")


if __name__ == "__main__":
    main(upgrade="--upgrade" in sys.argv[1:])
