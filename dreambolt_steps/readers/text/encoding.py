"""How a text file is encoded: by its byte order mark, as UTF-8, or by a guess."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from dreambolt_steps.errors import SourceError
from dreambolt_steps.sources.signatures import FOREIGN, has_signature

_SAMPLE_BYTES = 128 << 10
_MOST_NULS = 0.1  # the share from which a file is binary; below it, its rows with NULs are rejected
_MOST_SURE = 0.95  # of a guess
# The longer BOM first: UTF-32-LE begins like UTF-16-LE.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
# What browsers accept (the WHATWG list): old DOS and Mac code pages only invite wrong guesses.
_LEGACY_ENCODINGS = [
    *(f"cp{number}" for number in (1252, 1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258, 874)),
    *("shift_jis", "cp932", "euc_jp", "euc_kr", "gb18030", "big5", "koi8_r", "koi8_u"),
    *(f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
]
_SIGNATURES = {
    **FOREIGN,
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"BZh": "a bzip2 archive",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True)
class TextEncoding:
    """How a text file is encoded.

    Attributes:
        name: as people write it.
        codec: Python's name for what follows the byte order mark.
        mark: length of the byte order mark.
        confidence: 0 to 1; 1 where it was told, or a byte order mark or UTF-8 itself proves it.
        bad_bytes: whether rows with bytes that are none of this encoding are to be rejected.
    """

    name: str
    codec: str
    mark: int = 0
    confidence: float = 1.0
    bad_bytes: bool = False

    @property
    def is_utf8(self) -> bool:
        """Whether the file can be read as it is."""
        return self.codec == "utf-8"


def find_encoding(path: Path, encoding: str | None = None) -> TextEncoding:
    """Find a text file's encoding by its head: BOM, then UTF-8, then charset-normalizer.

    UTF-8 is what the head says; a byte further down may say otherwise (`guess_encoding`).

    Args:
        path: a local file.
        encoding: the encoding if it is known; then only checked to be a codec's name.

    Raises: SourceError for an empty file, a known binary format, an encoding nobody knows.
    """
    if encoding is not None:
        try:
            encoding = codecs.lookup(encoding).name
        except LookupError as error:
            raise SourceError(
                f"{path}: {encoding!r} is no encoding; try utf-8 or cp1252"
            ) from error
    with path.open("rb") as handle:
        head = handle.read(_SAMPLE_BYTES)
    if not head:
        raise SourceError(f"{path}: is empty (0 bytes); a table needs at least a header line")
    for signature, kind in _SIGNATURES.items():
        if has_signature(head, signature):
            raise SourceError(f"{path}: is {kind}, not delimited text; convert it or rename it")
    found = _find_mark(head) or _find_wide_encoding(head)
    if encoding is not None:
        name = encoding.removesuffix("-sig")
        return found if found and name in (found.name, found.codec) else TextEncoding(name, name)
    if found:
        return found
    if (nul := head.find(0)) >= 0 and head.count(0) > _MOST_NULS * len(head):
        raise SourceError(f"{path}: byte {nul} is NUL, so this is no text file; check the format")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError as error:
        return guess_encoding(path, error.start)
    return TextEncoding("utf-8", "utf-8")


def guess_encoding(path: Path, bad_byte: int) -> TextEncoding:
    """Guess from the head and from where UTF-8 fails; Windows Latin wins where it gives the same
    text. Text of which many lines beyond ASCII are UTF-8 stays UTF-8.

    Returns: the codec, with charset-normalizer's confidence: 1 less the share of mess it saw.
    Raises: SourceError where nothing fits.
    """
    with path.open("rb") as handle:
        sample = handle.read(_SAMPLE_BYTES)
        if bad_byte >= _SAMPLE_BYTES:
            handle.seek(max(bad_byte - _SAMPLE_BYTES // 2, 0))
            sample += handle.read(_SAMPLE_BYTES)
    good, odd = _count_lines(sample)
    if good >= 3 and good >= 0.3 * odd:
        confidence = round(good / (good + odd), 3)
        return TextEncoding("utf-8", "utf-8", 0, min(confidence, _MOST_SURE), bad_bytes=True)
    best = from_bytes(sample, cp_isolation=_LEGACY_ENCODINGS).best()
    if best is None:
        raise SourceError(say_undecodable(path, bad_byte, "utf-8"))
    name = "cp1252" if "cp1252" in best.could_be_from_charset else best.encoding
    return TextEncoding(name, name, 0, min(round(1 - best.percent_chaos / 100, 3), _MOST_SURE))


def _count_lines(sample: bytes) -> tuple[int, int]:
    """Count the lines beyond ASCII that are UTF-8, and those that are not."""
    good = odd = 0
    for line in sample.splitlines()[:-1] or [sample]:
        if not line.isascii():
            try:
                line.decode()
                good += 1
            except UnicodeDecodeError:
                odd += 1
    return good, odd


def say_undecodable(path: Path, offset: int, encoding: str) -> str:
    """Say where a text is not valid in an encoding."""
    return f"{path}: byte {offset} is not valid {encoding}; name the file's encoding (encoding=...)"


def _find_mark(head: bytes) -> TextEncoding | None:
    for mark, name, codec in _BOMS:
        if head.startswith(mark):
            return TextEncoding(name, codec, len(mark))
    return None


def _find_wide_encoding(head: bytes) -> TextEncoding | None:
    """Find UTF-16 and UTF-32 without a byte order mark: the NULs of Latin text, digits and line
    ends stand at one place in each character."""
    nuls = [head[place::4].count(0) for place in range(4)]
    total = sum(nuls)
    if total < 2 or total < 0.02 * len(head):
        return None
    if total > 0.6 * len(head) and min(nuls) < 0.05 * total:
        codec = "utf-32-le" if nuls[0] < nuls[3] else "utf-32-be"
    elif nuls[0] + nuls[2] < 0.05 * total:
        codec = "utf-16-le"
    elif nuls[1] + nuls[3] < 0.05 * total:
        codec = "utf-16-be"
    else:
        return None
    return TextEncoding(codec, codec)
