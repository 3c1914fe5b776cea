from __future__ import annotations

from pathlib import Path

import pytest

from dreambolt_steps.errors import RecipeError, TerminalError
from dreambolt_steps.recipe import load_recipe


def write_recipe(folder: Path, text: str) -> Path:
    path = folder / "recipe_under_test.py"
    path.write_text(text)
    return path


SIGNATURE = """
from __future__ import annotations
from pathlib import Path
from typing import Literal

def recipe(
    source: str,
    rows: int = 0,
    share: float = 0.5,
    flag: bool = False,
    out: Path = Path("out"),
    names: list[str] | None = None,
    types: dict[str, str] | None = None,
    mode: Literal["create", "append"] = "create",
) -> None:
    pass
"""


def test_settings_get_the_types_of_the_signature(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe(tmp_path, SIGNATURE))
    settings = ["source=a=b.csv", "rows=7", "share=0.25", "flag=yes", "out=x/y", "names=a,b"]
    settings += ["names=c", "types=id=text,n=int8", "mode=append"]
    assert recipe.parse_settings(settings) == {
        "source": "a=b.csv",
        "rows": 7,
        "share": 0.25,
        "flag": True,
        "out": Path("x/y"),
        "names": ["a", "b", "c"],
        "types": {"id": "text", "n": "int8"},
        "mode": "append",
    }


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["source=x", "rows=many"], "rows=many: not a whole number"),
        (["source=x", "share=a"], "not a number"),
        (["source=x", "flag=perhaps"], "not a yes or no"),
        (["source=x", "mode=drop"], "one of create, append"),
        (["source=x", "types=id"], "write key=value"),
        (["sauce=x"], "did you mean 'source'"),
        (["source"], "write it as name=value"),
        ([], "needs --set source="),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, settings: list[str], words: str) -> None:
    recipe = load_recipe(write_recipe(tmp_path, SIGNATURE))
    with pytest.raises(RecipeError, match=words):
        recipe.parse_settings(settings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def recipe(:\n", r"recipe_under_test.py:1: syntax error"),
        ("x = 1\n", "no function `recipe`"),
        ("\nimport no_such_module\n", r"recipe_under_test.py:2: ModuleNotFoundError"),
    ],
)
def test_files_that_are_no_recipes_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        load_recipe(write_recipe(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no such recipe"):
        load_recipe(tmp_path / "none.py")


def test_errors_inside_a_recipe_name_its_line(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe(tmp_path, "def recipe():\n    return 1 / 0\n"))
    with pytest.raises(TerminalError, match=r"recipe_under_test.py:2: ZeroDivisionError"):
        recipe.run({})
