from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dreambolt_steps.arguments.argument import list_arguments
from dreambolt_steps.arguments.steps import DECLARATIONS
from dreambolt_steps.cli.app import app
from dreambolt_steps.cli.step_arguments import (
    list_clean_kinds,
    list_load_kinds,
    parse_clean,
    parse_columns,
    parse_load,
    parse_model_args,
    parse_since,
)
from dreambolt_steps.errors import UsageError


@pytest.mark.parametrize(
    ("settings", "args"),
    [
        ([], {}),
        (["delimiter=;"], {"delimiter": ";"}),
        (["delimiter=="], {"delimiter": "="}),
        (["delimiter=\\t"], {"delimiter": "\t"}),
        (["delimiter=,", "delimiter=|"], {"delimiter": "|"}),
        (["quote="], {"quote": ""}),
        (["escape=\\"], {"escape": "\\"}),
        (["header=no", "skip=3"], {"header": False, "skip": 3}),
        (["encoding=cp1252", "file_format=csv"], {"encoding": "cp1252", "file_format": "csv"}),
    ],
)
def test_args_of_load_table_are_typed(settings: list[str], args: dict[str, Any]) -> None:
    assert parse_load(settings) == args


@pytest.mark.parametrize(
    ("settings", "args"),
    [
        (["trim=no"], {"trim": False}),
        (["null_tokens=-,?"], {"null_tokens": ["-", "?"]}),
        (['null_tokens=["", "a,b"]'], {"null_tokens": ["", "a,b"]}),
        (["types=id=text,p=decimal(9,2)"], {"types": {"id": "text", "p": "decimal(9,2)"}}),
        (['types={"a=b,c": "date"}'], {"types": {"a=b,c": "date"}}),
        (["rename=Größe=size"], {"rename": {"Größe": "size"}}),
    ],
)
def test_args_of_clean_table_are_typed(settings: list[str], args: dict[str, Any]) -> None:
    assert parse_clean(settings) == args


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_dictionaries_of_any_names_come_back_from_json(names: dict[str, str]) -> None:
    assert parse_clean([f"rename={json.dumps(names)}"]) == {"rename": names}


def test_columns_are_split_at_the_last_equals_sign_and_go_before_types() -> None:
    columns = ["a=b=text", "price=decimal(10,2)", "*=text"]
    assert parse_columns(columns) == {"a=b": "text", "price": "decimal(10,2)", "*": "text"}
    assert parse_clean(["types=x=date,y=int8"], ["x=text"]) == {"types": {"x": "text", "y": "int8"}}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--load", "delimeter=;"],
            "--load delimeter: LoadTable has no such parameter; did you mean 'delimiter'?",
        ),
        (["--load", "delimiter"], "--load delimiter: write it as name=value"),
        (["--load", "skip=two"], "--load skip=two: not a whole number"),
        (["--load", "skip=-1"], "--load skip is -1; it has to be 0 or more"),
        (["--load", "header=maybe"], "--load header=maybe: not a yes or no"),
        (["--clean", "trimm=no"], "CleanTable has no such parameter; did you mean 'trim'?"),
        (["--clean", "types=id"], "--clean types=id: write key=value"),
        (["--columns", "id"], "--columns id: write it as name=type"),
        (["--columns", "id=integr"], "unknown type 'integr'"),
    ],
)
@pytest.mark.parametrize("command", ["ingest", "preview", "inspect"])
def test_wrong_args_are_told_before_the_source_is_looked_at(
    command: str, arguments: list[str], words: str
) -> None:
    done = CliRunner().invoke(app, [command, "nowhere.csv", *arguments])
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_recipes_take_settings_and_no_args_of_steps() -> None:
    done = CliRunner().invoke(app, ["preview", "recipe.py", "--load", "skip=1"])
    assert done.exit_code == 2
    assert "are for files; recipe.py takes --set" in done.stderr


@pytest.mark.parametrize(
    ("step", "kinds"), [("LoadTable", list_load_kinds), ("CleanTable", list_clean_kinds)]
)
def test_every_arg_of_the_step_can_be_given(step: str, kinds: Any) -> None:
    declared = {one.name for one in list_arguments(DECLARATIONS[step])}
    assert declared - {"source"} == set(kinds())


def test_unknown_kinds_are_usage_errors() -> None:
    with pytest.raises(
        UsageError, match="LoadTable has no such parameter; there are file_format, delimiter"
    ):
        parse_load(["zzz=1"])


def test_since_names_a_column_and_a_value() -> None:
    assert parse_since(None, "replace") == {}
    assert parse_since("at=2026-01-31", "replace") == {"cursor": "at", "since": "2026-01-31"}
    assert parse_since("at=last", "merge") == {"cursor": "at", "since": "last"}
    for text in ("at", "=5", "at="):
        with pytest.raises(UsageError, match="write it as column=value"):
            parse_since(text, "append")
    with pytest.raises(UsageError, match="add --mode append"):
        parse_since("at=last", "replace")


def test_fields_of_a_models_requests_are_json_or_text() -> None:
    told = ["reasoning_effort=low", "top_k=5", 'x={"a": [1]}', "think=false", "note=a=b"]
    assert parse_model_args(told, "gpt-5") == {
        "reasoning_effort": "low",
        "top_k": 5,
        "x": {"a": [1]},
        "think": False,
        "note": "a=b",
    }
    with pytest.raises(UsageError, match="--llm-arg top_k: write it as name=value"):
        parse_model_args(["top_k"], "gpt-5")
    with pytest.raises(UsageError, match="name one with --llm"):
        parse_model_args(["top_k=5"], "")
