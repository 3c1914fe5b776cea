"""`inspect --save-contract`: what was found, as a contract that people edit."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.inspection import Inspection
from dreambolt_steps.cli.run import name_source
from dreambolt_steps.contracts.write_contract import write_contract
from dreambolt_steps.errors import ExportError, UsageError
from dreambolt_steps.profiling.history_facts import gather_facts


def check_target(path: Path) -> None:
    """Refuse a file that is there: somebody may have edited it.

    Raises:
        UsageError: as said.
    """
    if path.exists():
        raise UsageError(f"--save-contract {path}: is there already; move it or name another file")


def save_contract(inspection: Inspection, path: Path) -> None:
    """Write the contract of an inspected table.

    Raises:
        ExportError: the file can't be written.
        UsageError: it is there already.
    """
    with inspection.open_clean() as reader:
        facts = gather_facts(reader)
    name = name_source(inspection.source)
    semantics = {
        column.name: column.decision.semantic or ""
        for column in inspection.plan.columns
        if not column.mask
    }
    text = write_contract(
        inspection.open_clean,
        facts,
        table=name,
        source=inspection.source,
        semantics=semantics,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        check_target(path)
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ExportError(f"{path} can't be written: {reason}; give another path") from error


def tell_contract(console: Console, source: str, path: Path) -> None:
    """Print where the contract is, and the command that holds the table to it."""
    command = f"{tell_command()} ingest {shlex.quote(source)} --contract {shlex.quote(str(path))}"
    for line in (f"contract: {path}", f"  hold the table to it: {command}"):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
