"""What a table was made from, gathered from the receipts of the steps above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dreambolt_steps.contracts.quality import SourceLosses
from dreambolt_steps.findings.finding import REPORT_KEY
from dreambolt_steps.findings.in_files import ONE_COLUMN, TABLES_LEFT_OUT
from dreambolt_steps.log import Receipt
from dreambolt_steps.readers.table.read_report import have_nulls
from dreambolt_steps.tables.export.reject_export import StepRejects


def trace_lineage(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Facts of all upstream steps of this package, ready for a file's metadata.

    Args:
        inputs: of a step.

    Returns: such as `{"source": "players.csv", "source_fingerprint": "9f..", "embedding.name":
        "all-MiniLM-L6-v2"}`; what a step nearer to this one says wins.
    """
    facts: dict[str, str] = {}
    for receipt in _walk_receipts(inputs):
        facts = {**receipt.report.get("lineage", {}), **facts}
    return facts


def trace_descriptions(inputs: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is known of columns by their names: column -> description, semantic_type, unit.

    A step says so under `descriptions` in its receipt's report, as `SuggestSchema` does; what a
    step nearer to this one says of a column wins.
    """
    found: dict[str, dict[str, str]] = {}
    for receipt in _walk_receipts(inputs):
        found = {**receipt.report.get("descriptions", {}), **found}
    return found


def trace_masked(inputs: Mapping[str, Any]) -> set[str]:
    """Names of columns that a step above masked: it lists them under `masked` in its receipt's
    report."""
    return {name for receipt in _walk_receipts(inputs) for name in receipt.report.get("masked", [])}


def trace_categories(inputs: Mapping[str, Any]) -> set[str]:
    """Names of the text columns that the nearest `CleanTable` above which knows them found, or was
    told, to be categories; none whose values are masked."""
    known: dict[str, bool] = {}
    for receipt in _walk_receipts(inputs):
        found = receipt.report.get("columns", {})
        for name, column in found.items() if isinstance(found, Mapping) else ():
            is_category = column.get("semantic") == "category" and not column.get("mask")
            known.setdefault(name, is_category)
    return {name for name, is_category in known.items() if is_category}


def trace_spending(inputs: Mapping[str, Any]) -> float | None:
    """USD that the nearest synthesis above cost, in all its runs, as its ledger says; None where
    the price is not known, or there is none."""
    for receipt in _walk_receipts(inputs):
        if "usd in all runs" in receipt.report:
            return float(receipt.report["usd in all runs"])
    return None


def trace_follows(inputs: Mapping[str, Any]) -> bool:
    """Whether the rows are only those that came after what an earlier run has taken."""
    for receipt in _walk_receipts(inputs):
        since = receipt.report.get("since", {})
        if "source_follows" in receipt.report.get("lineage", {}) or since.get("value") is not None:
            return True
    return False


def trace_losses(inputs: Mapping[str, Any]) -> SourceLosses:
    """What became of the rows before they came to a step, as far as its quality suffers."""
    receipts = list(_walk_receipts(inputs))
    kinds = {one["kind"] for receipt in receipts for one in receipt.report.get(REPORT_KEY, [])}
    return SourceLosses(
        rows=sum(receipt.rows_in for receipt in receipts if receipt.kind == "LoadTable"),
        rejected=sum(receipt.rows_rejected for receipt in receipts),
        has_left_out=TABLES_LEFT_OUT in kinds,
        is_one_column=ONE_COLUMN in kinds,
    )


def trace_has_nulls(inputs: Mapping[str, Any]) -> bool:
    """Whether the source tells NULL from an empty text, as Parquet does and CSV does not.

    A step that reads files lists their formats under `formats` in its receipt's report; without
    one, the table came as Arrow, which has NULLs.
    """
    formats = {
        one for receipt in _walk_receipts(inputs) for one in receipt.report.get("formats", [])
    }
    return have_nulls(formats)


def trace_rejects(inputs: Mapping[str, Any]) -> list[StepRejects]:
    """The rejects of all upstream steps, the farthest first.

    Values and raw rows are withheld where a step further on masks columns: the line that held them
    can't be taken apart reliably.
    """
    found: list[StepRejects] = []
    masked = False
    for step in _walk_steps(inputs):
        rejects = step.kept_rejects
        if rejects is not None:
            withheld = "values are withheld, since columns are masked" if masked else None
            found.append(StepRejects(step.name, rejects, trace_files(step), withheld))
        masked |= bool(step.receipt.report.get("masked"))
    return found[::-1]


def trace_files(step: Any) -> tuple[tuple[str, int], ...]:
    """The files whose rows, one file after the other, are the table that a step reads, each with
    its number of rows; empty if the step above did not read files."""
    above = {id(column.step): column.step for column in step.inputs.values() if column is not None}
    receipts = [getattr(one, "receipt", None) for one in above.values()]
    if len(receipts) != 1 or receipts[0] is None:
        return ()
    return tuple((file, rows) for file, rows in receipts[0].report.get("rows_by_file", []))


def find_file(files: Sequence[tuple[str, int]], row: int) -> str | None:
    """The file that a 0-based row of the table came from, if that is known."""
    for file, rows in files:
        if row < rows:
            return file
        row -= rows
    return None


def _walk_receipts(inputs: Mapping[str, Any]) -> Iterator[Receipt]:
    """Receipts of all upstream steps of this package, the nearest first."""
    for step in _walk_steps(inputs):
        yield step.receipt


def _walk_steps(inputs: Mapping[str, Any]) -> Iterator[Any]:
    """All upstream steps of this package, the nearest first."""
    waiting = [column.step for column in inputs.values() if column is not None]
    seen: set[int] = set()
    while waiting:
        step = waiting.pop(0)
        if id(step) in seen:
            continue
        seen.add(id(step))
        if getattr(step, "receipt", None) is not None:
            yield step
        waiting += [column.step for column in step.inputs.values() if column is not None]
