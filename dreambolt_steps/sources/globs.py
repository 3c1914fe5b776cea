"""Globs with `**`, matched against paths."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\*|\?|\[(!?)(\]?[^\]]*)\]|.", re.DOTALL)
GLOB_CHARACTERS = "*?["


def has_glob(pattern: str) -> bool:
    """Tell whether a path or URL holds a character of globs."""
    return any(character in pattern for character in GLOB_CHARACTERS)


def compile_glob(pattern: str) -> re.Pattern[str]:
    """Compile a glob for `fullmatch` against relative paths with `/` between their parts.

    As in a shell, `*` and `?` stay within a part, `**` is any number of folders, and neither
    matches a hidden name.

    >>> bool(compile_glob("**/*.csv").fullmatch("a/b/c.csv"))
    True
    """
    parts = pattern.split("/")
    found = [
        r"(?:(?!\.)[^/]+/)*" if part == "**" else _translate_part(part) + "/" for part in parts
    ]
    expression = "".join(found)
    if parts[-1] == "**":
        return re.compile(expression + r"(?!\.)[^/]+")
    return re.compile(expression.removesuffix("/"))


def _translate_part(part: str) -> str:
    def translate(token: re.Match[str]) -> str:
        if token[0] == "*":
            return "[^/]*"
        if token[0] == "?":
            return "[^/]"
        if token[2] is not None:
            inside = token[2].replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]")
            return f"[{'^' if token[1] else ''}{inside}]"
        return re.escape(token[0])

    hidden = "" if part.startswith(".") else r"(?!\.)"
    return hidden + _TOKEN.sub(translate, part)
