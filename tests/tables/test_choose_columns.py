"""Which columns are kept, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest

from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.cleaning.choose_columns import choose_columns, look_up

SOURCES = ["Id", "Home Team", "Away Team", "home_goals", "Größe"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["id", "home_team", "away_team", "home_goals", "grosse"]),
        ({"naming": "source"}, SOURCES),
        ({"naming": "camel"}, ["id", "homeTeam", "awayTeam", "homeGoals", "grosse"]),
        ({"keep": ["Id", "away_team"]}, ["id", "away_team"]),
        ({"keep": ["home_*"]}, ["home_team", "home_goals"]),
        ({"keep": ["* Team"]}, ["home_team", "away_team"]),
        ({"keep": ["*"], "drop": ["Gr*"]}, ["id", "home_team", "away_team", "home_goals"]),
        ({"drop": ["*team", "id"]}, ["home_goals", "grosse"]),
        ({"rename": {"Id": "Key", "grosse": "size"}, "keep": ["Id", "Größe"]}, ["Key", "size"]),
        ({"rename": {"Home Team": "id"}, "drop": ["Id", "Gr*", "a*", "home_goals"]}, ["id"]),
    ],
)
def test_columns_are_chosen(options: dict[str, Any], names: list[str]) -> None:
    assert [column.name for column in choose_columns(SOURCES, **options)] == names


def test_order_and_places_are_those_of_the_source() -> None:
    chosen = choose_columns(SOURCES, keep=["Größe", "id"])
    assert [(column.at, column.source) for column in chosen] == [(0, "Id"), (4, "Größe")]


def test_a_name_is_not_numbered_after_a_column_that_is_gone() -> None:
    assert [c.name for c in choose_columns(["a b", "a-b"], drop=["a b"])] == ["a_b"]


def test_a_name_with_a_star_is_itself_before_it_is_a_pattern() -> None:
    assert [c.source for c in choose_columns(["a*", "ab"], keep=["a*"])] == ["a*"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": ["nope"]}, "no column 'nope' to keep; there are id, home_team, away_team"),
        ({"drop": ["x*"]}, "no column 'x\\*' to drop"),
        ({"keep": "Id"}, "columns to keep are a list, not 'Id'"),
        ({"drop": ["*"]}, "keep and drop leave no column"),
        ({"keep": []}, "keep and drop leave no column"),
        ({"rename": {"nope": "x"}}, "no column 'nope' to rename"),
        ({"rename": {"Id": "home_team"}}, "two columns would be called 'home_team'"),
        ({"rename": {"Id": ""}}, "a column would have no name"),
        ({"naming": "kebab"}, "no naming 'kebab'; there are snake_case, camel, source"),
    ],
)
def test_wrong_choices_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choose_columns(SOURCES, **options)


def test_what_is_given_goes_by_source_or_clean_name() -> None:
    chosen = choose_columns(SOURCES)
    given = {"Id": 1, "home_team": 2, "*": 3}
    assert look_up(chosen, given, "to type", 0) == [1, 2, 3, 3, 3]
    assert look_up(chosen, None, "to type", 0) == [0] * 5
    with pytest.raises(UsageError, match="no column 'z' to type; there are id"):
        look_up(chosen, {"z": 1}, "to type", 0)


def test_many_columns_of_one_name_are_named_quickly_and_apart() -> None:
    names = [column.name for column in choose_columns(["x" * 300] * 5000)]
    assert len(set(names)) == 5000
    assert max(map(len, names)) == 63
