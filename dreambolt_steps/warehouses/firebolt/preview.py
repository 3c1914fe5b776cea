"""What a load into Firebolt would do, said without doing any of it."""

from __future__ import annotations

from dataclasses import replace

from dreambolt_steps.warehouses.firebolt.catalog import find_state
from dreambolt_steps.warehouses.firebolt.connection import FireboltConnection, retry
from dreambolt_steps.warehouses.firebolt.prepare import FireboltOptions, prepare_load, tell_losses
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings
from dreambolt_steps.warehouses.firebolt.sql.ledger import (
    render_begin_load,
    render_create_ledger,
)
from dreambolt_steps.warehouses.load import Load
from dreambolt_steps.warehouses.parquet_files import ParquetFiles


def preview_load(
    settings: FireboltSettings,
    load: Load,
    files: ParquetFiles,
    options: FireboltOptions,
) -> list[str]:
    """List what a load would stage and every statement it would send, secrets masked.

    The table is asked for as it is now; nothing is written, there or on S3.

    Args:
        settings: where Firebolt is.
        load: what would be asked for.
        files: their footers, or what they would be (`plan_footers`).
        options: how files would get there.

    Raises: as a load, for what can be known before.
    """
    with retry(lambda: FireboltConnection(settings)) as connection:
        state = find_state(connection, load.table, count=load.replaces)
    known = replace(options, fingerprints=("content of the files",) * len(files.paths))
    delivery, plan_attempt = prepare_load(load, files, state, settings, known)
    plan = plan_attempt("")
    verb = "make" if state.facts is None else "replace" if load.replaces else load.mode
    told = [f"would {verb} table {load.table} in {settings.name}: {sum(files.rows):,} rows"]
    lost = tell_losses(load, delivery, state, options)
    told += [f"would replace for good: {one}" for one in lost]
    for file in delivery.staged:
        told.append(f"would stage the exported files as {file.url} ..")
    statements = [*([] if state.recorded else [render_create_ledger()]), render_begin_load(load)]
    statements += [str(step.sql) for step in plan.ahead]
    statements += ["BEGIN", *(str(step.sql) for step in plan.inside), "COMMIT"]
    told += [f"would send: {sql}" for sql in statements]
    if delivery.folder and options.staged == "delete":
        told.append("would delete the staged files")
    return told
