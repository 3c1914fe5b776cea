"""Makes the line ends of a file equal, and leaves those inside quotes as they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from dreambolt_steps.errors import SourceError

_CHUNK_BYTES = 4 << 20
_MAX_RECORD_BYTES = 64 << 20


def unify_newlines(path: Path, target: Path, *, delimiter: str, quote: str, escape: str) -> None:
    """Copy `path` to `target` with every line end outside quotes written as LF.

    DuckDB 2.0 stops at a file whose line ends differ ("state machine reached an invalid state"),
    or, when not strict, drops what follows a closing quote. Each LF, CR LF and lone CR outside
    quotes ends a row, as in Python's csv module.

    Raises: SourceError when one row is longer than 64 MiB, which means a quote is never closed.
    """
    pattern = _compile_tokens(delimiter, quote, escape)
    carry, done = b"", 0
    with path.open("rb") as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK_BYTES):
            buffer = carry + chunk
            end = _rewrite_rows(buffer, pattern, sink.write, final=False)
            carry, done = buffer[end:], done + end
            if len(carry) > _MAX_RECORD_BYTES:
                raise SourceError(
                    f"{path}: the row at byte {done} is longer than 64 MiB; "
                    "close its quote or name the file's quote character (quote=...)"
                )
        end = _rewrite_rows(carry, pattern, sink.write, final=True)
        sink.write(carry[end:])


def _compile_tokens(delimiter: str, quote: str, escape: str) -> re.Pattern[bytes]:
    """Match a quoted field (which is passed over) or a line end (group `end`)."""
    line_end = rb"(?P<end>\r\n?|\n)"
    if not quote:
        return re.compile(line_end)
    q, e, d = (re.escape(text.encode()) for text in (quote, escape or quote, delimiter))
    escaped = rb"[^%b]|%b%b" % (q, q, q) if e == q else rb"%b.|[^%b%b]" % (e, e, q)
    field = rb"(?:\A|(?<=[\r\n])|(?<=%b)) *+%b(?:%b)*+(?:%b|\Z)" % (d, q, escaped, q)
    return re.compile(field + rb"|" + line_end, re.DOTALL)


def _rewrite_rows(
    buffer: bytes, pattern: re.Pattern[bytes], write: Callable[[bytes], object], *, final: bool
) -> int:
    """Write the complete rows of `buffer`, which starts with a row; return where the rest
    begins."""
    pieces: list[bytes] = []
    begin = 0
    for match in pattern.finditer(buffer):
        if match.lastgroup != "end" or (not final and match.end() == len(buffer)):
            continue
        pieces.append(buffer[begin : match.start()])
        begin = match.end()
    if pieces:
        write(b"\n".join(pieces) + b"\n")
    return begin
