"""What a type checker, and so an editor, knows of arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT

_SAMPLE = """
from dreambolt_steps.arguments.clean_table import CleanTableArgs as Args

Args(trim=False, types={"id": "text"}, duplicates="drop")
Args(trimm=False)
Args(trim="no")
Args(keep={"id": 1})
Args(duplicates="dropp")
"""


def test_a_wrong_name_and_a_wrong_type_are_errors(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    sample = tmp_path / "sample.py"
    sample.write_text(_SAMPLE)
    declared = ROOT / "dreambolt_steps" / "arguments"
    files = [str(declared / name) for name in ("argument.py", "clean_table.py")]
    options = ["--follow-imports=skip", "--config-file=", f"--cache-dir={tmp_path}"]
    told, _, _ = api.run([str(sample), *files, *options])
    lines = [line for line in told.split("\n") if "sample.py:" in line and ": error:" in line]
    assert [line.split(":")[1] for line in lines] == ["5", "6", "7", "8"], told
    assert 'Extra key "trimm"' in lines[0]
