"""Rows are found in whatever a model puts around them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.synthesis.find_rows import find_rows

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "[y] {z}"}]
TEXT = json.dumps(ROWS)


@pytest.mark.parametrize(
    "answer",
    [
        TEXT,
        f'{{"rows": {TEXT}}}',
        f'{{"result": {{"players": {TEXT}}}}}',
        f'{{"rows": {TEXT}, "notes": ["I made up [2]"], "count": 2}}',
        f'{{"notes": [{{"of": "a"}}, {{"of": "b"}}, {{"of": "c"}}], "data": {TEXT}}}',
        json.dumps({"first": ROWS[0], "second": ROWS[1]}),
        json.dumps({"rows": TEXT}),
        json.dumps(TEXT),
        json.dumps(json.dumps({"rows": ROWS})),
        json.dumps([json.dumps(row) for row in ROWS]),
        "\n".join(json.dumps(row) for row in ROWS),
        f"<think>Is it [1, 2] or {{}}? </think>\n```json\n{TEXT}\n```",
        f'<think>{{"rows": [{{"a": 9, "b": "draft"}}]}}\n</think>{TEXT}',
        f"no opening tag, as some templates have it [0]</think>{TEXT}",
        f'Draft: [{{"a": 7, "b": "q"}}, {{"a": 8, "b": "r"}}]. Better: {TEXT}',
        f'The schema is {{"type": "object", "required": ["a", "b"]}}, so: {TEXT} "Enjoy!"',
    ],
)
def test_the_rows_that_fit_are_found(answer: str) -> None:
    assert find_rows(answer, ["a", "b"]) == ROWS


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ("<think>it will be [1]", None),
        ('He said "no"', None),
        ('"no"', None),
        ("", None),
        ("[" * 100_000, None),
        ('{"a":' * 5_000, None),
        ('[{"a": "\\ud83d\\ude00 \\ud83d"}]', [{"a": "😀 �"}]),
        ('[{"a": 1}, {"a": ', [{"a": 1}]),
    ],
)
def test_what_holds_no_rows_raises_nothing(answer: str, rows: Any) -> None:
    assert find_rows(answer, ["a"]) == rows


def test_rows_keyed_by_their_number_keep_it() -> None:
    answer = '{"rows": {"2": {"a": 1}, "1": {"a": 2}}}'
    assert find_rows(answer, ["a"], "_row") == [{"_row": "2", "a": 1}, {"_row": "1", "a": 2}]


@given(st.text())
def test_any_text_is_an_answer(text: str) -> None:
    found = find_rows(text, ["a"])
    json.dumps(found, ensure_ascii=False).encode()
