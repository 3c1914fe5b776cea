"""What the values of a spreadsheet do not show: error cells, formulas that nobody computed, merged
cells. Looked up in the file's own XML, where it is .xlsx or .ods."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from defusedxml.ElementTree import fromstring

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.expand import FREE_BYTES, MAX_RATIO

_CHUNK_BYTES = 4 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_CELL = re.compile(rb"<c\s([^>]*?)>(.*?)</c>", re.DOTALL)
_CELL_NAME = re.compile(rb'\br="([A-Z]+\d+)"')
_VALUE = re.compile(rb"<(?:v|is)>[^<]*[^<\s]|<is>.*<t")
_ODS_TABLE = re.compile(rb'<table:table\s[^>]*?table:name="([^"]*)"|<table:table-cell\s([^>]*)>')
_ODS_SPAN = re.compile(rb'table:number-(?:rows|columns)-spanned="(?!1")')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass
class Oddities:
    """Counts, each with the first cell's name where it is known.

    Attributes:
        errors: cells such as #N/A, which are read as NULL.
        uncomputed: formulas whose value is not in the file.
        merged: merged ranges of an .ods; other formats tell theirs otherwise.
    """

    errors: int = 0
    first_error: str = ""
    uncomputed: int = 0
    first_uncomputed: str = ""
    merged: int = 0

    def tell(self) -> Iterator[str]:
        """Say it in plain sentences."""
        if self.errors:
            yield f"{_count(self.errors, 'error cell', self.first_error)} read as NULL"
        if self.uncomputed:
            told = _count(self.uncomputed, "formula", self.first_uncomputed)
            yield f"{told} without a value, read as NULL; save the file in a spreadsheet program"
        if self.merged:
            told = _count(self.merged, "merged range", "")
            yield f"{told}, whose value stands in the first cell only"


def find_oddities(path: Path, sheet: str) -> Oddities:
    """Look for oddities in one sheet; none are found in an .xls, which is no zip."""
    found = Oddities()
    if zipfile.is_zipfile(path):
        # What is damaged though the values could be read hides no more than oddities.
        with suppress(*_DAMAGE), zipfile.ZipFile(path) as opened:
            _search(opened, sheet, found)
    return found


def check_zip_size(path: Path, max_expanded_bytes: int | None) -> None:
    """Refuse a spreadsheet that unpacks to more than it may, whatever sizes its zip tells.

    Raises: SourceError naming the limit and the argument that raises it.
    """
    if not zipfile.is_zipfile(path):
        return
    limit = max_expanded_bytes or max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
    with zipfile.ZipFile(path) as opened, path.open("rb") as handle:
        total = sum(entry.file_size for entry in opened.infolist())
        for entry in opened.infolist() if total <= limit else ():
            if entry.compress_type == zipfile.ZIP_DEFLATED:
                total += max(0, _measure(handle, entry, limit) - entry.file_size)
    if total > limit:
        raise SourceError(
            f"{path}: unpacks to {total:,} bytes, more than {limit:,}; raise max_expanded_bytes "
            "to read it"
        )


def _measure(handle: IO[bytes], entry: zipfile.ZipInfo, limit: int) -> int:
    """Count what an entry unpacks to, up to just over the limit."""
    handle.seek(entry.header_offset + 26)
    names = handle.read(4)
    handle.seek(int.from_bytes(names[:2], "little") + int.from_bytes(names[2:], "little"), 1)
    unpacker, size, left = zlib.decompressobj(-15), 0, entry.compress_size
    try:
        while size <= limit and not unpacker.eof:
            packed = unpacker.unconsumed_tail
            if not packed:
                packed = handle.read(min(left, 1 << 16))
                left -= len(packed)
                if not packed:
                    break
            size += len(unpacker.decompress(packed, _CHUNK_BYTES))
    except zlib.error:
        return size  # the reader says what is damaged
    return size


def find_part(opened: zipfile.ZipFile, sheet: str) -> str:
    """The name of a sheet's XML within an .xlsx."""
    try:
        book = fromstring(opened.read("xl/workbook.xml"))
        relations = fromstring(opened.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, SyntaxError):
        return ""
    wanted = next((one.get(_RELATION) for one in book.iter() if one.get("name") == sheet), None)
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    target = str(targets.get(wanted, ""))
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _search(opened: zipfile.ZipFile, sheet: str, found: Oddities) -> None:
    names = set(opened.namelist())
    if "content.xml" in names:
        with opened.open("content.xml") as content:
            _search_ods(content, sheet, found)
    elif (part := find_part(opened, sheet)) in names:
        with opened.open(part) as content:
            _search_xlsx(content, found)


def _search_xlsx(content: IO[bytes], found: Oddities) -> None:
    carry = b""
    while chunk := content.read(_CHUNK_BYTES):
        text = carry + chunk
        cut = text.rfind(b"</c>") + 4 if b"</c>" in text else 0
        carry = text[cut:] if len(text) - cut < 4 * _CHUNK_BYTES else b""
        part = text[:cut]
        if b"<f" not in part and b't="e"' not in part:
            continue
        for cell in _CELL.finditer(part):
            is_error = b't="e"' in cell[1]
            if not is_error and (b"<f" not in cell[2] or _VALUE.search(cell[2])):
                continue
            named = _CELL_NAME.search(cell[1])
            name = named[1].decode() if named else ""
            if is_error:
                found.errors += 1
                found.first_error = found.first_error or name
            else:
                found.uncomputed += 1
                found.first_uncomputed = found.first_uncomputed or name


def _search_ods(content: IO[bytes], sheet: str, found: Oddities) -> None:
    carry, inside = b"", False
    while chunk := content.read(_CHUNK_BYTES):
        text = carry + chunk
        cut = text.rfind(b">") + 1
        carry = text[cut:] if len(text) - cut < 4 * _CHUNK_BYTES else b""
        for match in _ODS_TABLE.finditer(text[:cut]):
            if match[2] is None:
                inside = match[1].decode(errors="replace") == sheet
            elif inside:
                cell = match[2]
                found.errors += b'value-type="error"' in cell
                is_formula = b"table:formula=" in cell
                found.uncomputed += is_formula and b"value-type=" not in cell
                found.merged += _ODS_SPAN.search(cell) is not None


def _count(count: int, what: str, first: str) -> str:
    many = f"{count:,} {what}{'s' if count > 1 else ''}"
    return f"{many} (the first in {first})" if first else many
