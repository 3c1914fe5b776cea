from __future__ import annotations

import json
import os
import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app


@pytest.fixture(autouse=True)
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sessions; `new one` ran last."""
    monkeypatch.chdir(tmp_path)
    for at, name in enumerate(["old", "new one"]):
        step = tmp_path / "sessions" / name / "load" / "step.json"
        step.parent.mkdir(parents=True)
        step.write_text(json.dumps({"fingerprint": "f", "pickled": False, "data_card": {}}))
        report = tmp_path / "sessions" / name / "report.html"
        report.write_text("<html>")
        for file in (step, report):
            os.utime(file, (1_000_000 + at, 1_000_000 + at))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["report", *arguments])


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ([], "sessions/new one/report.html"),
        (["old"], "sessions/old/report.html"),
        (["sessions/old"], "sessions/old/report.html"),
    ],
)
def test_the_path_is_printed_and_nothing_else(arguments: list[str], path: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{path}\n", "")


def test_it_opens_in_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert run("new one", "--open").exit_code == 0
    assert opened == [(tmp_path / "sessions/new one/report.html").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    done = run("--open")
    assert done.exit_code == 2
    assert "open sessions/new one/report.html yourself" in done.stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("odl", "no session 'odl'; did you mean 'old'? there are new one, old"),
        ("sessions/odl", "did you mean 'old'?"),
        ("elsewhere/x", "there are none"),
    ],
)
def test_a_session_that_is_none_is_told_with_those_there_are(name: str, words: str) -> None:
    done = run(name)
    assert done.exit_code == 2
    assert words in done.stderr


def test_a_session_without_a_report_says_who_writes_it(tmp_path: Path) -> None:
    (tmp_path / "sessions/old/report.html").unlink()
    done = run("old")
    assert done.exit_code == 2
    assert "sessions/old has no report: a run writes it when it ends" in done.stderr
