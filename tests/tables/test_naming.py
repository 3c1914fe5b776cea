"""Column names: the rules, and what holds for any names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.tables.naming import (
    MAX_NAME_CHARACTERS,
    clean_names,
    name_columns,
    unique_names,
)

NAMES = st.lists(st.text(max_size=90) | st.text(alphabet="aB_ 1-é%2ßİ", max_size=8), max_size=12)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Player Name", "player_name"),
        ("playerName", "player_name"),
        ("HTTPServer", "http_server"),
        ("Line-up", "line_up"),
        ("  a . b  ", "a_b"),
        ("Prénom", "prenom"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("İstanbul", "istanbul"),
        ("Имя", "имя"),
        ("名前", "名前"),
        ("2014", "_2014"),
        ("Share %", "share_pct"),
        ("#", "num"),
        ("", "column_1"),
        ("---", "column_1"),
        ("_private", "private"),
    ],
)
def test_names_become_snake_case(name: str, clean: str) -> None:
    assert clean_names([name]) == [clean]


def test_collisions_are_numbered_and_clean_names_keep_theirs() -> None:
    assert clean_names(["a b", "a-b"]) == ["a_b", "a_b_2"]
    assert clean_names(["a b", "a-b", "a_b"]) == ["a_b_2", "a_b_3", "a_b"]
    assert clean_names(["", "column_1", ""]) == ["column_1_2", "column_1", "column_3"]


def test_long_names_stay_apart() -> None:
    first, second = clean_names(["x" * 80, "x" * 80 + "y"])
    assert first != second
    assert len(first) == len(second) == MAX_NAME_CHARACTERS


@given(NAMES)
def test_any_names_become_unique_short_and_stable(names: list[str]) -> None:
    clean = clean_names(names)
    assert len(clean) == len(set(clean)) == len(names)
    assert all(0 < len(name) <= MAX_NAME_CHARACTERS for name in clean)
    assert all(name == name.lower() and not name[0].isdigit() for name in clean)
    assert clean_names(clean) == clean


@given(NAMES)
def test_unique_names_change_only_what_repeats_or_is_empty(names: list[str]) -> None:
    unique = unique_names(names)
    assert len(set(unique)) == len(names)
    assert unique_names(unique) == unique
    for original, name in zip(names, unique, strict=True):
        assert name == original or not original or names.count(original) > 1


def test_repeated_and_empty_headers() -> None:
    assert unique_names(["a", "a", "", "a_2"]) == ["a", "a_3", "column_3", "a_2"]


@pytest.mark.parametrize(
    ("name", "camel"),
    [
        ("Player Name", "playerName"),
        ("playerName", "playerName"),
        ("HTTPServer", "httpServer"),
        ("имя_поля", "имяПоля"),
        ("имяПоля", "имяПоля"),
        ("2014 total", "_2014Total"),
        ("a_2b", "a2b"),
        ("名前 太郎", "名前太郎"),
        ("", "column1"),
        ("🙂", "column1"),
        ("שם פרטי", "שםפרטי"),
    ],
)
def test_names_become_camel_case(name: str, camel: str) -> None:
    assert name_columns([name], "camel") == [camel]
    assert name_columns([camel], "camel") == [camel]


@pytest.mark.parametrize("naming", ["snake_case", "camel", "source"])
@given(names=NAMES)
def test_every_convention_is_injective_and_idempotent(naming: str, names: list[str]) -> None:
    named = name_columns(names, naming)  # type: ignore[arg-type]
    assert len(set(named)) == len(names)
    assert all(named)
    assert name_columns(named, naming) == named  # type: ignore[arg-type]
