"""Broken text is repaired, and good text is left alone."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.tables.text.mend import may_be_broken, normalize_text, repair_text
from dreambolt_steps.tables.text.text_look import TextLook


@pytest.mark.parametrize(
    "good",
    [
        "José",
        "Łódź",
        "naïve café",
        "Müller & Söhne",
        "“quoted” – dash",
        "Москва",
        "東京",
        "€ 5",
        "🙂 ok",
    ],
)
@pytest.mark.parametrize("codec", ["cp1252", "latin-1"])
def test_utf8_that_was_decoded_as_something_else_is_repaired(good: str, codec: str) -> None:
    try:
        broken = good.encode().decode(codec)
    except UnicodeDecodeError:
        broken = good.encode().decode("latin-1")
    text = pa.array(["plain", broken, None, good])
    repaired, changed = repair_text(text)
    assert repaired.to_pylist() == ["plain", good, None, good]
    assert changed is not None
    assert changed.tolist() == [False, True, False, False]
    if {"\u00c3", "\u00c2"} & set(broken):
        assert may_be_broken(TextLook(text))


GOOD = pa.array(
    [
        *("Ann", "", None, "Zoë", "ÀÉÎÕÜ", "Ángel Ñandú", "Þór", "Œuvre", "Škoda", "Ærø"),
        *(
            "Straße",
            "Ελλάδα",
            "Привет",
            "שלום",
            "مرحبا",
            "中文",
            "日本語",
            "한국어",
            "ไทย",
            "🙂👍🏽",
        ),
        *(
            "naïve façade",
            "100 €",
            "5 °C ± 0,5",
            "“typographic” ‘quotes’ – and — dashes…",
            "x² · y³",
        ),
    ]
)


def test_good_text_in_many_scripts_is_not_changed() -> None:
    repaired, changed = repair_text(GOOD)
    assert repaired is GOOD
    assert changed is None
    assert not may_be_broken(TextLook(GOOD))


@settings(max_examples=150)
@given(st.lists(st.text(st.characters(max_codepoint=127))))
def test_ascii_is_passed_on_as_it_is(values: list[str]) -> None:
    text = pa.array(values, pa.string())
    assert repair_text(text)[0] is text
    assert normalize_text(text, "NFKC") is text


def test_normal_forms() -> None:
    text = pa.array(["e\u0301", "ﬁ", "é", None])
    assert normalize_text(text, "NFC").to_pylist() == ["é", "ﬁ", "é", None]
    assert normalize_text(text, "NFKC").to_pylist() == ["é", "fi", "é", None]
