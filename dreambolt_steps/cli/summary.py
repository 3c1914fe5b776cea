"""The table that ends a run: rows, seconds, files, and what to try next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.look_at import show_findings
from dreambolt_steps.cli.tables import count, shorten_path
from dreambolt_steps.findings.listing import check_sum, list_findings
from dreambolt_steps.log import Receipt
from dreambolt_steps.report.page import REPORT_FILE
from dreambolt_steps.report.row_counts import MEASURE_KINDS, count_rows
from dreambolt_steps.step_docs import STEPS

_SHOWN_FILES = 8


def show_summary(
    console: Console,
    receipts: Sequence[Receipt],
    session: Path,
    *,
    dry_run: bool = False,
    as_options: bool = True,
) -> None:
    """Print what each step did, the files, commands to try, and at last what deserves a look.

    Args:
        console: where to.
        receipts: of the steps.
        session: its folder.
        dry_run: whether nothing was written.
        as_options: name what settles something as an option of `ingest`, not as an argument of a
            step in a recipe.
    """
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
    _show_quality(say, receipts)
    say(f"session: {session}")
    if not dry_run and (session / REPORT_FILE).is_file():
        say(f"report: {shorten_path(str(session / REPORT_FILE))}")
    commands = [line for receipt in receipts for line in receipt.report.get("next", [])]
    if commands and not dry_run:
        say("\ntry next:")
        for line in commands:
            say(f"  {tell_command()} {line}")
    findings = list_findings(receipts)
    if findings:
        say()
        show_findings(say, findings, console.width, as_options=as_options)


def add_up(receipts: Sequence[Receipt]) -> str:
    """Say whether read (+ synthesized) = written + rejected (+ merged, or without a match), over
    the steps of this package.

    Values that were discarded in rows that were kept are counted apart.

    Returns: one line; it names the step whose counts do not add up, and tells rows that came or
        went in steps of other packages.
    """
    known = [one for one in receipts if one.kind in STEPS and one.kind not in MEASURE_KINDS]
    for one in known:
        for wrong in check_sum(one):
            return f"warning: {wrong.tell()}"
    if not known:
        return "no step of this package ran"
    counts = count_rows(known)
    synthesized = f" + {counts.made:,} synthesized" if counts.made else ""
    apart = f"; {counts.discarded:,} values discarded in rows that were kept"
    apart = apart if counts.discarded else ""
    told = f"{counts.read:,} read{synthesized} - {counts.rejected:,} rejected"
    if counts.dropped:
        told += f" - {counts.dropped:,} merged or without a match"
    if counts.sources > 1 or counts.targets > 1:
        several = f"{count(counts.sources, 'source')}, {count(counts.targets, 'target')}"
        return f"{told}, {counts.written:,} written ({several}){apart}"
    if counts.elsewhere:
        told += f" {-counts.elsewhere:+,} by other steps"
    return f"{told} = {counts.written:,} written{apart}"


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
        if receipt.kind.startswith("CopyInto"):
            for note in receipt.notes:
                say(note)


def _show_quality(say: Callable[[str], None], receipts: Sequence[Receipt]) -> None:
    """The quality of each table that has one, and what that of synthetic rows is made of."""
    for receipt in receipts:
        quality = receipt.report.get("quality")
        if quality is not None:
            told = f"; {receipt.notes[0]}" if receipt.kind in MEASURE_KINDS else ""
            say(f"quality of {receipt.step}: {quality} of 100{told}")
