"""What a step is called with: arguments, inputs and models as they are written in Python."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import (
    ChatModel,
    CleanTable,
    EmbedColumns,
    LoadTable,
    MiniLMEmbedder,
    SuggestSchema,
    SynthesizeRows,
    columns,
)
from dreambolt_steps.errors import CredentialError, DreamboltError, UsageError


@pytest.fixture
def names(tmp_path: Path) -> str:
    path = tmp_path / "names.csv"
    path.write_text("name,team\nPELE,Brazil\nDiego MARADONA,Argentina\n")
    return str(path)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda raw: CleanTable("clean", inputs=raw),
            "step clean (CleanTable): inputs are columns; write inputs=columns(step)",
        ),
        (lambda raw: columns("raw"), "columns() takes a step that has run, such as raw; a str is"),
        (lambda raw: columns(CleanTable), "CleanTable is none"),
        (lambda raw: CleanTable("clean", raw.output), "inputs are columns; write inputs=columns"),
        (lambda raw: CleanTable("clean", inputs=columns), "inputs are columns; write"),
        (
            lambda raw: CleanTable("clean", inputs={"name": raw}),
            "input 'name' is a whole table; write inputs=columns(step), or one column of it: "
            'inputs={"name": step.output["name"]}',
        ),
        (lambda raw: CleanTable("clean", inputs={"x": raw.output}), "input 'x' is a whole table"),
        (lambda raw: CleanTable("clean", inputs={"x": [1, 2]}), "input 'x' is of the type list"),
        (
            lambda raw: CleanTable("clean", inputs=columns(raw), trim=False),
            'trim is an argument of the step: write args={"trim": ...}',
        ),
        (
            lambda raw: CleanTable("clean", inputs=columns(raw), forced=True),
            "no parameter 'forced'; did you mean 'force'?",
        ),
        (
            lambda raw: CleanTable("clean", inputs=columns(raw), args=["trim"]),
            'args is a dictionary, such as args={"name": value}',
        ),
        (
            lambda raw: CleanTable("clean", inputs=columns(raw), args={"trimm": False}),
            "step clean (CleanTable) has no argument 'trimm'; did you mean 'trim'?",
        ),
        (lambda raw: CleanTable(inputs=columns(raw)), 'CleanTable("a name", inputs=..., args=...)'),
        (lambda raw: LoadTable("names.csv"), 'step names.csv (LoadTable) needs args={"source"'),
        (
            lambda raw: SuggestSchema("suggest", inputs=columns(raw), args={"llm": ChatModel}),
            "llm is ChatModel, a class; it takes a language model, or the name of one: "
            "write ChatModel(...)",
        ),
        (
            lambda raw: SuggestSchema("s", inputs=columns(raw), args={"llm": MiniLMEmbedder()}),
            "llm is of the type MiniLMEmbedder; it takes a language model",
        ),
        (
            lambda raw: EmbedColumns("e", inputs=columns(raw), args={"embedder": "nowhere/x"}),
            "nowhere/x",
        ),
    ],
)
def test_a_wrong_call_is_one_line_that_says_what_was_meant(
    session: Callable[..., Any], names: str, call: Callable[[Any], Any], words: str
) -> None:
    with session():
        raw = LoadTable("load", args={"source": names})
        with pytest.raises(DreamboltError) as caught:
            call(raw)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("..", "give it one with a letter or digit"),
        ("***", "give it one with a letter or digit"),
        ("a/b", "without /"),
        ("_vectors", "no _ at its beginning"),
        ("x" * 300, "longer than the 200 bytes"),
        ("", "a step has a name of its own"),
        (5, "a step has a name of its own"),
    ],
)
def test_a_name_that_makes_no_folder_is_refused_before_anything_is_written(
    session: Callable[..., Any], names: str, tmp_path: Path, name: Any, words: str
) -> None:
    with session(), pytest.raises(UsageError, match=re.escape(words)) as caught:
        LoadTable(name, args={"source": names})
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "session").rglob("step.json"))


def test_a_name_may_have_letters_of_any_script(session: Callable[..., Any], names: str) -> None:
    for resumed in (False, True):
        with session():
            raw = LoadTable("読み込み: names?", args={"source": names})
        assert raw._resumed is resumed


def test_a_model_may_be_named_and_is_the_same_as_the_object(
    session: Callable[..., Any], names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    found = []
    for llm in ("gpt-4o-mini", ChatModel("gpt-4o-mini")):
        with session():
            raw = LoadTable("load", args={"source": names})
            more = SynthesizeRows("more", inputs=columns(raw), args={"llm": llm})
        assert isinstance(more.args["llm"], ChatModel)
        found.append(more.fingerprint)
    assert found[0] == found[1]
    assert more._resumed


def test_an_embedder_may_be_named(
    session: Callable[..., Any], names: str, model_cache: Path
) -> None:
    for embedder, resumed in (("", False), (MiniLMEmbedder(), True)):
        with session():
            raw = LoadTable("load", args={"source": names})
            args = EmbedColumns.Args(columns=["name"], embedder=embedder, dims=8)
            embedded = EmbedColumns("embed", inputs=columns(raw), args=args)
        assert embedded._resumed is resumed
        assert len(embedded.output["name_embedding"].dataset[0]["name_embedding"]) == 8


def test_without_a_key_a_named_model_says_which_variable_to_set(
    session: Callable[..., Any], names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with session():
        raw = LoadTable("load", args={"source": names})
        with pytest.raises(CredentialError, match="OPENAI_API_KEY"):
            SynthesizeRows("more", inputs=columns(raw), args={"rows": 1, "llm": "gpt-4o-mini"})


def test_one_step_to_run_afresh_may_be_a_text(session: Callable[..., Any], names: str) -> None:
    for fresh, resumed in ((), False), ("load", False), ((), True):
        with session(fresh=fresh):
            raw = LoadTable("load", args={"source": names})
        assert raw._resumed is resumed


def test_help_tells_the_arguments() -> None:
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        help(CleanTable)
    assert "Makes names, blanks, NULLs and types of a table regular." in told.getvalue()
    assert 'keep: Columns to keep: names or patterns such as "home_*".' in told.getvalue()
    assert "null_tokens: " in CleanTable.help


def test_args_are_a_plain_dictionary_of_what_was_given() -> None:
    assert CleanTable.Args(trim=False) == {"trim": False}
    assert type(CleanTable.Args(trim=False)) is dict


def test_an_empty_model_name_is_refused(session: Callable[..., Any], names: str) -> None:
    with session():
        raw = LoadTable("load", args={"source": names})
        with pytest.raises(UsageError, match="llm"):
            SynthesizeRows("more", inputs=columns(raw), args={"rows": 1, "llm": " "})
