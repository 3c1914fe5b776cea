"""`inspect`: what is in a file, and why it is read as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from dreambolt_steps.cli.explicit_arguments import find_arguments
from dreambolt_steps.cli.inspection import inspect_source
from dreambolt_steps.cli.save_contract import check_target, save_contract, tell_contract
from dreambolt_steps.cli.step_arguments import parse_clean, parse_load
from dreambolt_steps.cli.tables import open_console
from dreambolt_steps.errors import UsageError
from dreambolt_steps.llms.open_model import check_language_model

_MODEL_ROWS = 5


def show_table(
    source: str,
    load: Sequence[str] = (),
    clean: Sequence[str] = (),
    columns: Sequence[str] = (),
    *,
    as_json: bool = False,
    model: str | None = None,
    model_rows: int | None = None,
    save_to: Path | None = None,
) -> None:
    """Print what is in a source, why it is read as it is, and the arguments that would say so.

    Args:
        source: a path, a glob or a URI.
        load, clean: `name=value` texts for `LoadTable` and `CleanTable`.
        columns: `name=type` texts.
        as_json: print one JSON document instead.
        model: a language model that proposes names and descriptions.
        model_rows: rows whose values it may see; 5 by default.
        save_to: a new file for a contract of what was found.

    Raises:
        UsageError: rows for a model, but no model; a file for the contract that is there already.
        CredentialError: OPENAI_API_KEY is not set, and a model is named.
    """
    load_args, clean_args = parse_load(load), parse_clean(clean, columns)
    if model is None and model_rows is not None:
        raise UsageError("--suggest-rows needs a model; name one: --suggest gpt-4o-mini")
    if model is not None:
        check_language_model(model)
    if save_to is not None:
        check_target(save_to)
    proposals = None
    status = Console(stderr=True).status(f"reading {escape(source)}")  # on a terminal only
    with status, inspect_source(source, load_args, clean_args) as inspection:
        if model is not None:
            from dreambolt_steps.cli.suggest import suggest_names

            status.update(f"asking {escape(model)}")
            rows = _MODEL_ROWS if model_rows is None else model_rows
            proposals = suggest_names(inspection, model, rows)
        if save_to is not None:
            save_contract(inspection, save_to)
        arguments = find_arguments(inspection, proposals.suggestion.names if proposals else None)
    if as_json:
        from dreambolt_steps.cli.inspect_json import write_document

        print(write_document(inspection, arguments, proposals))
        return
    from dreambolt_steps.cli.inspect_view import show_inspection

    show_inspection(open_console(), inspection, arguments, proposals)
    if save_to is not None:
        tell_contract(open_console(), source, save_to)
