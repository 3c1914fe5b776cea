"""What is written in a contract: taken key by key, and told with file, line and key where it is
wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from dreambolt_steps.contracts.yaml_places import Place, YamlDocument
from dreambolt_steps.errors import UsageError
from dreambolt_steps.unknown_names import tell_known


class ContractText:
    """A contract as it was written.

    Attributes:
        origin: the file, or "the contract".
    """

    def __init__(self, origin: str, document: YamlDocument | None) -> None:
        """Without a document there are no lines to tell."""
        self.origin = origin
        self._document = document

    def take(
        self, found: Mapping[str, Any], place: Place, key: str, kind: type, default: Any = None
    ) -> Any:
        """The value of a key, of exactly this type; `default` where it is missing or empty."""
        if found.get(key) is None:
            return default
        if type(found[key]) is not kind:
            words = {str: "text, in quotes", bool: "true or false", int: "a whole number"}[kind]
            self.fail((*place, key), f"{found[key]!r} is not {words}")
        return found[key]

    def take_mapping(self, given: Any, place: Place, keys: Sequence[str] | None) -> dict[str, Any]:
        """A mapping with text for keys, and none but `keys` where they are given."""
        if not isinstance(given, Mapping):
            known = f"; the keys are {', '.join(keys)}" if keys else ""
            self.fail(place, f"write a mapping (key: value), not {given!r}{known}")
        for key in given:
            if not isinstance(key, str):
                self.fail((*place, key), "is no text to YAML; put the name in quotes")
            if keys is not None and key not in keys:
                self.fail((*place, key), f"unknown key{suggest(key, keys)}")
        return dict(given)

    def parse(self, place: Place, parse: Callable[[Any], Any], value: Any) -> Any:
        """What `parse` makes of a value; its ValueError or UsageError gets the place."""
        try:
            return parse(value)
        except (ValueError, UsageError) as error:
            self.fail(place, str(error))

    def fail(self, place: Place, words: str) -> NoReturn:
        """Raise UsageError for what stands at a place."""
        line = self._document.find_line(place) if self._document else None
        where = f"{self.origin} line {line}" if line else self.origin
        named = ".".join(map(str, place))
        raise UsageError(f"{where}: {named}: {words}" if named else f"{where}: {words}")


def suggest(word: Any, known: Sequence[str]) -> str:
    """How an error goes on: what was probably meant, and what there is."""
    return f"; {tell_known(word, known)}"
