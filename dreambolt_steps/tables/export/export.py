"""A stream of record batches written to Parquet so that a reader never sees half of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import pyarrow as pa
import xxhash

from dreambolt_steps.arguments.warehouse import (
    DEFAULT_MAX_FILE_BYTES,
    DEFAULT_ROW_GROUP_ROWS,
    Compression,
)
from dreambolt_steps.errors import UsageError
from dreambolt_steps.local_path import read_local_path
from dreambolt_steps.tables.export.manifest import (
    FORMAT_KEY,
    METADATA_PREFIX,
    check_file,
    check_folder,
    write_manifest,
)
from dreambolt_steps.tables.export.parquet_part import explain_failure
from dreambolt_steps.tables.export.parquet_parts import ExportedFile, group_rows, write_parts
from dreambolt_steps.tables.export.publish import publish_folder, stage_folder, sync_folder
from dreambolt_steps.unknown_names import tell_known

COMPRESSIONS: tuple[str, ...] = get_args(Compression)


def write_parquet(
    reader: pa.RecordBatchReader,
    path: str | Path,
    *,
    compression: str = "zstd",
    level: int | None = None,
    row_group_rows: int = DEFAULT_ROW_GROUP_ROWS,
    max_file_bytes: int | None = DEFAULT_MAX_FILE_BYTES,
    metadata: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> list[ExportedFile]:
    """Write every row, in order, to one file or to a folder of files.

    A path that ends in .parquet becomes one file, whatever its size. Any other path becomes a
    folder of `part-00000-<tag>.parquet`, .. and a `_manifest.json`; the tag comes from the content,
    so a reader that listed one export never opens files of another. An earlier export is replaced
    in one step; until then, and after any failure, readers see the old one, so the disk has to hold
    both for a moment.

    Args:
        reader: the rows. Its schema's own metadata is not written (it names a run, not the data).
        path: a file name ending in .parquet, or a folder; parents are made.
        compression: zstd (default), snappy, gzip, lz4, brotli or none.
        level: the compressor's level; None (default) is its own default.
        row_group_rows: most rows in a row group; one that reaches 64 MiB in memory ends earlier.
        max_file_bytes: bytes after which a folder's next file begins; None: one file. A file always
            holds at least one row group.
        metadata: pairs for every file's key-value metadata, written as `dreambolt.<key>`.
        on_progress: called with the number of rows written so far.

    Returns: the files, in row order; zero rows give one file that holds the schema.

    Raises:
        ExportError: the place can't be written or holds files of somebody else, the disk is full,
            or a column has a type that Parquet lacks.
        UsageError: an unknown compression, or a size below 1.

    Example:
        files = write_parquet(table.to_reader(), "out/players", metadata={"source": fingerprint})
    """
    if compression not in COMPRESSIONS:
        raise UsageError(
            f"unknown Parquet compression {compression!r}; {tell_known(compression, COMPRESSIONS)}"
        )
    if row_group_rows < 1 or (max_file_bytes is not None and max_file_bytes < 1):
        raise UsageError("row_group_rows and max_file_bytes have to be at least 1")
    target = read_local_path(path, "an export").absolute()
    single = target.suffix == ".parquet"
    if not single and target.is_symlink():
        target = target.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        (check_file if single else check_folder)(target)
        pairs = {FORMAT_KEY: "1"}
        pairs |= {METADATA_PREFIX + key: value for key, value in (metadata or {}).items()}
        options = {"compression": compression, "compression_level": level}
        with stage_folder(target) as folder:
            files = write_parts(
                group_rows(reader, row_group_rows, on_progress),
                reader.schema.with_metadata(pairs),
                folder,
                max_file_bytes=None if single else max_file_bytes,
                options=options,
            )
            if single:
                Path(files[0].path).replace(target)
                sync_folder(target.parent)
                return [_move(files[0], target)]
            return _publish_parts(files, folder, target, pairs)
    except OSError as error:
        if error.filename is None:  # not from a path of ours: the reader failed
            raise
        raise explain_failure(error, target) from error


def verify_export(files: Iterable[ExportedFile]) -> list[str]:
    """Say what is wrong with an earlier export: files that are gone or of another size.

    Args:
        files: what `write_parquet` returned.

    Returns: one line for each file that is not as it was written; empty when all are.

    Example:
        if not verify_export(files):
            print("all there")
    """
    problems = []
    for file in files:
        try:
            size = Path(file.path).stat().st_size
        except OSError as error:
            problems.append(f"{file.path}: {(error.strerror or str(error)).lower()}")
            continue
        if size != file.bytes:
            problems.append(f"{file.path}: {size:,} bytes, written with {file.bytes:,}")
    return problems


def _publish_parts(
    files: list[ExportedFile], folder: Path, target: Path, pairs: Mapping[str, str]
) -> list[ExportedFile]:
    tag = xxhash.xxh3_64_hexdigest("".join(file.fingerprint for file in files).encode())[:8]
    final = []
    for file in files:
        name = f"{Path(file.path).stem}-{tag}.parquet"
        Path(file.path).rename(folder / name)
        final.append(_move(file, target / name))
    listed = [asdict(file) | {"path": Path(file.path).name} for file in final]
    write_manifest(folder, listed, pairs)
    sync_folder(folder)
    check_folder(target)  # again: writing may have taken hours
    publish_folder(folder, target)
    return final


def _move(file: ExportedFile, path: Path) -> ExportedFile:
    return ExportedFile(path, file.rows, file.bytes, file.fingerprint)


__all__ = [
    "DEFAULT_MAX_FILE_BYTES",
    "DEFAULT_ROW_GROUP_ROWS",
    "METADATA_PREFIX",
    "ExportedFile",
    "verify_export",
    "write_parquet",
]
