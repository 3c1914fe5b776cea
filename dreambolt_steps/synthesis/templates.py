"""The library of prompts: versioned templates beside this file, and the user's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import xxhash
from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from dreambolt_steps.errors import UnknownNameError, UsageError
from dreambolt_steps.unknown_names import tell_known

NAMES = ("rows", "short", "completion", "translate", "text", "repair")
DATA_LINE = "----------"
_HEAD = re.compile(r"\{#-?\s*(?P<name>[\w-]+) (?P<version>\S+?):")


@dataclass(frozen=True)
class PromptTemplate:
    """A prompt to be filled in.

    Attributes:
        name: such as `rows`.
        version: what its first line says, or a hash of its text.
        text: in Jinja.
    """

    name: str
    version: str
    text: str

    @property
    def label(self) -> str:
        """Name and version, as each synthetic row names it."""
        return f"{self.name} {self.version}"

    def render(self, **values: Any) -> tuple[str, str]:
        """The system message and the user's message: what stands above and below the line of
        dashes.

        Args:
            **values: of the template's variables, which docs/prompts.md lists. Their texts are not
                templates: nothing in them is evaluated.

        Raises: UsageError for a template that names an unknown variable.
        """
        environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        try:
            text = environment.from_string(self.text).render(**values)
        except (TemplateSyntaxError, UndefinedError) as error:
            raise UsageError(f"prompt template {self.name}: {error}") from error
        system, line, user = text.partition(f"\n{DATA_LINE}\n")
        return (system.strip(), user.strip()) if line else ("", text.strip())


@cache
def read_packaged(name: str) -> str:
    """The text of a packaged template."""
    return (files(__package__) / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")


def load_template(name: str, own: str | Path | Mapping[str, str] | None = None) -> PromptTemplate:
    """A template by its name: the user's, or else the packaged one.

    Args:
        name: one of `NAMES`, or of the user's.
        own: a folder with `NAME.jinja` files, or texts by name.

    Raises: UsageError: there is none of that name.

    >>> load_template("rows", {"rows": "Write {{ count }} rows."}).render(count=3)
    ('', 'Write 3 rows.')
    """
    text = None
    if isinstance(own, Mapping):
        text = own.get(name)
    elif own is not None:
        if not Path(own).is_dir():
            raise UsageError(f"templates {own}: no such folder")
        path = Path(own) / f"{name}.jinja"
        text = path.read_text(encoding="utf-8") if path.is_file() else None
    if text is None:
        if name not in NAMES:
            raise UnknownNameError(f"no prompt template {name}; {tell_known(name, NAMES)}")
        text = read_packaged(name)
    head = _HEAD.match(text)
    version = head["version"] if head else xxhash.xxh3_64_hexdigest(text.encode())[:8]
    return PromptTemplate(name, version, text)


def show_row(row: Any) -> str:
    """A row as one line of JSON: line breaks and quotes in a cell stay inside its text."""
    return json.dumps(row, default=str, ensure_ascii=False)
