"""The arguments that would tell by hand what was found."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dreambolt_steps.cli.inspection import Inspection
from dreambolt_steps.cli.open_questions import OpenQuestion, find_open_questions
from dreambolt_steps.cli.step_arguments import list_read_kinds
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.cleaning.column_plan import ColumnPlan
from dreambolt_steps.tables.column_types import read_type
from dreambolt_steps.tables.text.blanks import is_text

_LISTED = 5


@dataclass(frozen=True)
class HandArguments:
    """What was found, as arguments.

    Attributes:
        source: as it was named.
        load: args of `LoadTable` beside the source.
        clean: args of `CleanTable`.
        questions: what a person has to settle.
        notes: what can't be said once for all files.
    """

    source: str
    load: dict[str, Any] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    questions: tuple[OpenQuestion, ...] = ()
    notes: tuple[str, ...] = ()


def find_arguments(
    inspection: Inspection, new_names: Mapping[str, str] | None = None
) -> HandArguments:
    """Say by hand everything that was found: a run with these arguments finds nothing by itself,
    and gives the same table. Columns whose type a person may settle are left out.

    Args:
        inspection: of the source.
        new_names: clean name -> a name that a model proposed; they are left open.
    """
    load, notes = _find_load(inspection)
    columns = inspection.plan.columns
    questions = find_open_questions(columns)
    if new_names:
        names = {c.decision.name: new_names[c.name] for c in columns if c.name in new_names}
        reason = "names that the model proposed"
        questions.append(OpenQuestion("rename", names, reasons=(reason,)))
    clean = _find_clean(inspection, by_source=bool(new_names))
    return HandArguments(inspection.source, load, clean, tuple(questions), tuple(notes))


def _find_load(inspection: Inspection) -> tuple[dict[str, Any], list[str]]:
    """Args that hold for every file, and a note for each that differs between files."""
    reports = inspection.read.files
    found: dict[str, Any] = dict(inspection.load_args)
    notes = []
    for name in list_read_kinds():
        if name in found:
            continue
        values = [
            getattr(report.dialect, name)
            for report in reports
            if report.dialect is not None and hasattr(report.dialect, name)
        ]
        values += [report.arguments[name] for report in reports if name in report.arguments]
        if name == "file_format":
            values = [report.file_format for report in reports]
        different = list(dict.fromkeys(values))
        if len(different) == 1 and len(values) == len(reports):
            found[name] = different[0]
        elif len(different) > 1:
            shown = ", ".join(map(repr, different[:_LISTED]))
            notes.append(f"{name} differs between files ({shown}): left to be found")
    return found, notes


def _find_clean(inspection: Inspection, *, by_source: bool) -> dict[str, Any]:
    """Types of the columns that came as text, and how they are written; "*" for those that stay
    text.

    Columns are called by their clean names, or by those of the source where clean ones may change.
    """
    found: dict[str, Any] = dict(inspection.clean_args)
    given = dict(found.get("types") or {})
    columns = inspection.plan.columns
    sources = {column.decision.name for column in columns}
    types: dict[str, str] = {}
    for column in columns:
        source = column.decision.name
        word = _find_word(column)
        if {column.name, source, "*"} & set(given) or word is None:
            continue
        clean_is_free = column.name == source or column.name not in sources
        key = column.name if clean_is_free and not by_source else source
        types[key] = word
        spelling = column.decision.spelling
        if spelling is not None and spelling.day_first is not None:
            _add(found, "day_first", key, spelling.day_first)
        if spelling is not None and spelling.decimal != ".":
            _add(found, "decimal_separator", key, spelling.decimal)
    texts = [name for name, word in types.items() if word == "text"]
    if len(texts) > 1 and len(types) == len(columns):
        types = {name: word for name, word in types.items() if word != "text"} | {"*": "text"}
    return {**found, "types": {**types, **given}} if types or given else found


def _find_word(column: ColumnPlan) -> str | None:
    """The type word of a column, or None where it is none's to tell: the column came typed, or a
    person may settle what it is."""
    decision = column.decision
    if not is_text(decision.source_type) or any(one.argument for one in decision.warnings):
        return None
    for word in (decision.semantic, column.type_word):
        with suppress(UsageError):
            if word is not None:
                read_type(word)
                return word
    return None


def _add(found: dict[str, Any], name: str, key: str, value: Any) -> None:
    """Tell something of one column, unless it was told by hand."""
    known = found.get(name)
    if known is None or (isinstance(known, Mapping) and key not in known and "*" not in known):
        found[name] = {**(known or {}), key: value}
