"""What a proposal may say: the semantic types there are, and what a unit is written like."""

from __future__ import annotations

import re

import pyarrow as pa

SEMANTIC_TYPES: dict[str, tuple[str, ...]] = {
    # what it names
    "identifier": ("text", "integer"),
    "code": ("text", "integer"),
    "category": ("text", "integer", "boolean"),
    "flag": ("boolean", "text", "integer"),
    "person_name": ("text",),
    "organization": ("text",),
    "title": ("text",),
    "free_text": ("text",),
    # how to reach it
    "email": ("text",),
    "phone": ("text", "integer"),
    "url": ("text",),
    "ip_address": ("text",),
    "uuid": ("text",),
    "json": ("text",),
    # where it is
    "address": ("text",),
    "postal_code": ("text", "integer"),
    "city": ("text",),
    "region": ("text",),
    "country": ("text",),
    "country_code": ("text", "integer"),
    "language": ("text",),
    "place": ("text",),
    "latitude": ("number", "text"),
    "longitude": ("number", "text"),
    # when it was
    "date": ("date", "timestamp", "text"),
    "timestamp": ("timestamp", "text", "integer"),
    "time_of_day": ("time", "text", "integer"),
    "year": ("integer", "text", "date"),
    "month": ("integer", "text"),
    "duration": ("integer", "number", "text", "time"),
    # how much it is
    "count": ("integer", "number"),
    "quantity": ("integer", "number"),
    "amount": ("integer", "number", "text"),
    "currency": ("text",),
    "percentage": ("integer", "number"),
    "ratio": ("integer", "number"),
    "score": ("integer", "number", "text"),
    "rank": ("integer",),
    "age": ("integer", "number"),
}
"""Semantic type -> the families of column types that it may stand on."""

NUMERIC_FAMILIES = ("integer", "number")

_ATOMS = frozenset(
    re.findall(
        r"\S+",
        "m g s min h d wk mo a L l t ar har K Cel [degF] J W Wh V A Ohm Hz N Pa bar B By bit mol "
        "lm lx deg rad % [ppm] [ppb] [in_i] [ft_i] [yd_i] [mi_i] [nmi_i] [lb_av] [oz_av] [gal_us] "
        "[kn_i] [acr_i] cal 1",
    )
)
_PREFIXES = ("da", *"YZEPTGMkhdcmunpfazy")
_NO_PREFIX = frozenset(("min", "h", "d", "wk", "mo", "%", "1", "deg", "Cel", "ar", "har"))
_FACTOR = re.compile(r"(\[[^\]]+\]|1|%|[A-Za-z]+)?([+-]?\d)?(\{[a-z][a-z0-9_ -]*\})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_UNIT_CHARACTERS = 24


def find_family(kind: pa.DataType) -> str | None:
    """The family of a column type: text, integer, number, boolean, date, timestamp or time; None
    for what no semantic type stands on (lists, structs, bytes).

    >>> find_family(pa.decimal128(9, 2))
    'number'
    """
    families = {
        "text": pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "integer": pa.types.is_integer(kind),
        "number": pa.types.is_floating(kind) or pa.types.is_decimal(kind),
        "boolean": pa.types.is_boolean(kind),
        "date": pa.types.is_date(kind),
        "timestamp": pa.types.is_timestamp(kind),
        "time": pa.types.is_time(kind) or pa.types.is_duration(kind),
    }
    if pa.types.is_dictionary(kind):
        return find_family(kind.value_type)
    return next((family for family, holds in families.items() if holds), None)


def is_unit(text: str) -> bool:
    """Whether a text is written like a UCUM unit (`kg`, `m/s2`, `Cel`, `%`, `{goals}`), or is the
    code of a currency (`EUR`, also `EUR/h`).

    >>> [is_unit(text) for text in ("km/h", "{goals}", "kilometres")]
    [True, True, False]
    """
    if not text or len(text) > MAX_UNIT_CHARACTERS:
        return False
    factors = re.split(r"[./]", text.removeprefix("/"))
    return all(_is_factor(factor) for factor in factors)


def _is_factor(factor: str) -> bool:
    match = _FACTOR.fullmatch(factor)
    if not factor or match is None:
        return False
    atom, power, annotation = match.groups()
    if atom is None:
        return power is None and annotation is not None
    return atom in _ATOMS or bool(_CURRENCY.fullmatch(atom)) or _has_prefix(atom)


def _has_prefix(atom: str) -> bool:
    for prefix in _PREFIXES:
        rest = atom.removeprefix(prefix)
        if rest != atom and rest in _ATOMS - _NO_PREFIX and not rest.startswith("["):
            return True
    return False
