"""Column names made regular: snake_case, unique, never empty."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import get_args

import xxhash

from dreambolt_steps.arguments.clean_table import Naming
from dreambolt_steps.errors import UsageError
from dreambolt_steps.unknown_names import tell_known

MAX_NAME_CHARACTERS = 63
_HASH_CHARACTERS = 8
# Letters that Unicode does not decompose into a base letter and an accent.
_FOLDED = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i"}
)


def clean_names(names: Sequence[str]) -> list[str]:
    """Make column names regular, one for one and in order.

    - words are split at every character that is no letter or digit, and where camelCase turns;
      joined by `_`, lower case;
    - accents are folded (`Prénom` -> `prenom`); letters that are not Latin stay (`Имя` -> `имя`);
    - `%` and `#` become `pct` and `num`, for they are often all that tells two columns apart;
    - a leading digit gets `_` before it; a name with nothing left becomes `column_N`, N its 1-based
      position;
    - at most 63 characters: a longer name is cut and ends in a hash of the whole;
    - a name that is taken gets `_2`, `_3`...; names that are clean already keep theirs.

    >>> clean_names(["Player Name", "playerName", "2014", "%", ""])
    ['player_name', 'player_name_2', '_2014', 'pct', 'column_5']
    """
    wanted = [_clean_name(name) or f"column_{i}" for i, name in enumerate(names, 1)]
    return _number_repeats(names, wanted, MAX_NAME_CHARACTERS)


def name_columns(names: Sequence[str], naming: Naming = "snake_case") -> list[str]:
    """Name columns by a convention, one for one and in order; names never collide.

    - snake_case: as `clean_names` has it;
    - camel: the same words as in snake_case, joined as `playerName`;
    - source: as they are (`unique_names`).

    Names that follow the convention already keep theirs.

    >>> name_columns(["Player Name", "player-name", "2014"], "camel")
    ['playerName', 'playerName2', '_2014']

    Raises: UsageError for a convention that there is not.
    """
    if naming not in get_args(Naming):
        raise UsageError(f"no naming {naming!r}; {tell_known(naming, get_args(Naming))}")
    if naming == "source":
        return unique_names(names)
    if naming == "snake_case":
        return clean_names(names)
    wanted = [_join_camel(_clean_name(name)) or f"column{i}" for i, name in enumerate(names, 1)]
    return _number_repeats(names, wanted, MAX_NAME_CHARACTERS, "")


def unique_names(names: Sequence[str]) -> list[str]:
    """Keep names as they are, but number repeats (`a`, `a` -> `a`, `a_2`) and name empty ones
    `column_N`."""
    wanted = [name or f"column_{i}" for i, name in enumerate(names, 1)]
    return _number_repeats(names, wanted, None)


def _clean_name(name: str) -> str:
    text = name.replace("%", " pct ").replace("#", " num ").translate(_FOLDED)
    text = "".join(map(_fold_accent, unicodedata.normalize("NFKC", text)))
    text = _split_camel(text).lower()
    # A second normalisation: lower-casing may decompose (the dotted capital I of Turkish).
    text = "".join(map(_fold_accent, unicodedata.normalize("NFKC", text)))
    text = "".join(c if c == "_" or c.isalnum() or unicodedata.combining(c) else " " for c in text)
    leading = "_" if re.match(r"_\d", text) else ""
    text = leading + "_".join(part for part in re.split(r"[\s_]+", text) if part)
    if text[:1].isdigit() or unicodedata.category(text[:1] or "a").startswith(("M", "N")):
        text = f"_{text}"
    return text if len(text) <= MAX_NAME_CHARACTERS else _cut(text)


def _fold_accent(character: str) -> str:
    """Return a Latin letter without its accents, any other character unchanged."""
    base, *accents = list(unicodedata.normalize("NFKD", character))
    return base if accents and base.isascii() and base.isalpha() else character


def _cut(name: str) -> str:
    head = name[: MAX_NAME_CHARACTERS - _HASH_CHARACTERS - 1].rstrip("_")
    return f"{head}_{xxhash.xxh3_64_hexdigest(name.encode())[:_HASH_CHARACTERS]}"


def _split_camel(text: str) -> str:
    """Put `_` where words begin in camelCase, in any script: HTTPServer -> HTTP_Server."""
    parts = []
    for at, character in enumerate(text):
        if at and character.isupper():
            before, after = text[at - 1], text[at + 1 : at + 2]
            if before.islower() or before.isdigit() or (before.isupper() and after.islower()):
                parts.append("_")
        parts.append(character)
    return "".join(parts)


def _join_camel(name: str) -> str:
    """Join the words of a snake_case name, so that `_split_camel` finds them again; where it could
    not, the `_` stays."""
    lead = "_" if name.startswith("_") else ""
    joined, *others = name.removeprefix("_").split("_")
    for word in others:
        capital = word[0].upper()
        has_capital = capital != word[0] and capital.lower() == word[0]
        is_mark = unicodedata.category(word[0]).startswith("M")
        if is_mark or (has_capital and not (joined[-1:].islower() or joined[-1:].isdigit())):
            joined += f"_{word}"
        else:
            joined += (capital if has_capital else word[0]) + word[1:]
    return lead + joined


def _number_repeats(
    originals: Sequence[str], wanted: Sequence[str], limit: int | None, joint: str = "_"
) -> list[str]:
    """Give every name its own: names that asked for what they are come first, then the others."""
    taken = {name for name, original in zip(wanted, originals, strict=True) if name == original}
    owned: set[str] = set()
    numbers: dict[str, int] = {}
    result = []
    for name, original in zip(wanted, originals, strict=True):
        if name == original and name not in owned:
            owned.add(name)
            result.append(name)
            continue
        candidate, number = name, numbers.get(name, 1)
        while candidate in taken:
            number += 1
            suffix = f"{joint}{number}"
            head = name if limit is None else name[: limit - len(suffix)].rstrip("_")
            candidate = head + suffix
        numbers[name] = number
        taken.add(candidate)
        result.append(candidate)
    return result
