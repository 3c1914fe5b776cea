"""What steps that load into a warehouse share: the manifest of an export, and the id of a load."""

from __future__ import annotations

import pyarrow as pa
import xxhash

from dreambolt_steps.errors import UsageError
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.steps.export_parquet import MANIFEST_SCHEMA

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
