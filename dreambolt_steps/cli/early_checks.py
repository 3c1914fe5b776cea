"""What can be known to be wrong before any work begins: columns, steps and places."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dreambolt_steps.cli.step_arguments import list_plan_kinds, list_read_kinds
from dreambolt_steps.errors import (
    DreamboltError,
    ExportError,
    UnknownColumnError,
    UnknownNameError,
)
from dreambolt_steps.local_path import read_local_path
from dreambolt_steps.unknown_names import tell_known

if TYPE_CHECKING:
    import pyarrow as pa

_HEAD_ROWS = 100
_MOST_FILES, _MOST_BYTES = 20, 512 * 2**20  # beyond that the steps themselves find out


def check_columns(
    source: str,
    load_args: Mapping[str, Any],
    clean_args: Mapping[str, Any],
    *,
    embed: Sequence[str] = (),
    key: Sequence[str] = (),
) -> None:
    """Check names of columns against the heads of the files, where those are here and not many.

    Args:
        source: a path, a glob or a URI.
        load_args, clean_args: of `LoadTable` and `CleanTable`.
        embed: what is to be embedded, as `read_embed_options` takes it.
        key: columns that name a row.

    Raises:
        UnknownColumnError: one that the table will not have.
        UsageError: an argument that can't be for these columns.
    """
    about_columns = {name: clean_args[name] for name in list_plan_kinds() if name in clean_args}
    if not (embed or key or about_columns):
        return
    head = _read_head(source, load_args)
    if head is None:
        return
    from dreambolt_steps.embedding.embed_options import read_embed_options
    from dreambolt_steps.readers.table.read_report import have_nulls
    from dreambolt_steps.tables.clean import plan_cleaning

    table, formats = head
    plan = plan_cleaning(table.to_reader, **about_columns, has_nulls=have_nulls(formats))
    names = [column.name for column in plan.columns]
    if "contract" in clean_args:
        return  # which may name columns anew
    read_embed_options(embed, names)
    for name in key:
        if name.lower() not in [one.lower() for one in names]:
            raise UnknownColumnError(
                f"--copy key={name}: no such column in the table; {tell_known(name, names)}"
            )


def check_limit(text: str | None) -> None:
    """Check what `--max-rejects` says. Raises: UsageError where it is no limit."""
    if text is not None:
        from dreambolt_steps.steps.base.reject_limit import parse_limit

        parse_limit(text)


def check_fresh(
    names: Collection[str], session: Path, known: Collection[str] = (), recipe: Path | None = None
) -> None:
    """Check the steps that are to be run again: those of the recipe, or of the session's last runs.

    Args:
        names: of `--fresh`.
        session: the folder, which may not exist.
        known: steps that the recipe may have.
        recipe: its file; a text in it that is the name of a step counts as known.

    Raises: UnknownNameError says which there are.
    """
    if not names:
        return
    there = {*known, *_list_steps(session)}
    written = _list_texts(recipe) if recipe is not None else set()
    for name in names:
        if name not in there and name not in written:
            raise UnknownNameError(
                f"--fresh names no step of this run: {name!r}; {tell_known(name, sorted(there))}"
            )


def check_export(path: str) -> None:
    """Check that files can be exported to a place.

    Raises: ExportError as `ExportParquet` would, once all rows are there.
    """
    from dreambolt_steps.tables.export.manifest import check_file, check_folder

    target = read_local_path(path, "an export").absolute()
    (check_file if target.suffix == ".parquet" else check_folder)(target)
    there = next(place for place in target.parents if place.exists())
    if not there.is_dir():
        raise ExportError(f"{target} can't be made: {there} is a file; give another path")
    if not os.access(there, os.W_OK):
        raise ExportError(f"{target} can't be written; change the permissions of {there}")


def _read_head(source: str, load_args: Mapping[str, Any]) -> tuple[pa.Table, list[str]] | None:
    """The first rows of a source, and the formats of its files; None where that is too much to ask,
    or can't be done: then loading will say why."""
    from dreambolt_steps.readers.table.read import read_table
    from dreambolt_steps.sources.fetch import fetch_file
    from dreambolt_steps.sources.source import resolve_source

    try:
        files = resolve_source(source, identify=str)
        size = sum(file.size for file in files)
        if any(file.is_remote for file in files) or len(files) > _MOST_FILES or size > _MOST_BYTES:
            return None
        told = {name: load_args[name] for name in list_read_kinds() if name in load_args}
        with TemporaryDirectory(prefix="dreambolt-") as spool:
            paths = [fetch_file(file, spool) for file in files]
            read = read_table(paths, sources=files, spool=spool, limit=_HEAD_ROWS, **told)
            table = read.reader.read_all()
            return table, [file.file_format for file in read.report().files]
    except DreamboltError:
        return None


def _list_steps(session: Path) -> list[str]:
    from dreambolt_steps.session.session_store import describe_session, is_session

    return [step.name for step in describe_session(session).steps] if is_session(session) else []


def _list_texts(recipe: Path) -> set[str]:
    tree = ast.parse(recipe.read_text(encoding="utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
