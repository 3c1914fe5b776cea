"""The table that ends a run: rows, seconds, files, and what to try next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.log import Receipt

_SHOWN_FILES = 8


def show_summary(
    console: Console, receipts: Sequence[Receipt], session: Path, *, dry_run: bool = False
) -> None:
    """Print what each step did, the files, and commands to try."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    for name in ("rows in", "rejected", "out", "seconds", "rows/s"):
        table.add_column(name, justify="right")
    table.add_column("")
    for receipt in receipts:
        speed = receipt.rows_out / receipt.seconds if receipt.seconds else 0
        cached = "from the cache" if receipt.resumed else ""
        table.add_row(
            receipt.step,
            f"{receipt.rows_in:,}",
            f"{receipt.rows_rejected:,}",
            f"{receipt.rows_out:,}",
            f"{receipt.seconds:.2f}",
            f"{speed:,.0f}",
            cached,
        )
    console.print()
    console.print(table, highlight=False)
    console.print(_add_up(receipts), highlight=False)
    _show_artefacts(console, receipts, dry_run)
    console.print(f"session: {session}", highlight=False, soft_wrap=True)
    commands = [line for receipt in receipts for line in receipt.report.get("next", [])]
    if commands and not dry_run:
        console.print("\ntry next:")
        for line in commands:
            console.print(
                f"  {tell_command()} {line}", highlight=False, soft_wrap=True, markup=False
            )


def _add_up(receipts: Sequence[Receipt]) -> str:
    """Read = written + rejected, over all steps that hand rows on; says so if it is not."""
    rows = [one for one in receipts if one.kind != "CopyIntoDuckDB"]
    if not rows:
        return "no step of this package ran"
    read, written = rows[0].rows_in, rows[-1].rows_out
    rejected = sum(one.rows_rejected for one in rows)
    made = sum(one.rows_made for one in rows)
    total = read + made - rejected
    sign = "=" if total == written else "!="
    synthesized = f" + {made:,} synthesized" if made else ""
    return f"\n{read:,} read{synthesized} - {rejected:,} rejected {sign} {written:,} written"


def _show_artefacts(console: Console, receipts: Sequence[Receipt], dry_run: bool) -> None:
    for receipt in receipts:
        if receipt.rejects and not dry_run:
            console.print(f"rejects of {receipt.step}: {receipt.rejects}", soft_wrap=True)
    for receipt in receipts:
        for file in receipt.files[:_SHOWN_FILES] if receipt.kind == "ExportParquet" else []:
            console.print(f"file: {file}", highlight=False, soft_wrap=True)
        more = len(receipt.files) - _SHOWN_FILES
        if more > 0:
            console.print(f"  and {more:,} more files", highlight=False)
        if receipt.kind == "CopyIntoDuckDB":
            for note in receipt.notes:
                console.print(note, highlight=False, soft_wrap=True, markup=False)
