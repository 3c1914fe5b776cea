"""`preview`: the first rows through every pure stage; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.markup import escape

from dreambolt_steps.cli.inspection import Inspection, inspect_source
from dreambolt_steps.cli.run import INGEST, name_source
from dreambolt_steps.cli.step_arguments import parse_clean, parse_load
from dreambolt_steps.cli.tables import make_printable, open_console, show_rows
from dreambolt_steps.errors import UsageError
from dreambolt_steps.findings.finding import count
from dreambolt_steps.tables.arrow_stream import open_stream

_SHOWN_REASONS = 5
_SHOWN_NOTES = 20


def show_preview(
    path: str,
    rows: int,
    settings: Sequence[str] = (),
    load: Sequence[str] = (),
    clean: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> None:
    """Print what each stage of a recipe, or of the packaged one on a file, gives.

    A recipe runs in rehearsal, in DataDreamer. What the packaged one does without further settings
    is only reading and cleaning, and needs no session: all rows are read, the first ones are shown.

    Args:
        path: a recipe (.py), or a file, glob or s3:// URI.
        rows: read from the source.
        settings: `name=value` texts for the recipe.
        load, clean: `name=value` texts for `LoadTable` and `CleanTable` of the packaged recipe.
        columns: `name=type` texts for `CleanTable`.

    Raises:
        UsageError: args of steps for a recipe, which has settings of its own.
    """
    is_recipe = Path(path).suffix == ".py"
    if is_recipe and (load or clean or columns):
        raise UsageError(f"--load, --clean and --columns are for files; {path} takes --set")
    load_args, clean_args = parse_load(load), parse_clean(clean, columns)
    console = open_console()
    if is_recipe:
        _rehearse(console, path, rows, settings, {})
        told = f"only the first {count(rows, 'row')} of each source were looked at"
        console.print(f"\n{told}", highlight=False)
    elif settings or "contract" in clean_args:
        name = name_source(path)
        target = {"out": f"out/{name}", "database": f"out/{name}.duckdb", "table": name}
        given = [f"{key}={value}" for key, value in {"source": path, **target}.items()]
        args = {"load": load_args, "clean": clean_args}
        _rehearse(console, str(INGEST), rows, [*given, *settings], args)
        if "contract" not in clean_args:  # which a run alone checks
            with inspect_source(path, load_args, clean_args) as found:
                _show_rejects(console, found)
    else:
        with inspect_source(path, load_args, clean_args) as found:
            _show_stages(console, found, rows)
            _show_rejects(console, found)
    console.print("\nnothing was written", highlight=False)


def _show_stages(console: Console, found: Inspection, rows: int) -> None:
    """Show what the packaged recipe would do with a source."""
    several = len(found.read.files) > 1
    notes = [
        f"{Path(file.file).name}: {finding}" if several else finding
        for file in found.read.files
        for finding in file.findings
    ]
    _show_stage(console, "load", "LoadTable", [*found.read.schema_notes, *notes][:_SHOWN_NOTES])
    with open_stream(found.stored) as reader:
        show_rows(_take_first(reader, rows), console=console, types=True)
    _show_stage(console, "clean", "CleanTable", [])
    show_rows(_take_first(found.open_clean(), rows), console=console, types=True)
    name, kept = name_source(found.source), found.read.rows - found.cleaned.rejected
    _show_stage(
        console, "export", "ExportParquet", [f"would write {count(kept, 'row')} to out/{name}"]
    )
    told = f"would load table {name} in out/{name}.duckdb (mode refresh)"
    _show_stage(console, "copy into", "CopyIntoDuckDB", [told])


def _take_first(reader: pa.RecordBatchReader, rows: int) -> pa.Table:
    taken: list[pa.RecordBatch] = []
    for batch in reader:
        taken.append(batch)
        if sum(one.num_rows for one in taken) >= rows:
            break
    return pa.Table.from_batches(taken, reader.schema).slice(0, rows)


def _show_stage(console: Console, name: str, kind: str, notes: Sequence[str]) -> None:
    console.print(f"\n[bold]{escape(name)}[/bold] ({kind})", highlight=False)
    for note in notes:
        console.print(f"  {note}", highlight=False, markup=False)


def _rehearse(
    console: Console, path: str, rows: int, settings: Sequence[str], more: Mapping[str, Any]
) -> None:
    """Run a recipe on the first rows of each source, and show what each step gives."""
    from dreambolt_steps.dry_run import rehearse
    from dreambolt_steps.log import LoggingReporter, report_to
    from dreambolt_steps.recipes.recipe import load_recipe
    from dreambolt_steps.session.fast_import import import_datadreamer

    datadreamer = import_datadreamer()
    recipe = load_recipe(path)
    arguments = {**recipe.parse_settings(settings), **more}
    session = datadreamer.DataDreamer(":memory:", verbose=False)
    with report_to(LoggingReporter()), session, rehearse(rows):
        recipe.run(arguments)
        for step in datadreamer.DataDreamer.ctx.steps:
            _show_step(console, step, rows)


def _show_rejects(console: Console, found: Inspection) -> None:
    """Say what a run would reject of all rows, not of the first ones alone."""
    rows = found.read.rows + found.read.rejected
    told = f"of all {count(rows, 'row')} a run would reject {found.count_rejected():,}"
    rejects = pa.concat_tables([found.read.rejects, found.cleaned.rejects])
    for line in ["", told, *_list_reasons(rejects), *found.list_doubts()]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _list_reasons(rejects: pa.Table) -> list[str]:
    gone = rejects.filter(pc.invert(pc.fill_null(rejects["kept"], False)))
    grouped = gone.group_by(["column", "reason"]).aggregate([([], "count_all")])
    found = grouped.sort_by([("count_all", "descending")]).slice(0, _SHOWN_REASONS).to_pylist()
    return [
        make_printable(
            f"  {one['column'] + ': ' if one['column'] else ''}{one['reason']}"
            f" ({one['count_all']:,})"
        )
        for one in found
    ]


def _show_step(console: Console, step: Any, rows: int) -> None:
    receipt = getattr(step, "receipt", None)
    told = receipt.notes if receipt else []
    dataset = step.output.dataset
    _show_stage(console, step.name, type(step).__name__, told)
    if told and told[0].startswith("would ") and not len(dataset):
        return
    head = dataset.with_format("arrow")[:rows]
    show_rows(head, console=console, types=True)
    if receipt and receipt.rows_rejected:
        console.print(f"  {receipt.rows_rejected} rows rejected", highlight=False)
