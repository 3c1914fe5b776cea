"""Names of XML elements and attributes that differ in their namespace alone."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

from dreambolt_steps.readers.xml.parser import iterate_events, local_name

_SCHEMA_NAMES = "{http://www.w3.org/2001/XMLSchema-instance}"


def find_prefixed_names(path: Path, encoding: str | None) -> dict[str, str]:
    """Find the names that have to keep their prefix, because one element has an attribute or a
    child of the same local name in another namespace: `title` and `media:title`.

    Args:
        path: a local file.
        encoding: of the file, where it is not the one it declares.

    Returns: {namespace}name -> prefix:name; empty for a document without prefixes.
    Raises: SourceError as `iterate_events`.
    """
    if not _has_prefixes(path):
        return {}
    prefixes: dict[str, str] = {}
    known: dict[tuple[str, ...], dict[str, set[str]]] = {}
    place: list[str] = []
    parents: list[Element] = []
    for event, found in iterate_events(path, encoding, with_namespaces=True):
        if event == "start-ns":
            prefix, uri = found
            prefixes.setdefault(uri, prefix)
        elif event == "start":
            _add(known, tuple(place), found.tag)
            place.append(found.tag)
            parents.append(found)
            for key in found.attrib:
                if not key.startswith(_SCHEMA_NAMES):
                    _add(known, (*place, "@"), key)
        else:
            place.pop()
            parents.pop()
            if parents:
                parents[-1].remove(found)
    return {
        name: f"{prefixes[uri]}:{local}"
        for names in known.values()
        for local, alike in names.items()
        if len(alike) > 1
        for name in alike
        if prefixes.get(uri := name[1:].partition("}")[0] if name.startswith("{") else "")
    }


def rename_element(element: Element, names: Mapping[str, str]) -> None:
    """Give an element and its attributes the names that keep them apart."""
    element.tag = names.get(element.tag, element.tag)
    if not names.keys().isdisjoint(element.attrib):
        renamed = {names.get(key, key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(renamed)


def _add(
    known: dict[tuple[str, ...], dict[str, set[str]]], place: tuple[str, ...], name: str
) -> None:
    known.setdefault(place, {}).setdefault(local_name(name), set()).add(name)


def _has_prefixes(path: Path) -> bool:
    if not path.stat().st_size:
        return False
    with path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b"xmlns:") >= 0 or text[:2] in (b"\xff\xfe", b"\xfe\xff")
