"""What steps that load into a warehouse share: the manifest of an export, and the id of a load."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pyarrow as pa
import xxhash

from dreambolt_steps.dry_run import current_rehearsal
from dreambolt_steps.errors import UsageError
from dreambolt_steps.log import current_reporter
from dreambolt_steps.session.identity import find_identity, identify_session
from dreambolt_steps.steps.base.lineage import trace_descriptions
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.steps.export_parquet import MANIFEST_SCHEMA
from dreambolt_steps.suggestion.apply import describe_schema
from dreambolt_steps.warehouses.load import Load, Owner
from dreambolt_steps.warehouses.parquet_files import ParquetFiles, plan_footers, read_footers

LOAD_SCHEMA = pa.schema(
    [
        ("database", pa.string()),
        ("table", pa.string()),
        ("load_id", pa.string()),
        ("rows", pa.int64()),
    ]
)
"""The one row that such a step hands on."""


def read_manifest(step: TableStep) -> pa.Table:
    """Read the manifest that a step was given: one row a file.

    Raises:
        UsageError: its input is no manifest of `ExportParquet`.
    """
    names = step.table.schema.names
    missing = [name for name in MANIFEST_SCHEMA.names if name not in names]
    if missing:
        raise UsageError(
            f"step {step.name}: its input has no column {missing[0]!r}; "
            "pass inputs=columns(step) of an ExportParquet step"
        )
    return step.table.open_reader().read_all()


def name_load(manifest: pa.Table, *target: str) -> str:
    """Name a load by the content of its files, and by its target where that is given; the same
    files give the same id, whatever they are called."""
    told = "\n".join([*manifest.column("fingerprint").to_pylist(), *target])
    return xxhash.xxh3_128_hexdigest(told.encode())


def ask_for_load(step: TableStep, load_id: str) -> Load:
    """The load that the args of a step ask for."""
    args = step.args
    return Load(
        args["table"],
        load_id,
        mode=args["mode"],
        key=tuple(args["key"]),
        evolve=args["evolve"],
        owner=_find_owner(step),
    )


def plan_files(step: TableStep, warehouse: str) -> ParquetFiles:
    """The footers of the files that a rehearsed step would load: those that are there, as
    `FindParquet` tells, or what they would be."""
    manifest = read_manifest(step)
    if manifest.num_rows:
        return read_footers(manifest.column("path").to_pylist(), warehouse)
    upstream = next(iter(step.inputs.values())).step
    schema = describe_schema(upstream.table.schema, trace_descriptions(step.inputs))
    return plan_footers(schema, upstream.receipt.rows_out)


def tell_loss(step: TableStep) -> Callable[[str], None]:
    """What tells a user, and the receipt, each thing that a load replaces for good, before it
    goes."""

    def tell(sentence: str) -> None:
        current_reporter().say(f"{step.name}: {sentence}", logging.WARNING)
        step.receipt.notes.append(sentence)

    return tell


def _find_owner(step: TableStep) -> Owner | None:
    """The session that a step belongs to; None while it is in memory, as no other knows it."""
    folder = step.find_session_folder()
    if folder is None:
        return None
    return find_identity(folder) if current_rehearsal() else identify_session(folder)
