from __future__ import annotations

import errno
import pickle
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.errors import ExportError, RecipeError, TerminalError, UsageError
from dreambolt_steps.recipes.recipe import load_recipe
from dreambolt_steps.recipes.recipe_values import parse_value


def write_recipe(folder: Path, text: str, name: str = "cups.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


TYPED = """
from __future__ import annotations
from pathlib import Path
from typing import Literal

def recipe(
    source: str, rows: int = 0, share: float = 0.5, strict: bool = False, out: Path = Path("out"),
    embed: list[str] | None = None, types: dict[str, str] | None = None,
    mode: Literal["create", "append"] = "create", limit: int | None = None, plain=7, bare=None,
):
    pass
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], {}),
        (["rows=50"], {"rows": 50}),
        (["rows=1", "rows=2"], {"rows": 2}),
        (["share=.25"], {"share": 0.25}),
        (["strict=yes"], {"strict": True}),
        (["strict=OFF"], {"strict": False}),
        (["out=a b/c"], {"out": Path("a b/c")}),
        (["embed=name,club", "embed=city"], {"embed": ["name", "club", "city"]}),
        (["embed="], {"embed": None}),
        (
            ["types=id=text,price=decimal(10,2)"],
            {"types": {"id": "text", "price": "decimal(10,2)"}},
        ),
        (["mode=append"], {"mode": "append"}),
        (["limit=3"], {"limit": 3}),
        (["limit="], {"limit": None}),
        (["plain=8"], {"plain": 8}),
        (["bare=x"], {"bare": "x"}),
        (["source=s3://b/k?a=b"], {"source": "s3://b/k?a=b"}),
    ],
)
def test_settings_become_arguments_of_the_signatures_types(
    tmp_path: Path, settings: list[str], expected: dict[str, Any]
) -> None:
    recipe = load_recipe(write_recipe(tmp_path, TYPED))
    assert recipe.parse_settings(["source=x", *settings]) == {"source": "x", **expected}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("rows=many", "--set rows=many: not a whole number"),
        ("rows=1.5", "not a whole number"),
        ("share=half", "not a number"),
        ("strict=maybe", "write true or false"),
        ("mode=replace", "no such value; there are create, append"),
        ("types=id", "write key=value"),
        ("limit=x", "not a whole number"),
        ("rows", "write it as name=value"),
        ("rowz=1", "did you mean 'rows'?"),
        ("zzz=1", "has no such parameter; there are source, rows, share"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, setting: str, words: str) -> None:
    recipe = load_recipe(write_recipe(tmp_path, TYPED))
    with pytest.raises(RecipeError) as caught:
        recipe.parse_settings(["source=x", setting])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_required_parameter_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"needs --set source="):
        load_recipe(write_recipe(tmp_path, TYPED)).parse_settings([])


def test_a_parameter_that_no_text_can_be_is_refused(tmp_path: Path) -> None:
    text = "import datetime\ndef recipe(day: datetime.date = None): pass\n"
    with pytest.raises(RecipeError, match="a date can't be given on the command line"):
        load_recipe(write_recipe(tmp_path, text)).parse_settings(["day=2026-01-01"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def recipe(:\n", "cups.py:1: syntax error"),
        ("x = 1\n  y = 2\n", "cups.py:2: syntax error: unexpected indent"),
        ("import no_such_module_at_all\ndef recipe(): pass\n", "cups.py:1: ModuleNotFoundError"),
        ("def recipe(): pass\n1 / 0\n", "cups.py:2: ZeroDivisionError: division by zero"),
        ("def other(): pass\n", "no function `recipe`"),
        ("recipe = 7\n", "no function `recipe`"),
        ("", "no function `recipe`"),
        ("a = 'x\0y'\n", "syntax error: source code"),
        ("def recipe(a: 'Nowhere' = 1): pass\n", "annotations of `recipe` can't be read"),
    ],
)
def test_files_that_are_no_recipes_say_why(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write_recipe(tmp_path, text))
    assert words in str(caught.value)
    assert "cups.py" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["missing.py", ".", "cups.txt"])
def test_paths_that_are_no_recipes_say_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "cups.txt").write_text("def recipe(): pass\n")
    with pytest.raises(RecipeError):
        load_recipe(tmp_path / name)


def test_a_neighbour_with_a_syntax_error_is_the_one_that_is_named(tmp_path: Path) -> None:
    write_recipe(tmp_path, "def broken(:\n", "broken_neighbour.py")
    with pytest.raises(RecipeError, match=r"broken_neighbour\.py:1: syntax error"):
        load_recipe(write_recipe(tmp_path, "import broken_neighbour\n"))


def test_neighbours_can_be_imported_while_the_recipe_runs(tmp_path: Path) -> None:
    write_recipe(tmp_path, "def write(path): path.write_text('done')\n", "late_neighbour.py")
    text = (
        "from pathlib import Path\n"
        "def recipe(out: Path):\n    import late_neighbour\n    late_neighbour.write(out)\n"
    )
    load_recipe(write_recipe(tmp_path, text)).run({"out": tmp_path / "told"})
    assert (tmp_path / "told").read_text() == "done"


def test_a_neighbour_never_takes_the_place_of_an_installed_module(tmp_path: Path) -> None:
    write_recipe(tmp_path, "raise RuntimeError\n", "graphlib.py")
    load_recipe(write_recipe(tmp_path, "import graphlib\ndef recipe(): pass\n"))


def test_recipes_of_one_name_in_two_folders_stay_apart(tmp_path: Path) -> None:
    recipes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        text = f"NAME = {name!r}\ndef recipe(told: list): told.append(NAME)\n"
        recipes.append(load_recipe(write_recipe(tmp_path / name, text)))
    told: list[str] = []
    for recipe in recipes:
        recipe.run({"told": told})
    assert told == ["one", "two"]


def test_a_recipe_may_define_dataclasses_that_can_be_pickled(tmp_path: Path) -> None:
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Cup:\n    year: int\n"
        "def recipe(told: list): told.append(Cup(1930))\n"
    )
    told: list[Any] = []
    load_recipe(write_recipe(tmp_path, text)).run({"told": told})
    assert pickle.loads(pickle.dumps(told[0])).year == 1930


def test_an_error_in_the_recipe_names_its_file_and_line(tmp_path: Path) -> None:
    text = "def halve(x):\n    return x / 0\n\ndef recipe():\n    halve(1)\n"
    with pytest.raises(TerminalError) as caught:
        load_recipe(write_recipe(tmp_path, text)).run({})
    assert str(caught.value).endswith("cups.py:2: ZeroDivisionError: division by zero")
    assert caught.value.exit_code == 1


def test_errors_of_the_steps_come_through_as_they_are(tmp_path: Path) -> None:
    text = (
        "from dreambolt_steps.errors import UsageError\n"
        "def recipe(): raise UsageError('no such column')\n"
    )
    with pytest.raises(UsageError, match=r"^no such column$"):
        load_recipe(write_recipe(tmp_path, text)).run({})


def test_a_full_disk_is_told_as_one(tmp_path: Path) -> None:
    text = f"def recipe(): raise OSError({errno.ENOSPC}, 'No space left on device', 'x.arrow')\n"
    with pytest.raises(
        ExportError, match=r"cups\.py:1: the disk of the session is full; .*--session"
    ):
        load_recipe(write_recipe(tmp_path, text)).run({})


@given(st.integers())
def test_whole_numbers_come_back(number: int) -> None:
    assert parse_value("n", [str(number)], int) == number


@given(st.floats(allow_nan=False))
def test_numbers_come_back(number: float) -> None:
    assert parse_value("n", [repr(number)], float) == number


@given(st.text())
def test_text_is_never_changed(text: str) -> None:
    assert parse_value("t", [text], str) == text
    assert parse_value("t", [text], int | str) in (text, _as_int(text))


def _as_int(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


@given(st.lists(st.from_regex(r"\A[a-z_]{1,8}\Z")))
def test_lists_come_back_however_they_are_given(names: list[str]) -> None:
    assert parse_value("l", [",".join(names)], list[str]) == names
    assert parse_value("l", names, tuple[str, ...]) == tuple(names)


@given(st.sampled_from(["create", "append", 3]))
def test_literals_keep_their_types(value: object) -> None:
    assert parse_value("l", [str(value)], Literal["create", "append", 3]) == value
