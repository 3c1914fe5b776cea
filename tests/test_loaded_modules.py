"""What each command imports: every heavy library costs every call of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_HEAVY = {
    "accelerate",
    "aiohttp",
    "datadreamer",
    "datasets",
    "duckdb",
    "faiss",
    "httpx",
    "jinja2",
    "jsonschema",
    "openai",
    "pandas",
    "peft",
    "pyarrow",
    "pydantic",
    "ray",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "tokenizers",
    "torch",
    "transformers",
}
_ARROW = {"duckdb", "pyarrow"}
_READING = _ARROW | {"pandas"}  # which pyarrow imports with the first value that it takes
_SESSION = _READING | {"datadreamer", "datasets", "jinja2"}
_TABLE = {
    "help": (["--help"], set()),
    "version": (["--version"], set()),
    "steps": (["steps"], set()),
    "step": (["steps", "CleanTable"], set()),
    "status": (["status"], set()),
    "sessions": (["session", "ls"], set()),
    "session": (["session", "show", "sessions/cups"], set()),
    "unknown mode": (["ingest", "cups.csv", "--mode", "none"], {"pyarrow"}),
    "unknown option": (["ingest", "cups.csv", "--nothing"], set()),
    "query": (["query", "cups.duckdb", "select * from cups"], _ARROW),
    "search": (["search", "cups.duckdb", "a final"], _READING | {"tokenizers"}),
    "inspect": (["inspect", "cups.csv"], _READING),
    "preview": (["preview", "cups.csv"], _READING),
}
_CUPS = "year,winner\n1930,Uruguay\n1934,Italy\n"
_INGEST = ["ingest", "cups.csv", "--embed", "winner", "--to", "cups.duckdb", "--table", "cups"]
_REPORT = """
import atexit, json, sys
heavy = set(sys.argv[1].split(","))
loaded = lambda: sorted({name.partition(".")[0] for name in sys.modules} & heavy)
atexit.register(lambda: open("loaded.json", "w").write(json.dumps(loaded())))
sys.argv[1:2] = []
from dreambolt_steps.cli import main
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file, a table with vectors of it, and the session that made it."""
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "cups.csv").write_text(_CUPS, encoding="utf-8")
    _list_loaded(folder, _INGEST)
    return folder


def _list_loaded(folder: Path, arguments: list[str]) -> set[str]:
    """Run a command in a process of its own. Returns: the heavy libraries that it imported."""
    subprocess.run(
        [sys.executable, "-c", _REPORT, ",".join(sorted(_HEAVY)), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        timeout=120,
    )
    loaded = folder / "loaded.json"
    found = set(json.loads(loaded.read_text()))
    loaded.unlink()
    return found


@pytest.mark.parametrize("case", _TABLE)
def test_a_command_imports_what_it_needs(case: str, folder: Path) -> None:
    arguments, allowed = _TABLE[case]
    assert _list_loaded(folder, arguments) - allowed == set()


def test_a_cached_run_imports_no_model(folder: Path) -> None:
    loaded = _list_loaded(folder, _INGEST)
    assert {"datadreamer", "datasets"} <= loaded  # it did run
    assert loaded - _SESSION - {"tokenizers"} == set()


def test_limits_and_engines_need_no_datadreamer() -> None:
    names = "limit_rejects, limit_spending, require_quality, use_engine, DreamboltError"
    code = f"import sys; from dreambolt_steps import {names}; print('datadreamer' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "False\n", done.stderr
