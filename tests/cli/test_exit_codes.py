"""The exit codes that docs/command-line.md lists: the same kind of mistake, the same code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from dreambolt_steps import errors
from dreambolt_steps.cli.app import app
from dreambolt_steps.cli.failures import FAILED, INTERRUPTED
from dreambolt_steps.cli.json_log import VERSION
from tests.conftest import ROOT

PAGE = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    Path("cups.csv").write_text("year,winner\n1930,Uruguay\n1934,Italy\n")
    Path("empty.csv").write_text("")
    Path("recipe.py").write_text("def recipe(rows: int = 1):\n    pass\n")
    step = Path("sessions/old/load")
    step.mkdir(parents=True)
    (step / "step.json").write_text("{}")


def test_the_page_lists_the_codes_that_errors_have() -> None:
    table = PAGE.split("## Exit codes")[1].split("## ")[0]
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.DreamboltError)}
    assert listed == {0, FAILED, INTERRUPTED} | codes


def test_the_page_lists_the_version_and_every_event() -> None:
    table = PAGE.split("## Events")[1].split("## ")[0]
    assert f"| `version` | {VERSION}." in table
    sources = [path.read_text() for path in (ROOT / "dreambolt_steps/cli").glob("*.py")]
    written = {name for text in sources for name in re.findall(r'write_event\(\s*"(\w+)"', text)}
    assert written == set(re.findall(r"^\| `(\w+)` \|", table.split("| event |")[1], re.MULTILINE))


@pytest.mark.parametrize(
    "command",
    [
        "ingest nowhere.csv",
        "ingest *.tsv",
        "ingest cups.csv --mode apend",
        "ingest cups.csv --engine loca",
        "ingest cups.csv --columns year=integr",
        "ingest cups.csv --columns year=date(%d)",
        "ingest cups.csv --load delimeter=;",
        "ingest cups.csv --load encoding=klingon",
        "ingest cups.csv --clean drop=winer",
        "ingest cups.csv --columns yeer=text",
        "ingest cups.csv --embed winnner",
        "ingest cups.csv --fresh claen",
        "ingest cups.csv --synth 2 --synth-method vine",
        "ingest cups.csv --synth 2 --llm gone.gguf",
        "ingest cups.csv --contract gone.yaml",
        "ingest cups.csv --nosuch",
        "run nowhere.py",
        "run recipe.py --set rowz=2",
        "run recipe.py --set rows=many",
        "preview nowhere.csv",
        "inspect nowhere.csv",
        "steps LoadTabel",
        "session show nowhere",
        "session gc nowhere",
        "report nowhere",
        "rejects nowhere",
        "rejects old --step claen",
        "rejects old --format cvs",
        "diff nowhere old",
        "query nowhere.duckdb SELECT",
        "search nowhere.duckdb text",
        "fly",
    ],
)
def test_what_is_not_there_or_of_the_wrong_kind_ends_with_2(command: str) -> None:
    done = CliRunner().invoke(app, command.split(" "))
    assert done.exit_code == 2, done.stderr
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "command",
    [
        "ingest empty.csv",
        "ingest cups.csv --synth 2 --llm gpt-4o-mini",
        "ingest cups.csv --columns winner=int8 --max-rejects 0",
        "ingest s3://bucket/x.csv",
    ],
)
def test_what_fails_while_it_runs_ends_with_1(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    done = CliRunner().invoke(app, command.split(" "))
    assert done.exit_code == 1, done.stderr


def test_a_session_in_use_is_waited_for_as_long_as_wait_says() -> None:
    session = Path("sessions/cups")
    session.mkdir()
    owner = {"pid": 7, "host": "here", "since": 0}
    (session / ".session.owner.json").write_text(json.dumps(owner))
    with FileLock(session / ".session.lock"):
        done = CliRunner().invoke(app, ["ingest", "cups.csv", "--wait", "0"])
    assert done.exit_code == 1
    assert "in use by process 7 on here" in done.stderr
    assert "after 0 s; let it finish, stop it, or name another --session" in done.stderr
    assert CliRunner().invoke(app, ["ingest", "cups.csv", "--wait", "0"]).exit_code == 0
