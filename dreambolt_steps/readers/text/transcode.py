"""Text files rewritten as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.text import text_bytes
from dreambolt_steps.readers.text.encoding import TextEncoding, find_encoding, say_undecodable

_CHUNK_BYTES = 4 << 20
_STATEFUL = ("iso2022", "utf-7", "hz")


def rewrite_as_utf8(path: Path, encoding: str | None, spool: Path) -> Path:
    """Write a file that is not UTF-8 to `spool` as such.

    Args:
        path: a local file.
        encoding: None: by its head (`find_encoding`).
        spool: folder for the copy.

    Returns: the copy, or `path` where the file is UTF-8.
    Raises: SourceError as `find_encoding` and `transcode` do.
    """
    found = find_encoding(path, encoding)
    if found.is_utf8:
        return path
    target = spool / f"{path.name}.utf8"
    transcode(path, found, target)
    return target


def transcode(path: Path, encoding: TextEncoding, target: Path, *, strict: bool = True) -> bool:
    """Write the text of `path` to `target` as UTF-8, without BOM, line ends untouched.

    Args:
        strict: whether a byte that is none of the encoding is an error; if not, it is written as it
            is, so that its row is not UTF-8.

    Returns: whether every byte could be decoded.
    Raises: SourceError naming the byte offset where the text is not valid in `encoding`.
    """
    errors = "strict" if strict else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors)
    done, is_sound = encoding.mark, True
    with path.open("rb") as source, target.open("wb") as sink:
        source.seek(done)
        while True:
            chunk = source.read(_CHUNK_BYTES)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
                is_sound = is_sound and text_bytes.is_text(text)
                sink.write(text.encode(errors=errors))
            except UnicodeEncodeError as error:  # half of a surrogate pair by itself
                raise SourceError(say_undecodable(path, done, encoding.name)) from error
            except UnicodeDecodeError as error:
                offset = done - pending + error.start
                raise SourceError(say_undecodable(path, offset, encoding.name)) from error
            done += len(chunk)
            if not chunk:
                return is_sound


def map_offsets(copy: Path, encoding: TextEncoding, offsets: Iterable[int]) -> Iterator[int | None]:
    """Yield where characters of a UTF-8 copy stand in the original, None each where the encoding
    does not tell.

    Args:
        copy: what `transcode` made of the original.
        encoding: of the original.
        offsets: bytes of the copy at which characters begin, ascending.
    """
    if encoding.codec.replace("_", "-").startswith(_STATEFUL):
        for _ in offsets:
            yield None
        return
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    done, place = 0, encoding.mark
    with copy.open("rb") as handle:
        for offset in offsets:
            while done < offset:
                chunk = handle.read(min(offset - done, _CHUNK_BYTES))
                place += len(decoder.decode(chunk).encode(encoding.codec, "surrogateescape"))
                done += len(chunk)
            yield place
