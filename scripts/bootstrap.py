"""Make .venv with the locked packages and this project in it; when that is done, return at once.

Standard library only, without newer syntax: any Python 3 can read it and say what is missing.

    python3 scripts/bootstrap.py            what `make demo` calls first: what the project runs with
    python3 scripts/bootstrap.py --dev      tests and linters as well, for `make test`
    python3 scripts/bootstrap.py --bench    and the packages that the benchmarks compare with
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
DEV_STAMP = VENV / "installed-dev"
BENCH_STAMP = VENV / "installed-bench"
LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-torch.lock")
CPU_LOCK = "requirements-torch-cpu.lock"
DEV_LOCK = "requirements-dev.lock"
BENCH_LOCK = "benchmarks/requirements.lock"
GIB = 1024**3
CPU_SPACE = 3 * GIB
DEV_SPACE = 5 * GIB
CUDA_SPACE = 9 * GIB


def main(dev: bool, bench: bool) -> None:
    """Install what the locks name, unless the stamps say that it was done."""
    check_python()
    if not PYTHON.exists() or read_stamp(STAMP) != fingerprint():
        install()
    if (dev or bench) and read_stamp(DEV_STAMP) != fingerprint(DEV_LOCK):
        check_space(DEV_SPACE, "the packages of tests and linters")
        pip_install("the packages of tests and linters", "-r", DEV_LOCK)
        compile_packages()
        DEV_STAMP.write_text(fingerprint(DEV_LOCK))
    if bench and read_stamp(BENCH_STAMP) != fingerprint(BENCH_LOCK):
        pip_install("the packages that the benchmarks compare with", "-r", BENCH_LOCK)
        BENCH_STAMP.write_text(fingerprint(BENCH_LOCK))


def check_python() -> None:
    """Stop, with what to do, unless this is a Python that the locks were resolved for."""
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        return
    names = ("python3.11", "python3.12", "python3.13")
    found = [name for name in names if shutil.which(name)]
    advice = "run make with PYTHON=" + found[0] if found else "install one of them"
    template = "Python {} ({}) can't be used: 3.11, 3.12 or 3.13 is needed; {}"
    stop(template.format(platform.python_version(), sys.executable, advice))


def install() -> None:
    """Make the virtual environment, install the locks and the project, compile, stamp."""
    check_space(CPU_SPACE, "the packages")
    if STAMP.exists():
        STAMP.unlink()
    make_venv()
    build, packages, torch = LOCKS
    pip_install("the build tools", "-r", build)
    pip_install("the packages (a few minutes)", "-r", packages)
    if not install_cpu_torch():
        if sys.platform == "linux":
            check_space(CUDA_SPACE, "torch's CUDA build (this package index has no CPU build)")
        pip_install("torch", "-r", torch)
    pip_install("this project", "-e", ".", hashes=False)
    compile_packages()
    STAMP.write_text(fingerprint())


def compile_packages() -> None:
    """Compile what is not yet compiled, so that imports are quick."""
    say("Compiling, once, so that imports are quick")
    # Exit code 1 says nothing here: some packages carry templates that are no valid Python.
    run([str(PYTHON), "-m", "compileall", "-qq", "-j", "0", str(VENV / "lib")])


def make_venv() -> None:
    """Make .venv, unless there is one of this Python version that works."""
    code, output = run([str(PYTHON), "-c", "import sys, pip; print(*sys.version_info[:2])"])
    if code == 0 and tuple(output.split()) == tuple(map(str, sys.version_info[:2])):
        return
    say("Making .venv with Python " + platform.python_version())
    code, output = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if code:
        template = "{} can't make a virtual environment ({}); Debian and Ubuntu need python3-venv"
        stop(template.format(sys.executable, last_line(output)))


def install_cpu_torch() -> bool:
    """Install torch's CPU build, if there is one for this machine; tell whether there was."""
    if (sys.platform, platform.machine(), sys.version_info[:2]) != ("linux", "x86_64", (3, 11)):
        return False
    say("Installing torch (CPU build)")
    return run(pip_command("-r", CPU_LOCK))[0] == 0


def pip_install(what: str, *arguments: str, hashes: bool = True) -> None:
    """Install `what`, or stop with pip's reason."""
    say("Installing " + what)
    code, output = run(pip_command(*arguments, hashes=hashes))
    if code:
        template = "pip can't install {} ({}); check network and package index, then run this again"
        stop(template.format(what.split(" (")[0], last_line(output)))


def pip_command(*arguments: str, hashes: bool = True) -> list:
    """The pip command: no resolver, no build tools but the locked ones, .pyc files made later."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-compile"]
    return command + (["--require-hashes"] if hashes else []) + list(arguments)


def run(command: list) -> tuple:
    """Run a command in the project's folder; return its exit code and all that it printed."""
    try:
        done = subprocess.run(
            command,
            cwd=str(ROOT),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    except OSError as error:
        return 1, str(error)
    return done.returncode, done.stdout


def last_line(output: str) -> str:
    """The line that tells most of a failed command: its last error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return (errors or lines or ["no output"])[-1]


def check_space(needed: int, what: str) -> None:
    """Stop unless the disk has `needed` bytes free, counting what .venv holds already."""
    held = 0
    for folder, _, names in os.walk(str(VENV)):
        held += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    free = shutil.disk_usage(str(ROOT)).free
    if free + held < needed:
        template = "too little disk space for {}: {:.1f} GiB free at {}, {:.1f} GiB needed"
        stop(template.format(what, free / GIB, ROOT, (needed - held) / GIB))


def fingerprint(*locks: str) -> str:
    """A hash of all that decides what is installed: locks, metadata, Python and place."""
    place = repr((str(ROOT), sys.version_info[:2], platform.machine()))
    digest = hashlib.sha256(place.encode())
    for name in LOCKS + (CPU_LOCK, "pyproject.toml") + locks:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def read_stamp(path: Path) -> str:
    """The fingerprint of what was installed, empty when nothing was."""
    return path.read_text() if path.exists() else ""


def say(text: str) -> None:
    """Print a line at once, so that it stands before the wait that it announces."""
    print(text, flush=True)


def stop(text: str) -> None:
    """End with one line and exit code 1."""
    sys.exit("error: " + text)


if __name__ == "__main__":
    main(dev="--dev" in sys.argv[1:], bench="--bench" in sys.argv[1:])
