"""The files that a contract's columns refer to: found, identified, read a column at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from dreambolt_steps.contracts.contract import Contract, Reference
from dreambolt_steps.errors import UnknownColumnError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import SourceFile, fingerprint_source, resolve_source
from dreambolt_steps.tables.naming import clean_names
from dreambolt_steps.unknown_names import tell_known


class ReferenceFiles:
    """The references of one contract.

    A relative path is one beside the contract's file; for a contract that is no file, below the
    working folder. Whatever `LoadTable` reads may be referred to.
    """

    def __init__(self, contract: Contract, folder: Path) -> None:
        """Nothing is read yet; `folder` is that of the contract."""
        self._contract = contract
        self._folder = folder
        self._spool = TemporaryDirectory(prefix="dreambolt-")  # of remote files

    @cached_property
    def _files(self) -> dict[str, list[SourceFile]]:
        named = [column.references.file for column in self._contract.columns if column.references]
        return {name: resolve_source(self._locate(name)) for name in named}

    def identify(self) -> dict[str, str]:
        """What the check depends on: the content of the files.

        Raises: SourceError: a file is missing or can't be read.
        """
        return {name: fingerprint_source(files) for name, files in self._files.items()}

    def open(self, reference: Reference) -> pa.RecordBatchReader:
        """The values there are, as a stream of one column.

        Raises: UsageError: the file has no such column; SourceError: it can't be read.
        """
        paths = [fetch_file(file, self._spool.name) for file in self._files[reference.file]]
        reader = read_table(paths).reader
        names = reader.schema.names
        clean = clean_names(names)
        wanted = reference.column
        if wanted not in names and wanted not in clean:
            raise UnknownColumnError(
                f"{self._contract.origin}: {reference.file} has no column {wanted!r} to refer to; "
                f"{tell_known(wanted, clean)}"
            )
        at = names.index(wanted) if wanted in names else clean.index(wanted)
        schema = pa.schema([reader.schema.field(at)])

        def iterate() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                yield pa.RecordBatch.from_arrays([batch.column(at)], schema=schema)

        return pa.RecordBatchReader.from_batches(schema, iterate())

    def _locate(self, name: str) -> str:
        if "://" in name or Path(name).expanduser().is_absolute():
            return name
        return str(self._folder / name)
