"""What is said of arguments that are wrong, for each kind of them."""

from __future__ import annotations

import inspect
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreambolt_steps.arguments.argument import list_arguments
from dreambolt_steps.arguments.check import check_arguments, find_fault
from dreambolt_steps.arguments.clean_table import CleaningArgs
from dreambolt_steps.arguments.load_table import ReadArgs
from dreambolt_steps.arguments.steps import DECLARATIONS
from dreambolt_steps.errors import UsageError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.tables.clean import plan_cleaning


def check(step: str, **args: Any) -> None:
    check_arguments(args, list_arguments(DECLARATIONS[step]), "step one")


WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "CleanTable",
        {"keep": "a, b"},
        'keep is "a, b", a text; it takes a list of texts: write ["a", "b"]',
    ),
    (
        "CleanTable",
        {"keep": {"a": 1}},
        "keep is {'a': 1}, a dictionary; it takes a list of texts: write [\"a\"]",
    ),
    ("CleanTable", {"keep": ["a", 5]}, 'keep[1] is 5, a whole number; it takes text: write "5"'),
    (
        "CleanTable",
        {"keep": {"a"}},
        "keep is of the type set; it takes a list of texts: write list(...) around it",
    ),
    ("CleanTable", {"types": ["a"]}, "types is ['a'], a list; it takes a dictionary"),
    (
        "CleanTable",
        {"types": {"a": 5}},
        'types["a"] is 5, a whole number; it takes text: write "5"',
    ),
    ("CleanTable", {"trim": "no"}, 'trim is "no", a text; it takes True or False: write False'),
    ("CleanTable", {"trim": 1}, "trim is 1, a whole number; it takes True or False: write True"),
    (
        "CleanTable",
        {"trim": None},
        "trim is None; it takes True or False: leave it out for the default",
    ),
    ("CleanTable", {"duplicates": "Drop"}, 'did you mean "drop"?'),
    ("CleanTable", {"masks": {"a": "hsah"}}, 'masks["a"] is "hsah", a text; it takes "hash"'),
    (
        "CleanTable",
        {"day_first": {"a": "yes"}},
        'day_first["a"] is "yes", a text; it takes True or False: write True',
    ),
    ("CleanTable", {"null_tokens": {"a": "-"}}, 'null_tokens["a"] is "-", a text; it takes a list'),
    (
        "CleanTable",
        {"trimm": False},
        "has no argument 'trimm'; did you mean 'trim'? there are types",
    ),
    ("LoadTable", {}, 'step one needs args={"source": ...}: A path, glob'),
    ("EmbedColumns", {"dims": "http://me:pw@x.org"}, 'dims is "http://me:***@x.org", a text'),
    ("LoadTable", {"source": " "}, "source is empty: A path, glob"),
    ("ExportParquet", {"path": ""}, "path is empty: A folder"),
    ("LoadTable", {"source": 5}, "source is 5, a whole number; it takes text, a path, or a list"),
    (
        "LoadTable",
        {"source": "a", "skip": "3"},
        'skip is "3", a text; it takes a whole number: write 3',
    ),
    ("LoadTable", {"source": "a", "skip": -1}, "skip is -1; it has to be 0 or more"),
    ("LoadTable", {"source": "a", "skip": True}, "skip is True; it takes a whole number"),
    ("LoadTable", {"source": "a", "skip": 2.0}, "skip is 2.0, a number; it takes a whole number"),
    (
        "MatchSimilar",
        {"text": "a", "threshold": 1.5},
        "threshold is 1.5; it has to be from -1 to 1",
    ),
    ("MatchSimilar", {"text": "a", "threshold": float("nan")}, "threshold is nan; it has to be"),
    ("MatchSimilar", {"text": "a", "k": 0}, "k is 0; it has to be 1 or more"),
    (
        "EmbedColumns",
        {"embedder": dict},
        "embedder is dict, a class; it takes an embedder, or the name of one: write dict(...)",
    ),
    ("EmbedColumns", {"embedder": 3}, "embedder is 3, a whole number; it takes an embedder"),
    ("SynthesizeRows", {"llm": object()}, "llm is of the type object; it takes a language model"),
    ("SynthesizeRows", {"rows": "3"}, 'rows is "3", a text; it takes a whole number: write 3'),
    ("SynthesizeRows", {"seed_rows": {"a": 1}}, "a list of dictionaries"),
    ("SynthesizeRows", {"seed_rows": {"a": 1}}, "write [{'a': 1}]"),
    ("SynthesizeRows", {"where": {"a": {"b": "3"}}}, 'where["a"]["b"] is "3"'),
    ("CopyIntoDuckDB", {"database": "x", "table": "t", "mode": "upsert"}, '"merge" | "snapshot"'),
    ("CopyIntoDuckDB", {"database": "x", "table": "t", "key": None}, "leave it out"),
]


@pytest.mark.parametrize(("step", "args", "words"), WRONG)
def test_what_is_wrong_is_told_in_one_line(step: str, args: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(step, **args)
    assert str(caught.value).startswith("step one")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_fits_is_taken_as_it_is() -> None:
    check("LoadTable", source=Path("a.csv"), skip=np.int64(2), header=np.bool_(True), sheet=2)
    check("LoadTable", source=[Path("a.csv"), "b.csv"], since=5, cursor="n")
    check("CleanTable", keep=("a", "b"), null_tokens=["-"], day_first={"a": True}, contract={})
    check("SynthesizeRows", near=None, temperature=1, fixed={"a": None, "b": [Decimal(1)]})
    check("SynthesizeRows", where={"a": ["x", 1], "b": {2: 3}}, templates=Path("prompts"))
    check("CompleteColumns", columns={"a": None, "b": "text"})
    check("MatchSimilar", text="a", threshold=np.float32(0.5), block_by=["a"])


@pytest.mark.parametrize("step", DECLARATIONS)
def test_defaults_are_of_their_kinds_and_helps_are_sentences(step: str) -> None:
    for one in list_arguments(DECLARATIONS[step]):
        assert one.required or find_fault(one, one.default) is None, one.name
        assert one.help.endswith("."), one.name


@pytest.mark.parametrize(
    ("function", "declaration"), [(read_table, ReadArgs), (plan_cleaning, CleaningArgs)]
)
def test_functions_behind_steps_take_what_is_declared(function: Any, declaration: Any) -> None:
    parameters = inspect.signature(function).parameters
    for one in list_arguments(declaration):
        default = parameters[one.name].default
        assert (list(default) if isinstance(default, tuple) else default) == one.default, one.name
