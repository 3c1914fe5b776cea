"""XML elements as rows of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from dreambolt_steps.readers.xml.parser import local_name
from dreambolt_steps.readers.xml.shape import ElementStats, Place, is_nil, list_attributes

Row = list[Any]


@dataclass
class RowPlan:
    """Where the parts of an element go in its row.

    Attributes:
        text: column of its text; None if it has none.
        repeated: column of a JSON array of all such elements; None for one that never repeats.
        attributes: column of each attribute.
        children: the plan of each child.
    """

    text: int | None = None
    repeated: int | None = None
    attributes: dict[str, int] = field(default_factory=dict)
    children: dict[str, RowPlan] = field(default_factory=dict)


def plan_rows(stats: Mapping[Place, ElementStats], record: Place) -> tuple[RowPlan, list[str]]:
    """Plan the columns of records: attributes, and children under dotted names; what repeats within
    one record is a JSON array.

    An attribute named as a child gets an "@" before its name; text beside children is "#text".

    Returns: the plan, and the columns' names.
    """
    names: list[str] = []

    def add(name: str) -> int:
        names.append(name)
        return len(names) - 1

    below: dict[Place, list[Place]] = {}
    for place in stats:
        below.setdefault(place[:-1], []).append(place)

    def plan(place: Place, prefix: str) -> RowPlan:
        found, children = stats[place], below.get(place, [])
        tags = {child[-1] for child in children}
        made = RowPlan()
        dot = f"{prefix}." if prefix else ""
        own = prefix or (record[-1] if not found.attributes else "#text")
        if children or (found.attributes and not found.has_text):
            own = f"{dot}#text" if found.has_text else ""
        if own:
            made.text = add(own)
        for name in found.attributes:
            made.attributes[name] = add(f"{dot}@{name}" if name in tags else dot + name)
        for child in children:
            name = f"{dot}{child[-1]}"
            if stats[child].siblings > 1:
                made.children[child[-1]] = RowPlan(repeated=add(name))
            else:
                made.children[child[-1]] = plan(child, name)
        return made

    return plan(record, ""), names


def fill_row(element: Element, plan: RowPlan, row: Row) -> None:
    """Put an element's parts into the row; what it does not have stays None."""
    if is_nil(element):
        return
    for name, value in list_attributes(element).items():
        row[plan.attributes[name]] = value
    if plan.text is not None:
        text = _read_text(element)
        row[plan.text] = text if text or not plan.children else None
    for child in element:
        inner = plan.children[local_name(child.tag)]
        if inner.repeated is None:
            fill_row(child, inner, row)
        elif row[inner.repeated] is None:
            row[inner.repeated] = [_build_value(child)]
        else:
            row[inner.repeated].append(_build_value(child))


def write_arrays(row: Row) -> Row:
    """Write the values of repeated elements as JSON text."""
    return [json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for v in row]


def _read_text(element: Element) -> str:
    if len(element) == 0:
        return element.text or ""
    parts = [element.text, *(child.tail for child in element)]
    return " ".join(part.strip() for part in parts if part and part.strip())


def _build_value(element: Element) -> Any:
    """A JSON value: text for an element of text alone, an object otherwise."""
    if is_nil(element):
        return None
    attributes = list_attributes(element)
    if len(element) == 0 and not attributes:
        return element.text or ""
    built: dict[str, Any] = {}
    repeats: set[str] = set()
    for child in element:
        name, value = local_name(child.tag), _build_value(child)
        if name in repeats:
            built[name].append(value)
        elif name in built:
            built[name] = [built[name], value]
            repeats.add(name)
        else:
            built[name] = value
    named = {f"@{key}" if key in built else key: value for key, value in attributes.items()}
    text = _read_text(element)
    return named | ({"#text": text} if text.strip() else {}) | built
