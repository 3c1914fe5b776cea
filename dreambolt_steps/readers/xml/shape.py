"""What elements an XML file holds, seen in one pass: which of them repeats as the rows of a table
do, and which columns such rows have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from dreambolt_steps.errors import SourceError
from dreambolt_steps.readers.xml.names import rename_element
from dreambolt_steps.readers.xml.parser import iterate_events, local_name

_MAX_DEPTH = 200
_MAX_PLACES = 50_000
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

Place = tuple[str, ...]


@dataclass
class ElementStats:
    """What is known of all elements at one place of a document.

    Attributes:
        count: how many there are.
        siblings: the most there are below one parent.
        attributes: their names, in order.
        has_text: whether any holds text of its own.
    """

    count: int = 0
    siblings: int = 0
    attributes: dict[str, None] = field(default_factory=dict)
    has_text: bool = False


def list_attributes(element: Element) -> dict[str, str]:
    """The attributes of an element by local name; xsi:nil is none of them."""
    return {local_name(key): value for key, value in element.attrib.items() if key != _NIL}


def is_nil(element: Element) -> bool:
    """Whether an element is marked as NULL."""
    return element.get(_NIL) in ("true", "1")


def survey(
    path: Path, encoding: str | None, names: Mapping[str, str] | None = None
) -> dict[Place, ElementStats]:
    """Count the elements of a document by their place, in flat memory.

    Args:
        path: a local file.
        encoding: of the file, where it is not the one it declares.
        names: of `find_prefixed_names`.

    Raises: SourceError (see `iterate_events`), also for one nested more than 200 deep or with more
    than 50,000 places.
    """
    stats: dict[Place, ElementStats] = {}
    place: list[str] = []
    siblings: list[dict[str, int]] = [{}]
    parents: list[Element] = []
    finished: Element | None = None  # what stands behind it is known at the next event only
    for event, element in iterate_events(path, encoding):
        if finished is not None and parents:
            if (finished.tail or "").strip():
                stats[tuple(place)].has_text = True
            parents[-1].remove(finished)
        finished = None
        if event == "start":
            rename_element(element, names or {})
            name = local_name(element.tag)
            place.append(name)
            siblings[-1][name] = siblings[-1].get(name, 0) + 1
            found = stats.setdefault(tuple(place), ElementStats())
            found.count += 1
            found.siblings = max(found.siblings, siblings[-1][name])
            found.attributes.update(dict.fromkeys(list_attributes(element)))
            siblings.append({})
            parents.append(element)
            if len(place) > _MAX_DEPTH or len(stats) > _MAX_PLACES:
                raise SourceError(
                    f"{path}: is nested more than {_MAX_DEPTH} deep or has more than "
                    f"{_MAX_PLACES:,} kinds of elements; it is no table"
                )
        else:
            found = stats[tuple(place)]
            found.has_text = found.has_text or bool((element.text or "").strip())
            siblings.pop()
            place.pop()
            parents.pop()
            finished = element
    return stats


def find_records(stats: dict[Place, ElementStats]) -> Place:
    """Find the elements that are the rows: those that repeat most below one parent, of several the
    outermost; the root if nothing repeats."""
    return max(stats, key=lambda place: (stats[place].siblings, -len(place)))
