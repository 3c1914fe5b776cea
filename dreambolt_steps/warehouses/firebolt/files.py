"""The files of a load on their way into Firebolt: what they are called, and how they get in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import xxhash

from dreambolt_steps.errors import CredentialError, SchemaError, UsageError
from dreambolt_steps.warehouses.firebolt.settings import FireboltSettings
from dreambolt_steps.warehouses.firebolt.sql.copy import render_copy, render_upload
from dreambolt_steps.warehouses.firebolt.sql.names import FILE_COLUMN
from dreambolt_steps.warehouses.firebolt.sql.table import FileFacts, Step
from dreambolt_steps.warehouses.firebolt.sql.types import is_vector, name_type
from dreambolt_steps.warehouses.load import Load
from dreambolt_steps.warehouses.ownership import describe_load
from dreambolt_steps.warehouses.parquet_files import ParquetFiles
from dreambolt_steps.warehouses.s3_staging.bucket import split_url
from dreambolt_steps.warehouses.s3_staging.upload import StagedFile
from dreambolt_steps.warehouses.statement import Statement


@dataclass(frozen=True)
class Delivery:
    """How files get into Firebolt.

    Args:
        facts: the files as Firebolt will see them.
        staged: what has to be staged first.
        folder: s3://bucket/prefix/<load>/ that belongs to this load alone; None without staging.
        errors: folder for rows that are left out; None where there is no place for one.
    """

    facts: FileFacts
    staged: tuple[StagedFile, ...] = ()
    folder: str | None = None
    errors: str | None = None
    urls: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()


def plan_delivery(
    load: Load,
    files: ParquetFiles,
    settings: FireboltSettings,
    *,
    staging: str | None = None,
    upload: bool = False,
    fingerprints: Sequence[str] = (),
) -> Delivery:
    """Decide how the files of a load get into Firebolt: from where they are on S3, staged there, or
    sent along with the statement (Firebolt Core).

    Args:
        load: what is asked for.
        files: their footers.
        settings: where Firebolt is.
        staging: s3://bucket/prefix/ to stage below.
        upload: send the files along.
        fingerprints: of the files' content, where they are known.

    Raises:
        SchemaError: Firebolt has no type for a column.
        CredentialError: nothing says where to stage.
        UsageError: some files are on S3 and others here, or the managed service is to take uploads.
    """
    remote = [path.startswith("s3://") for path in files.paths]
    if any(remote) != all(remote):
        raise UsageError("some files are on S3 and others here; load them by two loads")
    columns = {
        name: name_type(kind, name)
        for name, kind in zip(files.schema.names, files.schema.types, strict=True)
    }
    if FILE_COLUMN in columns:
        raise SchemaError(
            f"column {FILE_COLUMN!r} is added by the load; rename it before exporting"
        )
    dims = {
        field.name: field.type.list_size
        for field in files.schema
        if pa.types.is_fixed_size_list(field.type) and is_vector(columns[field.name])
    }
    known = list(fingerprints) or [_fingerprint(path, size) for path, size in _measure(files)]
    told = "\n".join([load.load_id, load.table, *known])
    tag = xxhash.xxh3_128_hexdigest(told.encode())

    metadata = describe_load(load, files.metadata, columns)

    def tell(names: Sequence[str], prefix: str, *, own: bool) -> FileFacts:
        rows = dict(zip(names, files.rows, strict=True))
        return FileFacts(columns, dims, rows, prefix, own=own, metadata=metadata)

    errors = f"{staging}{tag}-rejects/" if staging else None
    if all(remote):
        names = [split_url(path)[1] for path in files.paths]
        prefix = os.path.commonprefix(names)  # noqa: RUF071 (names that begin alike, not folders)
        return Delivery(tell(names, prefix, own=False), errors=errors, urls=files.paths)
    parts = [f"part.{at:05d}.parquet" for at in range(len(files.paths))]
    if upload:
        if settings.core_url is None:
            raise UsageError("the managed service of Firebolt takes no uploads; stage files on S3")
        facts = tell([f"{tag}/{part}" for part in parts], f"{tag}/", own=True)
        return Delivery(facts, paths=tuple(Path(path) for path in files.paths))
    if staging is None:
        hint = ", or load into a Firebolt Core with upload" if settings.core_url else ""
        raise CredentialError(
            "Firebolt: FIREBOLT_STAGING not set; set it to s3://bucket/prefix/, where files are"
            f" staged{hint}"
        )
    folder = f"{staging}{tag}/"
    prefix = split_url(folder)[1]
    staged = tuple(
        StagedFile(Path(path), folder + part, size, fingerprint)
        for path, part, size, fingerprint in zip(
            files.paths, parts, files.bytes, known, strict=True
        )
    )
    facts = tell([prefix + part for part in parts], prefix, own=True)
    return Delivery(facts, staged, folder, errors, (folder,))


def render_deliveries(
    delivery: Delivery,
    settings: FireboltSettings,
    table: str,
    *,
    tracks: bool,
    max_errors: int = 0,
) -> list[Step]:
    """Render the statements that bring the files into a table.

    Args:
        delivery: how.
        settings: how the engine reads S3.
        table: the target.
        tracks: whether the target has the column for the file of a row.
        max_errors: rows of one file that may be left out.
    """
    columns = list(delivery.facts.columns)
    column = FILE_COLUMN if tracks else None
    if delivery.paths:
        names = list(delivery.facts.rows)
        return [
            Step(
                "bring",
                Statement((render_upload(table, columns, f"part{at}", column, name),)),
                (f"part{at}", path),
            )
            for at, (path, name) in enumerate(zip(delivery.paths, names, strict=True))
        ]
    return [
        Step(
            "bring",
            render_copy(
                table,
                columns,
                url,
                settings.access,
                file_column=column,
                max_errors=max_errors,
                error_url=delivery.errors,
            ),
        )
        for url in delivery.urls
    ]


def check_not_null(load: Load, files: ParquetFiles, names: Sequence[str]) -> None:
    """Check that columns which shall not be NULL are not, as far as the files tell.

    Raises:
        SchemaError: names the column.
    """
    for name in names:
        if name in files.schema.names and files.nulls.get(name):
            raise SchemaError(
                f"column {name!r} of table {load.table} is part of its key, index or partition, and"
                f" NULL in {files.nulls[name]:,} rows; fill it, or choose other columns"
            )


def check_errors(delivery: Delivery, settings: FireboltSettings) -> None:
    """Check that what Firebolt leaves out can be read back.

    Raises:
        UsageError: there is no place for it, or Firebolt could not write there.
    """
    if delivery.errors is None or delivery.paths:
        raise UsageError(
            "max_errors_per_file needs a place on S3 where Firebolt writes what it leaves out; set"
            " FIREBOLT_STAGING, and load without upload"
        )
    if settings.access.location:  # a statement with a LOCATION may bring no credentials along
        raise UsageError(
            f"max_errors_per_file: with the LOCATION {settings.access.location} Firebolt has no"
            " credentials to write what it leaves out; unset FIREBOLT_LOCATION for this load"
        )


def _measure(files: ParquetFiles) -> list[tuple[str, int]]:
    return list(zip(files.paths, files.bytes, strict=True))


def _fingerprint(path: str, size: int) -> str:
    """Of a file here: xxh3-128 of its bytes; of an object: its name and size."""
    if path.startswith("s3://"):
        return f"{path}\n{size}"
    digest = xxhash.xxh3_128()
    with Path(path).open("rb") as file:
        while chunk := file.read(2**22):
            digest.update(chunk)
    return digest.hexdigest()
