"""A llama.cpp grammar (GBNF) that allows exactly the answers of a JSON Schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dreambolt_steps.llms.llama_cpp.number_range import write_range

_SPACE = '" "?'
_RULES = """
string ::= "\\"" char char* "\\""
char ::= [^"\\\\\\x00-\\x1F] | "\\\\" ["\\\\/bfnrt]
number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)?
integer ::= "-"? ("0" | [1-9] [0-9]*)
boolean ::= "true" | "false"
date ::= "\\"" [0-9] [0-9] [0-9] [0-9] "-" month "-" day "\\""
month ::= "0" [1-9] | "1" [0-2]
day ::= "0" [1-9] | "1" [0-9] | "2" [0-8]
date-time ::= "\\"" [0-9] [0-9] [0-9] [0-9] "-" month "-" day "T" hour ":" sixty ":" sixty "\\""
hour ::= [0-1] [0-9] | "2" [0-3]
sixty ::= [0-5] [0-9]
"""


def write_grammar(schema: Mapping[str, Any]) -> str:
    """The grammar of an answer with rows, from `describe_answer`.

    Whole numbers keep to their range. Patterns are written as the codes of a table have them
    (`^([A-Z]{2}-[0-9]{4})$`); others are left to the check of the answer, and so are bounds of
    decimal numbers. Lengths of texts are not in it: a grammar with them can take minutes.

    Args:
        schema: of the answer: an object with an array `rows` of objects.

    >>> row = {"type": "object", "properties": {"a": {"type": "boolean"}}}
    >>> rows = {"type": "array", "items": row, "minItems": 1, "maxItems": 1}
    >>> write_grammar({"properties": {"rows": rows}}).split(chr(10))[0]
    'root ::= "{\\\\"rows\\\\": [" row "]}"'
    """
    rows = schema["properties"]["rows"]
    count = max(1, int(rows.get("maxItems") or 1))
    each = ' ", " '.join(["row"] * count)
    properties = rows["items"]["properties"]
    parts = []
    rules = []
    for at, (name, described) in enumerate(properties.items()):
        parts.append(f"{_quote(json.dumps(name, ensure_ascii=False) + ': ')} value{at}")
        rules.append(f"value{at} ::= {_write_value(described)}")
    row = ' ", " '.join(parts)
    root = f'root ::= {_quote(json.dumps("rows") + ": [")} {each} "]}}"'.replace('"\\"', '"{\\"', 1)
    return "\n".join([root, f'row ::= "{{" {row} "}}"', *rules]) + _RULES


def _write_value(described: Mapping[str, Any]) -> str:
    kinds = described["type"] if isinstance(described["type"], list) else [described["type"]]
    if "enum" in described:
        return " | ".join(_quote(json.dumps(one, ensure_ascii=False)) for one in described["enum"])
    options = [_write_kind(kind, described) for kind in kinds if kind != "null"]
    return " | ".join([*options, '"null"'] if "null" in kinds else options)


def _write_kind(kind: str, described: Mapping[str, Any]) -> str:
    if kind == "integer":
        low, high = described.get("minimum"), described.get("maximum")
        return "integer" if low is None or high is None else write_range(low, high)
    if kind == "string":
        if described.get("format") in ("date", "date-time"):
            return str(described["format"])
        pattern = _write_pattern(described.get("pattern"))
        return "string" if pattern is None else f'"\\"" {pattern} "\\""'
    return kind


def _write_pattern(pattern: str | None) -> str | None:
    """A pattern of counted classes and plain characters as grammar; None for any other."""
    found = re.fullmatch(r"\^\((.*)\)\$", pattern or "")
    if found is None:
        return None
    options = []
    for option in found[1].split("|"):
        parts = list(_write_parts(option))
        if None in parts:
            return None
        options.append(" ".join(str(part) for part in parts))
    return "(" + " | ".join(options) + ")"


def _write_parts(option: str) -> Iterator[str | None]:
    at = 0
    while at < len(option):
        counted = re.compile(r"(\[[09AZaz-]+\])\{(\d+)\}").match(option, at)
        plain = re.compile(r"\\([^A-Za-z0-9])|([^\\\[\](){}.*+?|^$])").match(option, at)
        found = counted or plain
        if found is None:
            yield None
            return
        if counted:
            yield " ".join([counted[1]] * int(counted[2]))
        elif plain:
            yield _quote(plain[1] or plain[2])
        at = found.end()


def _quote(text: str) -> str:
    """A text as a literal of the grammar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
