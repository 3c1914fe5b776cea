"""The table that ends a run: rows, seconds, files, and what to try next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.tables import shorten_path
from dreambolt_steps.log import Receipt
from dreambolt_steps.step_docs import STEPS

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
            escape(receipt.step),
            f"{receipt.rows_in:,}",
            f"{receipt.rows_rejected:,}",
            f"{receipt.rows_out:,}",
            f"{receipt.seconds:.2f}",
            f"{speed:,.0f}",
            cached,
        )

    def say(line: str = "") -> None:
        # Names and paths may hold brackets, which are no markup here.
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    say()
    console.print(table, highlight=False)
    say()
    say(add_up(receipts))
    _show_artefacts(say, receipts, dry_run)
    say(f"session: {session}")
    commands = [line for receipt in receipts for line in receipt.report.get("next", [])]
    if commands and not dry_run:
        say("\ntry next:")
        for line in commands:
            say(f"  {tell_command()} {line}")


def add_up(receipts: Sequence[Receipt]) -> str:
    """Say whether read = written + rejected (+ synthesized), over the steps of this package.

    Values that were discarded in rows that were kept are counted apart.

    Returns: one line; it names the step whose counts do not add up, and tells rows that came or
        went in steps of other packages.
    """
    known = [one for one in receipts if one.kind in STEPS]
    for one in known:
        if one.rows_in + one.rows_made != one.rows_rejected + one.rows_out:
            return (
                f"warning: {one.step} does not add up: {one.rows_in:,} rows in, {one.rows_made:,} "
                f"made, {one.rows_rejected:,} rejected, {one.rows_out:,} out; please report this"
            )
    rows = [one for one in known if one.kind != "CopyIntoDuckDB"]
    if not rows:
        return "no step of this package ran"
    sources = [one for one in rows if one.kind == "LoadTable"] or rows[:1]
    targets = [one for one in rows if one.kind == "ExportParquet"] or rows[-1:]
    read, written = (sum(one.rows_in for one in sources), sum(one.rows_out for one in targets))
    rejected, made = (sum(one.rows_rejected for one in rows), sum(one.rows_made for one in rows))
    synthesized = f" + {made:,} synthesized" if made else ""
    discarded = sum(one.values_discarded for one in rows)
    apart = f"; {discarded:,} values discarded in rows that were kept" if discarded else ""
    told = f"{read:,} read{synthesized} - {rejected:,} rejected"
    if len(sources) > 1 or len(targets) > 1:
        count = f"{len(sources)} sources, {len(targets)} targets"
        return f"{told}, {written:,} written ({count}){apart}"
    elsewhere = written - (read + made - rejected)
    if elsewhere:
        return f"{told} {elsewhere:+,} by other steps = {written:,} written{apart}"
    return f"{told} = {written:,} written{apart}"


def _show_artefacts(say: Callable[[str], None], receipts: Sequence[Receipt], dry_run: bool) -> None:
    for receipt in receipts:
        if receipt.rejects and not dry_run:
            say(f"rejects of {receipt.step}: {shorten_path(receipt.rejects)}")
    for receipt in receipts:
        if receipt.kind == "ExportParquet":
            for file in receipt.files[:_SHOWN_FILES]:
                say(f"file: {shorten_path(file)}")
            if len(receipt.files) > _SHOWN_FILES:
                say(f"  and {len(receipt.files) - _SHOWN_FILES:,} more files")
            if beside := receipt.report.get("rejects_file"):
                say(f"rejects of all steps: {shorten_path(beside['path'])}")
        if receipt.kind == "CopyIntoDuckDB":
            for note in receipt.notes:
                say(note)
