"""Arguments as text to copy: options of the command line, and Python."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from dreambolt_steps.cli.explicit_arguments import HandArguments
from dreambolt_steps.cli.open_questions import OpenQuestion
from dreambolt_steps.findings.finding import write_option

_WIDTH = 78


def write_command(command: str, arguments: HandArguments) -> list[str]:
    """A command line with every argument as an option, in lines that a shell reads as one."""
    options = [write_option("--load", name, value) for name, value in arguments.load.items()]
    for name, value in arguments.clean.items():
        options += _write_clean(name, value)
    lines = [f"{command} {shlex.quote(arguments.source)}"]
    for option in options:
        if len(lines[-1]) + len(option) + 3 > _WIDTH:
            lines.append("   ")
        lines[-1] += f" {option}"
    return [*(f"{line} \\" for line in lines[:-1]), lines[-1]]


def write_questions(arguments: HandArguments) -> list[str]:
    """What is open, as comments of a shell: the reasons, and the options that would settle it."""
    lines = []
    for one in arguments.questions:
        lines += [f"# {reason}" for reason in one.reasons]
        settles = " ".join(_write_clean(one.name, one.answers))
        lines.append(f"#   {settles}{_tell_others(one)}")
    return lines


def write_python(arguments: HandArguments) -> list[str]:
    """The two steps with every argument, and what is open as comments."""
    load = {"source": arguments.source, **arguments.load}
    notes = [f"# {note}" for note in arguments.notes]
    open_types = [one for one in arguments.questions if one.name == "types"]
    others = [one for one in arguments.questions if one.name != "types"]
    lines = _write_step('raw = LoadTable("load", ', load, notes, [])
    comments: list[str] = []
    for one in others:
        comments += [f"# {reason}" for reason in one.reasons]
        comments.append(f'# "{one.name}": {_quote(one.answers)},{_tell_others(one)}')
    head = 'clean = CleanTable("clean", inputs=columns(raw), '
    return [*lines, *_write_step(head, arguments.clean, comments, open_types)]


def _write_clean(name: str, value: Any) -> list[str]:
    if name == "types":
        return [f"--columns {shlex.quote(f'{key}={word}')}" for key, word in value.items()]
    return [write_option("--clean", name, value)]


def _tell_others(question: OpenQuestion) -> str:
    return f"  # {question.others}" if question.others else ""


def _write_step(
    head: str, args: Mapping[str, Any], comments: Sequence[str], open_types: Sequence[OpenQuestion]
) -> list[str]:
    if open_types and "types" not in args:
        args = {**args, "types": {}}
    if not args and not comments:
        return [f"{head.removesuffix(', ')})"]
    lines = [f"{head}args={{"]
    for name, value in args.items():
        lines += _write_entry(name, value, open_types if name == "types" else [])
    return [*lines, *(f"    {comment}" for comment in comments), "})"]


def _write_entry(name: str, value: Any, questions: Sequence[OpenQuestion]) -> list[str]:
    """One argument; dictionaries in lines of several entries, what is open below them."""
    short = f"    {_quote(name)}: {_quote(value)},"
    if not isinstance(value, Mapping) or (not questions and len(short) <= _WIDTH):
        return [short]
    lines = ["       "]
    for key, inner in value.items():
        entry = f" {_quote(key)}: {_quote(inner)},"
        if len(lines[-1]) + len(entry) > _WIDTH and lines[-1].strip():
            lines.append("       ")
        lines[-1] += entry
    for one in questions:
        lines += [f"        # {reason}" for reason in one.reasons]
        settles = ", ".join(f"{_quote(key)}: {_quote(word)}" for key, word in one.answers.items())
        lines.append(f"        # {settles},{_tell_others(one)}")
    return [f"    {_quote(name)}: {{", *(line for line in lines if line.strip()), "    },"]


def _quote(value: Any) -> str:
    """A Python literal, text in double quotes where it holds none."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quote(k)}: {_quote(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str) and '"' not in value and "\\" not in value and value.isprintable():
        return f'"{value}"'
    return repr(value)
