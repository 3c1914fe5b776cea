"""`preview`: the first rows through every pure stage, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.markup import escape

from dreambolt_steps.cli.inspection import inspect_source
from dreambolt_steps.cli.run import INGEST, name_source
from dreambolt_steps.cli.step_arguments import parse_clean, parse_load
from dreambolt_steps.cli.tables import count, make_printable, open_console, show_rows
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.errors import UsageError
from dreambolt_steps.log import LoggingReporter, report_to
from dreambolt_steps.recipes.recipe import load_recipe
from dreambolt_steps.session.fast_import import import_datadreamer

_SHOWN_REASONS = 5


def show_preview(
    path: str,
    rows: int,
    settings: Sequence[str] = (),
    load: Sequence[str] = (),
    clean: Sequence[str] = (),
    columns: Sequence[str] = (),
) -> None:
    """Run a recipe, or the packaged one on a file, in rehearsal, and print what each stage gives.

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
    datadreamer = import_datadreamer()
    recipe = load_recipe(path if is_recipe else INGEST)
    name = "table" if is_recipe else name_source(path)
    if is_recipe:
        arguments = recipe.parse_settings(settings)
    else:
        target = {"out": f"out/{name}", "database": f"out/{name}.duckdb", "table": name}
        given = [f"{key}={value}" for key, value in {"source": path, **target}.items()]
        arguments = recipe.parse_settings([*given, *settings])
        arguments |= {"load": load_args, "clean": clean_args}
    session = datadreamer.DataDreamer(":memory:", verbose=False)
    with report_to(LoggingReporter()), session, rehearse(rows):
        recipe.run(arguments)
        for step in datadreamer.DataDreamer.ctx.steps:
            _show_step(console, step, rows)
    if is_recipe:
        told = f"only the first {count(rows, 'row')} of each source were looked at"
        console.print(f"\n{told}", highlight=False)
    else:
        _show_rejects(console, path, load_args, clean_args)
    console.print("\nnothing was written", highlight=False)


def _show_rejects(
    console: Console, path: str, load_args: dict[str, Any], clean_args: dict[str, Any]
) -> None:
    """Say what a run would reject of all rows, not of the first ones alone."""
    if "contract" in clean_args:
        return  # which a run alone checks
    with inspect_source(path, load_args, clean_args) as found:
        rows = found.read.rows + found.read.rejected
        told = f"of all {count(rows, 'row')} a run would reject {found.count_rejected():,}"
        rejects = pa.concat_tables([found.read.rejects, found.cleaned.rejects])
        for line in [told, *_list_reasons(rejects), *found.list_doubts()]:
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
    console.print(f"\n[bold]{escape(step.name)}[/bold] ({type(step).__name__})", highlight=False)
    for note in told:
        console.print(f"  {note}", highlight=False, markup=False)
    if told and told[0].startswith("would ") and not len(dataset):
        return
    head = dataset.with_format("arrow")[:rows]
    show_rows(head, console=console, types=True)
    if receipt and receipt.rows_rejected:
        console.print(f"  {receipt.rows_rejected} rows rejected", highlight=False)
