"""The arguments that would tell by hand what was found: as Python and as options of the command
line."""

from __future__ import annotations

import ast
import json
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dreambolt_steps.cli.inspection import Inspection
from dreambolt_steps.cli.step_arguments import list_load_kinds
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.column_types import parse_type
from dreambolt_steps.tables.text.blanks import is_text

_WIDTH = 78
_LISTED = 5


@dataclass(frozen=True)
class OpenArgument:
    """An argument that would settle what the data leave open.

    Attributes:
        step: LoadTable or CleanTable.
        argument: as Python, such as `day_first={"joined": True}`.
        reason: why one might give it.
    """

    step: str
    argument: str
    reason: str

    @property
    def option(self) -> str | None:
        """The same on the command line, or None where it is no literal."""
        name, _, text = self.argument.partition("=")
        with suppress(ValueError, SyntaxError):
            value = ast.literal_eval(text)
            return write_option("--load" if self.step == "LoadTable" else "--clean", name, value)
        return None


@dataclass(frozen=True)
class HandArguments:
    """What was found, as arguments.

    Attributes:
        source: as it was named.
        load: args of `LoadTable` beside the source.
        clean: args of `CleanTable`.
        suggestions: what a person has to settle.
        notes: what can't be said once for all files.
    """

    source: str
    load: dict[str, Any] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    suggestions: tuple[OpenArgument, ...] = ()
    notes: tuple[str, ...] = ()

    def write_command(self, command: str) -> list[str]:
        """A command line with every argument as an option, in lines that a shell reads as one."""
        options = [write_option("--load", name, value) for name, value in self.load.items()]
        for name, value in self.clean.items():
            if name == "types":
                options += [f"--columns {shlex.quote(f'{c}={word}')}" for c, word in value.items()]
            else:
                options.append(write_option("--clean", name, value))
        lines = [f"{command} {shlex.quote(self.source)}"]
        for option in options:
            if len(lines[-1]) + len(option) + 3 > _WIDTH:
                lines.append("   ")
            lines[-1] += f" {option}"
        return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]

    def write_python(self) -> list[str]:
        """The two steps with every argument, and what is open as comments."""
        load = {"source": self.source, **self.load}
        return [
            *_write_step('raw = LoadTable("load", ', load, self._list_open("LoadTable")),
            *_write_step(
                'clean = CleanTable("clean", inputs=columns(raw), ',
                self.clean,
                self._list_open("CleanTable"),
            ),
        ]

    def _list_open(self, step: str) -> list[str]:
        lines = [f"# {note}" for note in self.notes if step == "LoadTable"]
        for one in self.suggestions:
            if one.step == step:
                name, _, value = one.argument.partition("=")
                lines.append(f'# "{name}": {value},  # {one.reason}')
        return lines


def find_arguments(
    inspection: Inspection, new_names: Mapping[str, str] | None = None
) -> HandArguments:
    """Say by hand everything that was found: a run with these arguments finds nothing by itself,
    and gives the same table.

    Args:
        inspection: of the source.
        new_names: clean name -> a name that a model proposed; they are left open.
    """
    load, notes = _find_load(inspection)
    clean = dict(inspection.clean_args)
    types = _find_types(inspection, by_source=bool(new_names))
    if types:
        clean["types"] = types
    suggestions = [
        OpenArgument("CleanTable", warning.argument, f"{column.name}: {warning.message}")
        for column in inspection.plan.columns
        for warning in column.decision.warnings
        if warning.argument
    ]
    if new_names:
        names = dict(inspection.clean_args.get("names") or {})
        for column in inspection.plan.columns:
            if column.name in new_names:
                names[column.decision.name] = new_names[column.name]
        suggestions.append(OpenArgument("CleanTable", f"names={names!r}", "as the model proposed"))
    return HandArguments(inspection.source, load, clean, tuple(suggestions), tuple(notes))


def write_option(option: str, name: str, value: Any) -> str:
    r"""One argument as an option, quoted for a shell.

    >>> write_option("--load", "delimiter", "\t")
    "--load 'delimiter=\\t'"
    """
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, Mapping | list | tuple):
        text = json.dumps(value, ensure_ascii=False)
    else:
        text = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}.get(value, str(value))
    return f"{option} {shlex.quote(f'{name}={text}')}"


def _find_load(inspection: Inspection) -> tuple[dict[str, Any], list[str]]:
    """Args that hold for every file, and a note for each that differs between files."""
    reports = inspection.read.files
    found: dict[str, Any] = dict(inspection.load_args)
    notes = []
    for name in list_load_kinds():
        if name in found:
            continue
        values = [
            getattr(report.dialect, name)
            for report in reports
            if report.dialect is not None and hasattr(report.dialect, name)
        ]
        if name == "file_format":
            values = [report.file_format for report in reports]
        different = list(dict.fromkeys(values))
        if len(different) == 1 and len(values) == len(reports):
            found[name] = different[0]
        elif len(different) > 1:
            shown = ", ".join(map(repr, different[:_LISTED]))
            notes.append(f"{name} differs between files ({shown}): left to be found")
    return found, notes


def _find_types(inspection: Inspection, *, by_source: bool) -> dict[str, str]:
    """Column -> type word, for columns that came as text; "*" for those that stay it.

    Columns are called by their clean names, or by those of the source where clean ones may change.
    """
    sources = [column.decision.name for column in inspection.plan.columns]
    types = dict(inspection.clean_args.get("types") or {})
    found = {}
    for column in inspection.plan.columns:
        decision = column.decision
        clean_is_free = column.name == decision.name or column.name not in sources
        key = column.name if clean_is_free and not by_source else decision.name
        if {column.name, decision.name, "*"} & set(types) or not is_text(decision.source_type):
            continue
        with suppress(UsageError):
            parse_type(column.type_word)
            found[key] = column.type_word
    texts = [name for name, word in found.items() if word == "text"]
    if len(texts) > 1 and len(found) == len(sources):
        found = {name: word for name, word in found.items() if word != "text"} | {"*": "text"}
    return {**found, **types}


def _write_step(head: str, args: Mapping[str, Any], comments: Sequence[str]) -> list[str]:
    if not args and not comments:
        return [f"{head.removesuffix(', ')})"]
    lines = [f"{head}args={{"]
    for name, value in args.items():
        lines += _write_entry(name, value)
    return [*lines, *(f"    {comment}" for comment in comments), "})"]


def _write_entry(name: str, value: Any) -> list[str]:
    """One argument; dictionaries in lines of several entries."""
    if not isinstance(value, Mapping) or not value:
        return [f"    {_quote(name)}: {_quote(value)},"]
    lines = ["       "]
    for key, inner in value.items():
        entry = f" {_quote(key)}: {_quote(inner)},"
        if len(lines[-1]) + len(entry) > _WIDTH and lines[-1].strip():
            lines.append("       ")
        lines[-1] += entry
    return [f"    {_quote(name)}: {{", *lines, "    },"]


def _quote(value: Any) -> str:
    """A Python literal, text in double quotes where it holds none."""
    if isinstance(value, str) and '"' not in value and "\\" not in value and value.isprintable():
        return f'"{value}"'
    return repr(value)
