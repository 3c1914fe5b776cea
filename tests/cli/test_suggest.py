"""`inspect --suggest` with the real openai client against a real server on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app

ANSWER = [
    {"column": "pos", "name": "position", "description": "Where the player stands.",
     "semantic_type": "code", "unit": None},
    {"column": "mins_played", "name": "minutes_played", "description": "Time on the pitch.",
     "semantic_type": "duration", "unit": "min"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def players(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("players.csv").write_text("Pos,Mins Played\nGK,90\nFW,45\n")


def inspect(*arguments: str) -> Result:
    model = ("--suggest", "gpt-4o-mini")
    runner = CliRunner(env={"COLUMNS": "80"})
    return runner.invoke(app, ["inspect", "players.csv", *model, *arguments])


def read_prompts(llmock: Any) -> list[str]:
    bodies = [record.body for record in llmock.requests if record.body]
    return [body["messages"][-1]["content"] for body in bodies]


def test_proposals_are_a_diff_paid_once_with_the_option_that_applies_them(llmock: Any) -> None:
    llmock.reply(json.dumps(ANSWER), times=None)
    done = inspect()
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.split("\n")
    at = lines.index("proposed by gpt-4o-mini, which saw the values of 2 rows")
    assert lines[at + 1 : at + 6] == [
        "pos -> position (code)",
        "    Where the player stands.",
        "mins_played -> minutes_played (duration, min)",
        "    Time on the pitch.",
        "nothing of it is applied",
    ]
    names = '{"Pos": "position", "Mins Played": "minutes_played"}'
    assert "# names that the model proposed" in lines
    assert f"#   --clean 'rename={names}'" in lines
    (prompt,) = read_prompts(llmock)
    assert '"values": ["GK", "FW"]' in prompt
    assert inspect().stdout == done.stdout
    assert len(read_prompts(llmock)) == 1

    typed = lines[lines.index("the same by hand") + 1 :]
    assert "--columns 'Mins Played=int8'" in " ".join(typed)
    told = ["--columns", "Mins Played=int8", "--clean", f"rename={names}"]
    applied = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["inspect", "players.csv", *told])
    assert applied.exit_code == 0, applied.stderr
    assert "\nminutes_played  int8" in applied.stdout


def test_no_values_are_shown_when_told_so(llmock: Any) -> None:
    llmock.reply(json.dumps(ANSWER), times=None)
    assert inspect("--suggest-rows", "0").exit_code == 0
    (prompt,) = read_prompts(llmock)
    assert "GK" not in prompt
    assert '"values"' not in prompt


def test_nothing_of_masked_columns_is_shown(llmock: Any) -> None:
    llmock.reply(json.dumps(ANSWER), times=None)
    done = inspect("--clean", "masks=pos=redact")
    assert done.exit_code == 0, done.stderr
    (prompt,) = read_prompts(llmock)
    assert "known of 1 columns" in prompt
    assert "GK" not in prompt
    assert "pos -> position" not in done.stdout


def test_a_model_that_says_nothing_usable_is_told_with_the_reason(llmock: Any) -> None:
    llmock.reply("As a language model, I can't.", times=None)
    done = inspect()
    assert done.exit_code == 0, done.stderr
    assert "pos: rejected: the answer holds no JSON" in done.stdout
    assert len(llmock.requests) == 2


def test_the_json_document_holds_the_proposals(llmock: Any) -> None:
    llmock.reply(json.dumps(ANSWER), times=None)
    document = json.loads(inspect("--json").stdout)
    assert document["proposals"]["model"] == "gpt-4o-mini"
    assert document["proposals"]["rows_shown"] == 2
    assert document["proposals"]["proposals"][1]["unit"] == "min"
    assert document["proposals"]["rejected"] == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, " refused the key in OPENAI_API_KEY"), (400, "HTTP 400"), (404, "has no model")],
)
def test_a_server_that_refuses_is_told_in_one_line(llmock: Any, status: int, words: str) -> None:
    llmock.fail(status, times=None)
    done = inspect()
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_not_there_is_told_in_one_line(
    llmock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    done = inspect()
    assert done.exit_code == 1
    assert "connection to http://127.0.0.1:9/v1 failed" in done.stderr


def test_a_missing_key_and_rows_without_a_model_are_told_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    Path("players.csv").unlink()
    done = inspect()
    assert done.exit_code == 1
    assert "OPENAI_API_KEY not set" in done.stderr
    done = CliRunner().invoke(app, ["inspect", "players.csv", "--suggest-rows", "3"])
    assert done.exit_code == 2
    assert "--suggest-rows needs a model" in done.stderr
