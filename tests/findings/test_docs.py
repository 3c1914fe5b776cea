"""docs/findings.md lists every kind that the package tells."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def list_kinds() -> set[str]:
    """The first argument of every Finding(...) in the package, and the names of odd values."""
    kinds: set[str] = set()
    for path in (ROOT / "dreambolt_steps").rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "Finding(" in text else ():
            is_made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
            if is_made and node.args and isinstance(node.args[0], ast.Constant):
                kinds.add(node.args[0].value)
    from dreambolt_steps.findings.in_columns import _ODDITIES
    from dreambolt_steps.findings.in_files import ONE_COLUMN, TABLES_LEFT_OUT
    from dreambolt_steps.findings.in_tables import DRIFT

    return kinds | set(_ODDITIES) | {ONE_COLUMN, TABLES_LEFT_OUT, DRIFT}


def test_every_kind_is_explained() -> None:
    told = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "findings.md").read_text()))
    missing = list_kinds() - told - {"warning"}
    assert not missing
    assert len(list_kinds()) > 25
