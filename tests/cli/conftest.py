"""Runs the command line as a user does: in a process of its own, in an empty folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.standins.warm_command import run_command

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def dreambolt(tmp_path: Path) -> Run:
    """Runs `python -m dreambolt_steps` in the test's folder; keyword arguments are its
    environment."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        env |= {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "COLUMNS": "120"} | environment
        return run_command(arguments, tmp_path, env)

    return run


@pytest.fixture
def cups(tmp_path: Path) -> Path:
    """A small untidy table."""
    path = tmp_path / "cups.csv"
    path.write_text("Year , Winner,Code\n1930,Uruguay ,007\n1934, Italy,008\n1938,Italy,N/A\n")
    return path
