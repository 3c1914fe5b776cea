from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.suggestion.vocabulary import SEMANTIC_TYPES, find_family, is_unit


@pytest.mark.parametrize(
    "unit",
    [
        "kg",
        "m",
        "cm",
        "km/h",
        "m/s2",
        "Cel",
        "%",
        "min",
        "s",
        "mo",
        "a",
        "kW",
        "kWh",
        "MBy",
        "hPa",
        "{goals}",
        "{matches}/a",
        "1",
        "/min",
        "kg.m/s2",
        "EUR",
        "USD/kg",
        "[lb_av]",
        "mmol/L",
        "mg/dL",
    ],
)
def test_units_of_ucum_and_currencies_are_units(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize(
    "unit",
    [
        "",
        "kilograms",
        "years",
        "metres",
        "kg m",
        "m//s",
        "km/",
        "€",
        "per cent",
        "EURO",
        "{}",
        "{Goals}",
        "kg; DROP TABLE x",
        "[lb_av",
        "m" * 25,
        "5",
        "kmin",
        "\x1b[31m",
        "count",
        "number of goals",
    ],
)
def test_other_words_are_not(unit: str) -> None:
    assert not is_unit(unit)


@given(st.text(max_size=30))
def test_any_text_has_an_answer(text: str) -> None:
    assert is_unit(text) in (True, False)


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (pa.string(), "text"),
        (pa.dictionary(pa.int32(), pa.string()), "text"),
        (pa.int8(), "integer"),
        (pa.uint64(), "integer"),
        (pa.float32(), "number"),
        (pa.decimal128(38, 2), "number"),
        (pa.bool_(), "boolean"),
        (pa.date32(), "date"),
        (pa.timestamp("us", tz="UTC"), "timestamp"),
        (pa.time64("us"), "time"),
        (pa.list_(pa.float32(), 3), None),
        (pa.struct([("a", pa.int8())]), None),
        (pa.binary(), None),
    ],
)
def test_families_of_types(kind: pa.DataType, family: str | None) -> None:
    assert find_family(kind) == family


def test_every_semantic_type_stands_on_a_family_there_is() -> None:
    known = {"text", "integer", "number", "boolean", "date", "timestamp", "time"}
    assert {family for families in SEMANTIC_TYPES.values() for family in families} == known
