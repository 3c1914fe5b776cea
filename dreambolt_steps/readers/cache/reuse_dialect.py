"""Files of one folder are mostly written alike: the dialect of the first is tried on the others
before each is looked at for itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dreambolt_steps.readers.cache.file_cache import CachedFile, FileCache
from dreambolt_steps.readers.cache.templates import KnownForms
from dreambolt_steps.readers.csv.sniff.dialect import Dialect
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import FileReport
from dreambolt_steps.sources.source_file import SourceFile

_TOLD = ("delimiter", "quote", "escape", "header", "skip")


def keep_file(
    cache: FileCache,
    key: str,
    path: str | os.PathLike[str],
    arguments: dict[str, Any],
    *,
    alike: FileReport | None = None,
    forms: KnownForms | None = None,
    check: Callable[[], None] | None = None,
) -> CachedFile:
    """Read a file into the cache.

    The dialect of another file is taken where it gives the same header, and every row fits; that
    spares the search for a dialect, which costs more than reading a small file. The encoding is
    found for each file.

    Args:
        cache: where it is kept.
        key: under which.
        path: the local file.
        arguments: of `read_table`.
        alike: another file, which may be written alike.
        forms: of files that were read with the same arguments; what is learned of this one is
            added.
        check: called when all is read; what it raises keeps the file out of the cache.

    Raises: as `read_table`.
    """
    forms = forms or KnownForms()
    source: SourceFile | None = next(iter(arguments.get("sources") or ()), None)
    name, shown = (source.own_name, source.shown) if source else (Path(path).name, str(path))
    if found := forms.read(Path(path), name, shown):
        return cache.keep_batch(key, *found, check)
    told = _tell_dialect(alike)
    if alike is not None and told:
        given = {name: value for name, value in arguments.items() if value is not None}
        read = read_table(path, **{**arguments, **told, **given})
        if [file.columns for file in read.files] == [alike.columns]:
            cached = cache.keep(key, read, check)
            if not any(report.rejected for report in cached.reports):
                forms.learn(read, name)
                return cached
    read = read_table(path, **arguments)
    cached = cache.keep(key, read, check)
    forms.learn(read, name)
    return cached


def _tell_dialect(report: FileReport | None) -> dict[str, Any]:
    """The dialect as arguments of `read_table`; nothing for one that has no names to compare, or
    that these arguments don't tell whole."""
    dialect = report.dialect if report else None
    if dialect is None or not dialect.header:
        return {}
    told = {name: getattr(dialect, name) for name in _TOLD}
    return told if Dialect(**told, encoding=dialect.encoding) == dialect else {}
