"""The search for secrets finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.secret_search import search_files
from tests.standins.s3_server import FOLDER

pytest_plugins = ["pytester"]


def test_files_that_hold_a_secret_are_found(tmp_path: Path) -> None:
    (tmp_path / "a" / FOLDER).mkdir(parents=True)
    (tmp_path / "a" / "core.1").write_bytes(b"\0" * 5_000_000 + b"hidden" + b"\0")
    (tmp_path / "a" / "empty").touch()
    (tmp_path / "a" / "other").write_text("hid den")
    (tmp_path / "a" / FOLDER / "s3.json").write_text("hidden")
    assert search_files(tmp_path, ["hidden"]) == [tmp_path / "a" / "core.1"]


LEAKING = """
import pytest
from tests.standins.firebolt import CLIENT_SECRET

def test_print():
    print(CLIENT_SECRET)

def test_file(tmp_path):
    (tmp_path / "x").write_text(CLIENT_SECRET)
"""


def test_a_run_that_leaves_a_secret_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(LEAKING)
    done = pytester.runpytest_subprocess(
        *("-p", "tests.secret_search", "--show-capture=no"),
        f"--basetemp={pytester.path / 'temporary'}",
    )
    for path in search_files(pytester.path):  # before this run's own search finds them
        path.unlink()
    done.assert_outcomes(failed=1, passed=1, errors=2)
    done.stdout.fnmatch_lines(["*a secret of the tests is in what was written*"])
    done.stdout.fnmatch_lines(["*Left contains one more item: *x*"])
