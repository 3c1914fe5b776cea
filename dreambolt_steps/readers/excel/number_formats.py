"""Columns of an .xlsx whose numbers are shown with zeros in front: postcodes, article numbers."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from defusedxml.ElementTree import fromstring

from dreambolt_steps.readers.excel.grid import parse_cells
from dreambolt_steps.readers.excel.hidden_cells import find_part

_CHUNK_BYTES = 4 << 20
_ZEROS = re.compile("0{2,18}")
_CELL = re.compile(rb"<c\s([^>]*?)>(?:<v>|<f)")
_PLACE, _STYLE = re.compile(rb'\br="([A-Z]+)\d+"'), re.compile(rb'\bs="(\d+)"')
_TEXT_KINDS = (b't="s"', b't="str"', b't="inlineStr"', b't="b"', b't="e"')


def find_padded_columns(path: Path, sheet: str) -> dict[int, int]:
    """Find the columns all of whose numbers have one number format of nothing but zeros.

    Args:
        path: a spreadsheet; only of an .xlsx anything is found.
        sheet: its name.

    Returns: number of the column, from 0 -> digits that are shown at least.
    """
    if not zipfile.is_zipfile(path):
        return {}
    try:
        with zipfile.ZipFile(path) as opened:
            widths = _read_widths(opened)
            part = find_part(opened, sheet) if any(widths) else ""
            if part not in opened.namelist():
                return {}
            with opened.open(part) as content:
                found = _gather(content, widths)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, SyntaxError, KeyError):
        return {}  # what is damaged though the values could be read hides no more than formats
    return {
        parse_cells(f"{letters}1").left: width
        for letters, kinds in found.items()
        for width in kinds
        if width and len(kinds) == 1
    }


def _read_widths(opened: zipfile.ZipFile) -> list[int]:
    """By number of a cell's style, the zeros of its format; 0 for any other format."""
    if "xl/styles.xml" not in opened.namelist():
        return []
    root = fromstring(opened.read("xl/styles.xml"))
    space = root.tag.rpartition("}")[0] + "}" if "}" in root.tag else ""
    formats = {
        one.get("numFmtId"): len(one.get("formatCode", ""))
        for one in root.iter(f"{space}numFmt")
        if _ZEROS.fullmatch(one.get("formatCode", ""))
    }
    styles = root.find(f"{space}cellXfs")
    return [formats.get(one.get("numFmtId"), 0) for one in (styles if styles is not None else ())]


def _gather(content: IO[bytes], widths: list[int]) -> dict[str, set[int]]:
    """The widths of the number cells of each column, by its letters."""
    found: dict[str, set[int]] = {}
    carry = b""
    while chunk := content.read(_CHUNK_BYTES):
        text = carry + chunk
        cut = max(text.rfind(b"<c "), 0)
        _count(text[:cut], widths, found)
        carry = text[cut:]
    _count(carry, widths, found)
    return found


def _count(text: bytes, widths: list[int], found: dict[str, set[int]]) -> None:
    for cell in _CELL.finditer(text):
        place = _PLACE.search(cell[1])
        if place is None or any(kind in cell[1] for kind in _TEXT_KINDS):
            continue
        style = _STYLE.search(cell[1])
        number = int(style[1]) if style else 0
        width = widths[number] if number < len(widths) else 0
        found.setdefault(place[1].decode(), set()).add(width)
