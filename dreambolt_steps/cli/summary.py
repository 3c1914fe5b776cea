"""The table that ends a run: rows, seconds, files, and what to try next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.find_session import name_session
from dreambolt_steps.cli.look_at import show_findings
from dreambolt_steps.cli.tables import make_printable, shorten_path
from dreambolt_steps.findings.finding import count
from dreambolt_steps.findings.listing import MEASURE_KINDS, check_sum, list_findings
from dreambolt_steps.log import Receipt
from dreambolt_steps.report.page import REPORT_FILE
from dreambolt_steps.report.row_counts import count_rows
from dreambolt_steps.step_docs import STEPS

_SHOWN_FILES = 8
_NEED_MODEL = ("MatchSimilar", "DropNearDuplicates")  # without one they have no rows to hand on


def show_summary(
    console: Console,
    receipts: Sequence[Receipt],
    session: Path,
    *,
    dry_run: bool = False,
    as_options: bool = True,
    run_id: str | None = None,
    seconds: float | None = None,
    failed: bool = False,
) -> None:
    """Print what each step did, the files, commands to try, and at last what deserves a look.

    Args:
        console: where to.
        receipts: of the steps.
        session: its folder.
        dry_run: whether nothing was written.
        as_options: name what settles something as an option of `ingest`, not as an argument of a
            step in a recipe.
        run_id, seconds: of the whole run, if they are known.
        failed: whether an error ended it, which is told elsewhere.
    """

    def say(line: str = "") -> None:
        # Names and paths may hold brackets, which are no markup here.
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    say()
    console.print(_draw_table(receipts, seconds), highlight=False)
    say()
    if console.is_terminal:  # elsewhere they stand in the lines of the steps
        _show_notes(say, receipts)
    if failed:
        _tell_run(say, session, run_id)
        return
    say(add_up(receipts))
    _show_artefacts(say, receipts, dry_run)
    _show_quality(say, receipts)
    _tell_run(say, session, run_id)
    if dry_run:
        ran = [one.step for one in receipts if one.kind in _NEED_MODEL and not one.resumed]
        models = f"a model ran for {', '.join(ran)} alone" if ran else "no model ran"
        say(f"a dry run: nothing was written but what is kept in {session}, and {models}")
    else:
        _show_next(say, receipts, session)
    findings = list_findings(receipts)
    if findings:
        say()
        show_findings(say, findings, console.width, as_options=as_options)


def _show_next(say: Callable[[str], None], receipts: Sequence[Receipt], session: Path) -> None:
    """Where the report is, and commands that are worth typing."""
    if (session / REPORT_FILE).is_file():
        say(f"report: {shorten_path(str(session / REPORT_FILE))}")
    commands = [line for receipt in receipts for line in receipt.report.get("next", [])]
    if any(receipt.rejects for receipt in receipts):
        commands.append(shlex.join(["rejects", name_session(session)]))
    if commands:
        say("\ntry next:")
        for line in [*commands, shlex.join(["report", name_session(session), "--open"])]:
            say(f"  {tell_command()} {line}")


def _draw_table(receipts: Sequence[Receipt], seconds: float | None) -> Table:
    """A row a step, grey where its result was there already, and the time of the whole run."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step", overflow="fold")
    for name in ("rows in", "rejected", "out", "seconds", "rows/s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for receipt in receipts:
        speed = receipt.rows_out / receipt.seconds if receipt.seconds else 0
        took = ("", "") if receipt.resumed else (f"{receipt.seconds:.2f}", f"{speed:,.0f}")
        table.add_row(
            escape(make_printable(receipt.step)),
            f"{receipt.rows_in:,}",
            f"{receipt.rows_rejected:,}",
            f"{receipt.rows_out:,}",
            *took,
            "from the cache" if receipt.resumed else "",
            style="dim" if receipt.resumed else None,
        )
    if seconds is not None:
        cached = sum(receipt.resumed for receipt in receipts)
        told = f"{cached} of {len(receipts)} steps cached" if cached else ""
        table.add_row("total", "", "", "", f"{seconds:.2f}", "", told, style="bold")
    return table


def _show_notes(say: Callable[[str], None], receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        if receipt.kind.startswith("CopyInto") or receipt.kind in MEASURE_KINDS:
            continue  # theirs are told below
        notes = [note for note in receipt.notes if not note.startswith("first reject")]
        if receipt.kind == "ExportParquet":  # the file of rejects is told below
            notes = [note for note in notes if note.startswith("would")]
        for note in notes:
            say(f"{make_printable(receipt.step)}: {make_printable(note)}")


def _tell_run(say: Callable[[str], None], session: Path, run_id: str | None) -> None:
    say(f"session: {session}")
    if run_id is not None:
        say(f"run: {run_id}")


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
    in_one_file = any(receipt.report.get("rejects_file") for receipt in receipts)
    for receipt in receipts:
        if receipt.rejects and not dry_run and not in_one_file:
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
            doubt = receipt.report.get("quality_doubt")
            score = f"{quality} of 100" if not doubt else f"not told by so few rows ({quality})"
            told = f"; {receipt.notes[0]}" if receipt.kind in MEASURE_KINDS and not doubt else ""
            say(f"quality of {receipt.step}: {score}{told}")
