"""What format a file is of: its name's word, checked against its first bytes."""

from __future__ import annotations

import codecs
import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from dreambolt_steps.arguments.load_table import FileFormat
from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.json.reshape import find_prelude
from dreambolt_steps.sources.signatures import FOREIGN, has_signature
from dreambolt_steps.sources.suffixes import FORMAT_SUFFIXES, split_suffixes

FILE_FORMATS: tuple[str, ...] = get_args(FileFormat)
_HEAD_BYTES = 64 << 10
_MAGIC = {
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
    b"FEA1": "arrow",
    b"\xff\xff\xff\xff": "arrow",
    b"\xd0\xcf\x11\xe0": "excel",
}
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # begins as UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HTML = re.compile(r"(?:<!doctype html|<html|<head|<body|<table|<meta|<style)[\s>]", re.IGNORECASE)
_HTML_TABLE = re.compile(r"<table[\s>].*?<t[rhd][\s>]", re.IGNORECASE | re.DOTALL)
_SHEET_XML = "urn:schemas-microsoft-com:office:spreadsheet"
_ARCHIVE = re.compile(r"MIME-Version:|(?:Content-Type:\s*multipart/related)", re.IGNORECASE)
_SAVE = "open it in a spreadsheet program and save it as .xlsx"
_XML = re.compile(r"<\?xml[\s?]|<[A-Za-z_][\w.:-]*(?:\s[^<>]*)?/?>|<!--|<!DOCTYPE\s")
_OFFICE_PARTS = {"[Content_Types].xml", "mimetype"}


@dataclass(frozen=True)
class Detected:
    """The format of a file.

    Attributes:
        file_format: one of FILE_FORMATS.
        finding: where its content is not what its name says; "" otherwise.
    """

    file_format: str
    finding: str = ""


def detect_format(path: Path, name: str, encoding: str | None = None) -> Detected:
    """Find the format of an uncompressed file: by its name's suffix, unless its content is plainly
    another; by its content where the suffix says nothing.

    Args:
        path: a local file.
        name: its original name.
        encoding: of text, if it is known.

    Raises: SourceError for a format that is not read (PDF, HTML, ORC...), and for a JSON or XML
    file that is none.
    """
    suffix, _ = split_suffixes(name)
    said = FORMAT_SUFFIXES.get(suffix)
    with path.open("rb") as handle:
        head = handle.read(_HEAD_BYTES)
    if said in (None, "json", "jsonl") and find_prelude(head):
        seen: str | None = "json"
    else:
        seen = _look(path, head, encoding, is_sheet=said == "excel")
    if said is None:
        return Detected(seen or "csv", f"read as {seen or 'csv'}, by its content")
    if not head or seen == said or {seen, said} == {"json", "jsonl"}:
        return Detected(said)
    if seen is None:
        if said in ("json", "xml") and head.strip():
            raise SourceError(f"{path}: is not {said.upper()} (it begins with {_show(head)})")
        if said != "excel":  # Parquet and Arrow say themselves what is wrong
            return Detected(said)
        seen = "csv"
    if said == "jsonl" or (said in ("parquet", "arrow") and seen not in ("parquet", "arrow")):
        return Detected(said)
    return Detected(seen, f"is named {suffix}, but holds {seen}; read as {seen}")


def is_office_zip(path: Path, name: str) -> bool:
    """Tell whether a zip is a document rather than an archive: by its suffix, or by what is in
    it."""
    suffix, packed = split_suffixes(name)
    if packed == "zip":
        return False
    if FORMAT_SUFFIXES.get(suffix) == "excel":
        return True
    try:
        with zipfile.ZipFile(path) as opened:
            return not _OFFICE_PARTS.isdisjoint(opened.namelist())
    except (zipfile.BadZipFile, NotImplementedError):
        return False


def _look(path: Path, head: bytes, encoding: str | None, *, is_sheet: bool) -> str | None:
    """Name the format that the content shows; None where it may be delimited text."""
    for magic, found in _MAGIC.items():
        if has_signature(head, magic):
            return found
    for magic, kind in FOREIGN.items():
        if has_signature(head, magic):
            raise SourceError(f"{path}: is {kind}; convert it to a format that is read")
    if head[257:262] == b"ustar":
        raise SourceError(f"{path}: is a tar archive; unpack it first")
    if head.startswith(b"PK\x03\x04"):
        return _look_into_zip(path)
    text = _decode(head, encoding).lstrip()
    if text.startswith(("{", "[")):
        return _look_for_json(text, is_cut=len(head) == _HEAD_BYTES)
    if is_sheet:
        _refuse_sheet_text(path, text)
    if _HTML.match(text):
        raise SourceError(
            f"{path}: is an HTML page, not a table; name the file that the page offers, or save "
            "its table as CSV"
        )
    return "xml" if _XML.match(text) else None


def _refuse_sheet_text(path: Path, text: str) -> None:
    """Refuse by its true name what programs write as text under the name of a spreadsheet."""
    if _ARCHIVE.match(text):
        raise SourceError(f"{path}: is a web archive (MHTML) named as a spreadsheet; {_SAVE}")
    if text.startswith("<") and (_HTML.match(text) or _HTML_TABLE.search(text)):
        raise SourceError(f"{path}: is an HTML page named as a spreadsheet; {_SAVE}")
    if text.startswith("<") and _SHEET_XML in text:
        raise SourceError(f"{path}: is an XML spreadsheet of Excel 2003; {_SAVE}")


def _look_into_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise SourceError(f"{path}: Excel file truncated or damaged ({error})") from error
    for folder, kind in {"word/": "a Word document", "ppt/": "a presentation"}.items():
        if any(name.startswith(folder) for name in names):
            raise SourceError(f"{path}: is {kind}; convert it to a format that is read")
    return "excel"


def _look_for_json(text: str, *, is_cut: bool) -> str | None:
    """Tell JSON from a table whose first field begins with a bracket."""
    first, _, rest = text.partition("\n")
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        pretty = re.match(r'\{\s*"(?:[^"\\]|\\.)*"\s*:|\[\s*[\[{]|[\[{]\s*[\]}]', text)
        return "json" if pretty else None
    if isinstance(value, dict):
        return "jsonl" if rest.strip() or is_cut else "json"
    is_rows = isinstance(value, list) and (not rest.strip() or isinstance((*value, 0)[0], dict))
    return "json" if is_rows else None


def _decode(head: bytes, encoding: str | None = None) -> str:
    for bom, name in _BOMS.items():
        if head.startswith(bom):
            return head.decode(name, errors="ignore")
    try:
        return head.decode(encoding or "utf-8", errors="replace")
    except LookupError:  # the reader tells
        return head.decode("utf-8", errors="replace")


def _show(head: bytes) -> str:
    return repr(_decode(head).strip()[:20])
