"""XML as a stream of events, in flat memory, without a DTD."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from dreambolt_steps.errors import SourceError

MAX_ELEMENT_BYTES = 64 << 20


class _Watched:
    """A file that is refused once too much of it is read without any element coming to its end."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path, self._file, self.since = path, file, 0

    def read(self, size: int) -> Any:
        self.since += size
        if self.since > MAX_ELEMENT_BYTES:
            raise SourceError(
                f"{self._path}: holds a single text or tag of more than {MAX_ELEMENT_BYTES:,} "
                "bytes; is it a table at all?"
            )
        return self._file.read(size)


def iterate_events(
    path: Path, encoding: str | None = None, *, with_namespaces: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield ("start" or "end", element) in a document's order, without entities or a DTD.

    Args:
        path: a local file.
        encoding: of the file, where it is not the one it declares.
        with_namespaces: whether ("start-ns", (prefix, URI)) are yielded too.

    Raises: SourceError for a document that is not well-formed, or has a DTD or entities.
    """
    events = ("start", "end", "start-ns") if with_namespaces else ("start", "end")
    parser = DefusedXMLParser(
        encoding=encoding, forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    try:
        with path.open("rb") as file:
            watched = _Watched(path, file)
            for event, element in iterparse(watched, events, parser):
                watched.since = 0
                yield event, element
    except DefusedXmlException as error:
        kind = type(error).__name__
        what = "a DTD" if kind == "DTDForbidden" else "entities of its own"
        raise SourceError(
            f"{path}: has {what}, which is refused: it can expand without end or read other files; "
            "remove the DOCTYPE"
        ) from error
    except ParseError as error:
        raise SourceError(f"{path}: is not well-formed XML ({error})") from error
    except (ValueError, LookupError) as error:
        raise SourceError(f"{path}: can't be decoded ({error}); give encoding=...") from error


def local_name(tag: str) -> str:
    """The name of a tag or attribute without its namespace."""
    return tag.rsplit("}", 1)[-1]
