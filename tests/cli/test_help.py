"""What `-h` and a mistyped command or option print."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app


def list_commands() -> list[list[str]]:
    top = typer.main.get_command(app)
    found = []
    for name, command in top.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None)
        found += [[name, one] for one in below] if below else [[name]]
    return [[], *found]


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(app, arguments, prog_name="dreambolt")


@pytest.mark.parametrize("command", list_commands(), ids=" ".join)
def test_every_command_answers_to_both_names_of_help(command: list[str]) -> None:
    short, long = run(*command, "-h"), run(*command, "--help")
    assert short.exit_code == long.exit_code == 0
    assert short.stdout == long.stdout
    assert " ".join(["Usage: dreambolt", *command]) in short.stdout


@pytest.mark.parametrize("command", ["run", "ingest"])
def test_options_stand_in_groups(command: str) -> None:
    told = run(command, "-h").stdout
    groups = ["What is read, and how", "The run", "Limits that stop a run", "What is printed"]
    places = [told.index(f"─ {group}") for group in groups]
    assert places == sorted(places)
    lines = told.split("─ Options ")[1].split("╰")[0].strip().split("\n")
    assert len(lines) == 2  # the rest of the frame's first line, and --help alone
    assert told.index("--wait") > told.index("─ The run")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingset", "a.csv"], "ingest"),
        (["session", "lst"], "ls"),
        (["ingest", "a.csv", "--embd", "name"], "--embed"),
        (["ingest", "a.csv", "--max-reject", "1"], "--max-rejects"),
    ],
)
def test_a_mistyped_command_or_option_is_told_what_was_meant(
    arguments: list[str], words: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert "Did you mean" in done.stderr or "Possible options" in done.stderr
    assert words in done.stderr
