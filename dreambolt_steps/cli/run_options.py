"""Options on how a run goes: its session, its limits, what it prints. Nothing heavy is imported
here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LIMITS = "Limits that stop a run before it loads anything"
RUNNING = "The run"
PRINTING = "What is printed"

Session = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="The session's folder; default sessions/NAME.",
        rich_help_panel=RUNNING,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Say what would be written and loaded.", rich_help_panel=RUNNING
    ),
]
Fresh = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP",
        help="Run a step again, with those below it; repeatable.",
        rich_help_panel=RUNNING,
    ),
]
EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="Where the work is done: local, or ray (docs/scale.md).",
        rich_help_panel=RUNNING,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT",
        help="A running Ray cluster, or auto; default this machine's cores.",
        rich_help_panel=RUNNING,
    ),
]
Wait = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="How long to wait for a session that is in use; default as long as it takes, 0: not.",
        rich_help_panel=RUNNING,
    ),
]
JsonLogs = Annotated[
    bool, typer.Option("--json-logs", help="JSON lines instead of text.", rich_help_panel=PRINTING)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only warnings and errors.", rich_help_panel=PRINTING)
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="USD",
        help="What a step may spend on language models, over all runs.",
        rich_help_panel=LIMITS,
    ),
]
MinQuality = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=100,
        metavar="X",
        help="Stop before anything is loaded when synthetic rows are worse, 0 to 100.",
        rich_help_panel=LIMITS,
    ),
]
MaxRejects = Annotated[
    str | None,
    typer.Option(
        metavar="N|P%",
        help="Stop before anything is loaded when more rows are rejected.",
        rich_help_panel=LIMITS,
    ),
]
