"""The files of a source as one table, through the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

from dreambolt_steps.readers.cache.cached_read import CachedRead
from dreambolt_steps.readers.cache.file_cache import CachedFile, FileCache, name_key
from dreambolt_steps.readers.cache.reuse_dialect import keep_file
from dreambolt_steps.readers.cache.templates import KnownForms
from dreambolt_steps.readers.csv.sniff.dialect import DialectOverrides
from dreambolt_steps.readers.registry import FormatHints
from dreambolt_steps.readers.table.read_report import FileReport
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import SourceFile, check_unchanged


def read_files(
    files: Sequence[SourceFile],
    cache: FileCache,
    spool: Path,
    *,
    version: float,
    siblings: Sequence[SourceFile] = (),
    advance: Callable[[int], None] | None = None,
    **arguments: Any,
) -> CachedRead:
    """Read the files of a table, those that the cache does not have.

    A remote file is on this disk only while it is read. A file that changes meanwhile is an error,
    and nothing of it is kept.

    Args:
        files: of `resolve_source`.
        cache: where each is kept.
        spool: where remote ones are spooled.
        version: of the readers; another one reads everything again.
        siblings: files that are not read, but whose folders count when partition columns are typed.
        advance: called with the number of files that are known.
        arguments: of `read_table`.

    Raises: as `fetch_file` and `read_table`.
    """
    forms = KnownForms()
    keys = [name_file_key(file, version, arguments) for file in files]

    def read_file(index: int, alike: FileReport | None) -> CachedFile:
        file = files[index]
        path = fetch_file(file, spool, max_expanded_bytes=arguments["max_expanded_bytes"])
        told = {**arguments, "sources": [file], "spool": spool, "is_part": True}
        told["partitions"] = False  # they are typed over all files
        check = partial(check_unchanged, [file])
        try:
            return keep_file(cache, keys[index], path, told, alike=alike, forms=forms, check=check)
        finally:
            if path != Path(file.uri):
                path.unlink()

    read = CachedRead(
        keys,
        cache,
        read_file,
        schemas=arguments["schemas"],
        partitions=[file.partitions for file in files] if arguments["partitions"] else None,
        other_partitions=[file.partitions for file in siblings],
        advance=advance,
    )
    _check_told(arguments, [report.file_format for report in read.files])
    return read


def _check_told(arguments: dict[str, Any], formats: list[str]) -> None:
    """Refuse what is told and suits no file."""
    words = {field.name: arguments.get(field.name) for field in fields(DialectOverrides)}
    told = ("sheet", "cells", "record", "max_expanded_bytes")
    hints: dict[str, Any] = {name: arguments.get(name) for name in told}
    FormatHints(DialectOverrides(**words), **hints).check(formats)


def name_file_key(file: SourceFile, version: float, arguments: dict[str, Any]) -> str:
    """The key of a file in the cache: its name, its content and how it is read."""
    return name_key([file.uri, file.identity], {**arguments, "version": version})
