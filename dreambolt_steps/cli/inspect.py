"""`inspect`: what is in a file, and why it is read as it is."""

from __future__ import annotations

from collections.abc import Sequence

from dreambolt_steps.cli.by_hand import find_arguments
from dreambolt_steps.cli.inspection import inspect_source
from dreambolt_steps.cli.step_arguments import parse_clean, parse_load
from dreambolt_steps.cli.tables import open_console


def show_table(
    source: str,
    load: Sequence[str] = (),
    clean: Sequence[str] = (),
    columns: Sequence[str] = (),
    *,
    as_json: bool = False,
) -> None:
    """Print what is in a source, why it is read as it is, and the arguments that would say so.

    Args:
        source: a path, a glob or a URI.
        load, clean: `name=value` texts for `LoadTable` and `CleanTable`.
        columns: `name=type` texts.
        as_json: print one JSON document instead.
    """
    load_args, clean_args = parse_load(load), parse_clean(clean, columns)
    with inspect_source(source, load_args, clean_args) as inspection:
        arguments = find_arguments(inspection)
        if as_json:
            from dreambolt_steps.cli.inspect_json import write_document

            print(write_document(inspection, arguments))
            return
        from dreambolt_steps.cli.inspect_view import show_inspection

        show_inspection(open_console(), inspection, arguments)
