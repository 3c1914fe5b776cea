"""Reads one XML file: each record element a row, every column text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import Element

import pyarrow as pa

from dreambolt_steps.errors import SourceError, UnknownNameError
from dreambolt_steps.readers.text.transcode import rewrite_as_utf8
from dreambolt_steps.readers.xml.names import find_prefixed_names, rename_element
from dreambolt_steps.readers.xml.parser import iterate_events, local_name
from dreambolt_steps.readers.xml.row import Row, fill_row, plan_rows, write_arrays
from dreambolt_steps.readers.xml.shape import ElementStats, Place, find_records, survey
from dreambolt_steps.tables.naming import unique_names
from dreambolt_steps.tables.rejects.schema import Reject
from dreambolt_steps.unknown_names import tell_known

_BATCH_ROWS = 16_384
_BATCH_CELLS = 1 << 19
# What the parser decodes by itself; the rest of Python's codecs are rewritten first.
_OWN_ENCODINGS = {"utf-8", "utf8", "utf-16", "iso-8859-1", "us-ascii", "ascii"}
_DECLARATION = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")


class XmlFile:
    """One XML file, looked through once, ready to be read once.

    Attributes:
        original_names: attributes and children of the records, nested ones dotted; with their
            prefix where others differ from them in their namespace alone.
        schema: every column text; what repeats within a record is a JSON array.
        arguments: the record as it was found.
        findings: which elements are the rows, and what stands outside of them.
    """

    def __init__(
        self, path: Path, spool: Path, *, record: str | None = None, encoding: str | None = None
    ) -> None:
        """Look through the file for its records.

        Args:
            path: a local file.
            spool: folder for a copy in UTF-8, if one is needed.
            record: the record element: a name, or a path such as "orders/order"; default: the one
                that repeats most below one parent.
            encoding: default: what the file declares.

        Raises: SourceError (not well-formed, a DTD or entities, no such record, undecodable).
        """
        self._path, self._encoding = path, None
        declared = encoding or _find_declared(path)
        if declared and declared.lower() not in _OWN_ENCODINGS:
            self._path = rewrite_as_utf8(path, declared, spool)
            self._encoding = "utf-8"
        elif encoding:
            self._encoding = encoding
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: is empty (0 bytes), not an XML file; check the source")
        self._names = find_prefixed_names(self._path, self._encoding)
        stats = survey(self._path, self._encoding, self._names)
        self._records = _choose_records(stats, record, path)
        found = self._records[0]
        self._plan, names = plan_rows(_merge(stats, self._records), found)
        self.original_names = tuple(names)
        self.schema = pa.schema([(name, pa.string()) for name in unique_names(names)])
        self.arguments = {"record": "/".join(found)}
        self.findings = tuple(_tell(stats, self._records, given=record is not None))

    def iterate_batches(self, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the records in the file's order.

        Raises: SourceError when the file is not well-formed.
        """
        size = max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(self.schema)))
        rows = islice(self._iterate_rows(), limit)
        while batch := list(islice(rows, size)):
            yield self._build_batch(batch)

    def iterate_rejects(self) -> Iterator[Reject]:
        """Nothing is ever rejected: XML is well-formed as a whole or not at all."""
        return iter(())

    def close(self) -> None:
        """Nothing is held open between two batches."""

    def _iterate_rows(self) -> Iterator[Row]:
        place: list[str] = []
        records = set(self._records)
        depth = 0  # of the record that is open
        parents: list[Element] = []
        for event, element in iterate_events(self._path, self._encoding):
            if event == "start":
                rename_element(element, self._names)
                place.append(local_name(element.tag))
                parents.append(element)
                if not depth and tuple(place) in records:
                    depth = len(place)
                continue
            if depth == len(place):
                row: Row = [None] * len(self.schema)
                fill_row(element, self._plan, row)
                yield write_arrays(row)
                depth = 0
            place.pop()
            parents.pop()
            if not depth and parents:
                parents[-1].remove(element)

    def _build_batch(self, rows: list[Row]) -> pa.RecordBatch:
        arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _find_declared(path: Path) -> str | None:
    with path.open("rb") as handle:
        head = handle.read(200)
    found = _DECLARATION.match(head.lstrip())
    return found[1].decode() if found else None


def _choose_records(
    stats: dict[Place, ElementStats], record: str | None, path: Path
) -> list[Place]:
    if record is None:
        return [find_records(stats)]
    wanted = tuple(part for part in record.split("/") if part)
    found = [place for place in stats if place[-len(wanted) :] == wanted]
    outermost = [place for place in found if not any(place[: len(o)] == o != place for o in found)]
    if not outermost:
        likely = sorted(stats, key=lambda place: -stats[place].siblings)[:5]
        shown = ["/".join(place) for place in likely]
        raise UnknownNameError(f"{path}: has no element {record!r}; {tell_known(record, shown)}")
    return outermost


def _merge(stats: dict[Place, ElementStats], records: list[Place]) -> dict[Place, ElementStats]:
    """What is known below the records, as if all stood at the first one's place."""
    merged: dict[Place, ElementStats] = {}
    for record in records:
        for place, one in stats.items():
            if place[: len(record)] == record:
                found = merged.setdefault(records[0] + place[len(record) :], ElementStats(0, 0))
                found.count += one.count
                found.siblings = max(found.siblings, one.siblings)
                found.attributes.update(one.attributes)
                found.has_text = found.has_text or one.has_text
    return merged


def _tell(stats: dict[Place, ElementStats], records: list[Place], *, given: bool) -> Iterator[str]:
    if not given:
        place = records[0]
        told = f"rows are the {stats[place].count:,} elements {'/'.join(place)}"
        yield f"{told}; record=... names others"
    outside = [
        place
        for place, one in stats.items()
        if not any(place[: len(r)] == r for r in records) and (one.attributes or one.has_text)
    ]
    if outside:
        more = f" and {len(outside) - 1:,} more" if len(outside) > 1 else ""
        yield f"outside of the rows, and not read: {'/'.join(outside[0])}{more}"
