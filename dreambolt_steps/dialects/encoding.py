"""How a text file is encoded: looked at from the first byte to the last, and rewritten as UTF-8
where it is not."""

from __future__ import annotations

import codecs
import struct
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from charset_normalizer import from_bytes

from dreambolt_steps.errors import SourceError

_CHUNK_BYTES = 4 << 20
_SAMPLE_BYTES = 128 << 10
# The longer BOM first: UTF-32-LE begins like UTF-16-LE.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What browsers accept (the WHATWG list): old DOS and Mac code pages only invite wrong guesses.
_LEGACY_ENCODINGS = [
    *(f"cp{number}" for number in (1252, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258, 874)),
    *("shift_jis", "cp932", "euc_jp", "euc_kr", "gb18030", "big5", "koi8_r", "koi8_u"),
    *(f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
]
_SIGNATURES = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh", "a bzip2 archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
)


@dataclass(frozen=True)
class TextScan:
    """What one pass over a text file found.

    Attributes:
        encoding: Python codec name; "utf-8" and "utf-8-sig" need no rewriting.
        confidence: 0 to 1; 1 where the encoding was told, or a BOM or valid UTF-8 proves it.
        mixed_newlines: more than one of CR LF, LF and CR occurs (perhaps inside quotes only).
    """

    encoding: str
    mixed_newlines: bool
    confidence: float = 1.0


def scan_text(path: Path, encoding: str | None = None) -> TextScan:
    """Find a text file's encoding by reading all of it: BOM, then strict UTF-8, then
    charset-normalizer on a sample.

    Args:
        path: a local file.
        encoding: the encoding if it is known; then only checked to be a codec's name.

    Raises: SourceError for an empty file, a known binary format, a NUL byte, an encoding nobody
    knows.
    """
    if encoding is not None:
        try:
            encoding = codecs.lookup(encoding).name
        except LookupError as error:
            raise SourceError(
                f"{path}: {encoding!r} is no encoding; try utf-8 or cp1252"
            ) from error
    with path.open("rb") as handle:
        head = handle.read(4096)
    _check_head(path, head)
    found = encoding or _find_wide_encoding(head)
    if found and not found.startswith("utf-8"):
        return TextScan(found, mixed_newlines=True)
    bad_byte, mixed = _scan_bytes(path)
    if bad_byte is None:
        return TextScan(found or "utf-8", mixed)
    if encoding is not None:
        raise SourceError(_say_undecodable(path, bad_byte, encoding))
    guess, confidence = _guess_encoding(path, bad_byte)
    return TextScan(guess, mixed, confidence)


def transcode(path: Path, encoding: str, target: Path) -> None:
    """Write the text of `path` to `target` as UTF-8, without BOM, line ends untouched.

    Raises: SourceError naming the byte offset where the text is not valid in `encoding`.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK_BYTES):
            pending = len(decoder.getstate()[0])
            try:
                sink.write(decoder.decode(chunk).encode())
            except UnicodeDecodeError as error:
                offset = done - pending + error.start
                raise SourceError(_say_undecodable(path, offset, encoding)) from error
            done += len(chunk)
        try:
            sink.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError as error:
            raise SourceError(_say_undecodable(path, done, encoding)) from error


def _check_head(path: Path, head: bytes) -> None:
    if not head:
        raise SourceError(f"{path}: is empty (0 bytes); a table needs at least a header line")
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise SourceError(f"{path}: is {kind}, not delimited text; convert it or rename it")


def _find_wide_encoding(head: bytes) -> str | None:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if len(head) >= 4 and 0 in head:  # UTF-16 without a BOM: every other byte of Latin text is NUL
        even, odd = head[0::2], head[1::2]
        if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
            return "utf-16-be"
    return None


def _scan_bytes(path: Path) -> tuple[int | None, bool]:
    """Return (offset of the first byte that is not UTF-8 or None, mixed newlines); refuse NUL
    bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    bad_byte: int | None = None
    done = 0
    pair = lone_feed = lone_return = False
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            chunk += handle.readline(_SAMPLE_BYTES)  # no character, no CR LF is cut in two
            if chunk.endswith(b"\r"):
                chunk += handle.read(1)
            if (nul := chunk.find(0)) >= 0:
                raise SourceError(
                    f"{path}: byte {done + nul} is NUL, so this is no text file; check the format"
                )
            pending = len(decoder.getstate()[0])
            if bad_byte is None and (pending or not _is_utf8(chunk)):
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    bad_byte = done - pending + error.start
            if b"\r" in chunk:
                pairs = chunk.count(b"\r\n")
                pair = pair or pairs > 0
                lone_feed = lone_feed or chunk.count(b"\n") > pairs
                lone_return = lone_return or chunk.count(b"\r") > pairs
            else:
                lone_feed = lone_feed or b"\n" in chunk
            done += len(chunk)
    if bad_byte is None and (pending := len(decoder.getstate()[0])):
        bad_byte = done - pending
    return bad_byte, pair + lone_feed + lone_return > 1


def _is_utf8(chunk: bytes) -> bool:
    """Check with Arrow, ten times faster than decoding; a character cut at the end says no."""
    if chunk.isascii():
        return True
    offsets = pa.py_buffer(struct.pack("=ii", 0, len(chunk)))
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(chunk)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _guess_encoding(path: Path, bad_byte: int) -> tuple[str, float]:
    """Guess from the head and from where UTF-8 fails; Windows Latin wins where it gives the same
    text. Return the codec and charset-normalizer's confidence: 1 less the share of mess it saw."""
    with path.open("rb") as handle:
        sample = handle.read(_SAMPLE_BYTES)
        if bad_byte >= _SAMPLE_BYTES:
            handle.seek(max(bad_byte - _SAMPLE_BYTES // 2, 0))
            sample += handle.read(_SAMPLE_BYTES)
    best = from_bytes(sample, cp_isolation=_LEGACY_ENCODINGS).best()
    if best is None:
        raise SourceError(_say_undecodable(path, bad_byte, "utf-8"))
    name = "cp1252" if "cp1252" in best.could_be_from_charset else best.encoding
    return name, round(1 - best.percent_chaos / 100, 3)


def _say_undecodable(path: Path, offset: int, encoding: str) -> str:
    return f"{path}: byte {offset} is not valid {encoding}; name the file's encoding (encoding=...)"
