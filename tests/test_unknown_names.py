from __future__ import annotations

import pytest

from dreambolt_steps.unknown_names import find_closest, tell_known


@pytest.mark.parametrize(
    ("name", "known", "closest"),
    [
        ("yeer", ["year", "winner"], "year"),
        ("YEAR", ["year", "winner"], "year"),
        ("Player Name", ["player_name", "team"], "player_name"),
        ("größe", ["Grösse", "team"], "Grösse"),
        ("xyz", ["year", "winner"], None),
        ("x", [], None),
        ("§§", ["%%", "§§§"], "§§§"),
        (3, [33, 7], "33"),
    ],
)
def test_the_closest_name_is_found_whatever_its_case_and_signs(
    name: object, known: list[object], closest: str | None
) -> None:
    assert find_closest(name, known) == closest


def test_many_names_are_counted_and_the_meant_one_is_told() -> None:
    told = tell_known("c9_9", [f"c{number}" for number in range(100)])
    assert told.startswith("did you mean 'c99'? there are c0, c1, ")
    assert told.endswith("c19 and 80 more")
    assert tell_known("x", []) == "there are none"
