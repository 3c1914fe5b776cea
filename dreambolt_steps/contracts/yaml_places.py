"""YAML read safely, with the line of every key."""

from __future__ import annotations

from typing import Any

import yaml

MAX_BYTES = 1 << 20
Place = tuple[str | int, ...]
"""Keys and positions that lead to a value."""


class YamlDocument:
    """One YAML document.

    Attributes:
        data: what it holds.
        problem: why it can't be used, with its line; None if it can.
    """

    def __init__(self, text: str) -> None:
        """Parse the text; whatever is wrong with it is told by `problem`, nothing is raised."""
        self.data: Any = None
        self.problem: tuple[int, str] | None = None
        self._root: yaml.Node | None = None
        if len(text) > MAX_BYTES:
            self.problem = (1, f"is {len(text):,} characters long, at most {MAX_BYTES:,} are read")
            return
        try:
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._find_repeats(self._root, set())
            if self.problem is None:
                self.data = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            words = " ".join(str(error.problem or error.context).split())
            self.problem = (mark.line + 1 if mark else 1, f"is no YAML: {words}")
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            first = (str(error) or type(error).__name__).splitlines()[0]
            self.problem = (1, f"is no YAML: {first}")

    def find_line(self, place: Place) -> int | None:
        """The 1-based line on which the value at `place` is named; of what is missing, the line of
        what should hold it."""
        node, line = self._root, None
        for step in place:
            found = _enter(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line + 1
        return line

    def _find_repeats(self, node: yaml.Node | None, seen: set[int]) -> None:
        """YAML takes the last of two equal keys in silence."""
        if node is None or id(node) in seen or isinstance(node, yaml.ScalarNode):
            return
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._find_repeats(item, seen)
            return
        names: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in names and self.problem is None:
                    self.problem = (key.start_mark.line + 1, f"has {key.value!r} twice")
                names.add(key.value)
            self._find_repeats(value, seen)


def _enter(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if str(pair[0].value) == str(step)), None)
    return None
