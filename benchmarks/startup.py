"""What a command costs before and after its work: CPU seconds, own and its children's, as multiples
of `python -c "import duckdb, pyarrow"` in the same run."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
RUNS = 5
_UNIT = [sys.executable, "-c", "import duckdb, pyarrow"]
_SESSION = "from dreambolt_steps import open_session\nwith open_session('empty'): pass"
_STOCK = (
    "import datadreamer, datadreamer.steps, datadreamer.embedders\n"
    "with datadreamer.DataDreamer('stock', verbose=False): pass"
)
_INGEST = ["ingest", "cups.csv", "--embed", "winner", "--to", "cups.duckdb", "--table", "cups"]
_COMMANDS = {
    "--help": (["--help"], None),
    "steps": (["steps"], 1.5),
    "status": (["status"], 1.5),
    "session ls": (["session", "ls"], 1.5),
    "query": (["query", "cups.duckdb", "select year, winner from cups"], 1.5),
    "a wrong argument": (["ingest", "cups.csv", "--mode", "none"], 1.5),
    "inspect": (["inspect", "cups.csv"], 3),
    "preview": (["preview", "cups.csv"], 3),
    "ingest --embed, everything cached": (_INGEST, 5),
    "search, packaged model": (["search", "cups.duckdb", "a final"], 6),
}


def measure_startup() -> None:
    """Every command on a file of three rows."""
    with tempfile.TemporaryDirectory() as folder:
        rows = "year,winner\n1930,Uruguay\n1934,Italy\n1938,Italy\n"
        Path(folder, "cups.csv").write_text(rows, encoding="utf-8")
        dreambolt = [sys.executable, "-m", "dreambolt_steps"]
        _measure([*dreambolt, *_INGEST], folder)
        commands = {
            name: ([*dreambolt, *told], bar, name == "a wrong argument")
            for name, (told, bar) in _COMMANDS.items()
        }
        commands["open_session"] = ([sys.executable, "-c", _SESSION], 5, False)
        commands["a session of DataDreamer, imported as it is"] = (
            [sys.executable, "-c", _STOCK],
            None,
            False,
        )
        unit: list[float] = []
        found: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(RUNS):
            unit.append(_measure(_UNIT, folder))
            for name, (command, _, fails) in commands.items():
                found[name].append(_measure(command, folder, fails=fails))
    print("| command | CPU seconds | multiple | bar |\n|---|---|---|---|")
    print(f"| `import duckdb, pyarrow` | {median(unit):.2f} | 1 | |")
    for name, (_, bar, _) in commands.items():
        seconds = median(found[name])
        print(f"| {name} | {seconds:.2f} | {seconds / median(unit):.1f} | {bar or ''} |")


def _measure(command: Sequence[str], folder: str, *, fails: bool = False) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=300)
    if (done.returncode != 0) is not fails:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode()[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
