"""The forms of the files of a table that were read: most others begin with the same bytes and hold
nothing odd, and are read at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from dreambolt_steps.readers.csv.reader import DelimitedFile
from dreambolt_steps.readers.csv.template import DelimitedForm
from dreambolt_steps.readers.table.read_report import FileReport
from dreambolt_steps.readers.table.stream import TableRead
from dreambolt_steps.sources.suffixes import split_suffixes

_MOST_BYTES = 4 << 20  # finding out how a larger file is written costs little beside its rows
_MOST_FORMS = 8


@dataclass(frozen=True)
class _Known:
    """The form of a file, and what was reported of it."""

    form: DelimitedForm
    report: FileReport


class KnownForms:
    """What several threads have learned of the files of one table, all read with the same
    arguments."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[tuple[str, bytes], _Known] = {}  # by suffix of the name, and head

    def learn(self, read: TableRead, name: str) -> None:
        """Remember how a file is written, once it is read to its end.

        Args:
            read: the file.
            name: its own name; what is learned of a packed one helps with no other.
        """
        suffix, compression = split_suffixes(name)
        if compression or len(read.open_files) > 1 or len(self._known) >= _MOST_FORMS:
            return
        reader, (report,) = read.open_files[0].reader, read.report().files
        form = reader.find_form() if isinstance(reader, DelimitedFile) else None
        if form and not report.rejected:
            self._known[suffix, form.head] = _Known(form, report)

    def read(self, path: Path, name: str, shown: str) -> tuple[pa.RecordBatch, FileReport] | None:
        """Read a small file of a form that is known.

        Args:
            path: the local file.
            name: its own name: one of another suffix may be of another format.
            shown: what its report calls it.

        Returns: its rows and its report; None for any other file.
        """
        suffix, compression = split_suffixes(name)
        likely = [known for (other, _), known in list(self._known.items()) if other == suffix]
        if compression or not likely or path.stat().st_size > _MOST_BYTES:
            return None
        content = path.read_bytes()
        for known in likely:
            batch = known.form.read(content)
            if batch is not None:
                evidence = (f"begins as {known.report.file} does, and every row fits",)
                report = replace(known.report, file=shown, rows=batch.num_rows, evidence=evidence)
                return batch, report
        return None
