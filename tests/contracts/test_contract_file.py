"""Contract files: what they may say, and how they are told where they are wrong."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreambolt_steps.contracts.contract import Modes, Reference
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.errors import DreamboltError, UsageError

WHOLE = """\
contract: 1
table: players
description: Line-ups of all matches.
modes: {tables: freeze, columns: discard_value, data_type: discard_row}
unique:
  - [match_id, name]
columns:
  match_id:
    type: int32
    nullable: false
    min: 1
    max: 300
    references: {file: matches.csv, column: MatchID}
  name: {type: text, pattern: "[A-Z].*", min_length: 2, max_length: 40}
  born: {type: date, min: 1900-01-01, max: "2008-12-31", modes: {rows: discard_value}}
  height: {type: "decimal(3,2)", min: 1.4, max: 2.5, unit: m}
  position: {type: text, allowed: [GK, C], semantic_type: role, description: Goalkeeper or captain.}
  shirt: {type: int8, unique: true, modes: evolve}
  note:
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "players.contract.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_a_contract_may_say(tmp_path: Path) -> None:
    contract = read_contract(write(tmp_path, WHOLE))
    assert (contract.table, contract.description) == ("players", "Line-ups of all matches.")
    assert contract.modes == Modes("freeze", "discard_value", "discard_row", "discard_row")
    assert contract.unique == (("shirt",), ("match_id", "name"))
    match_id, name, born, height, position, shirt, note = contract.columns
    assert (match_id.type, match_id.nullable) == (pa.int32(), False)
    assert (match_id.low, match_id.high) == (pa.scalar(1, pa.int32()), pa.scalar(300, pa.int32()))
    assert match_id.references == Reference("matches.csv", "MatchID")
    assert (name.pattern, name.min_length, name.max_length) == ("[A-Z].*", 2, 40)
    assert born.low is not None
    assert born.low.as_py() == dt.date(1900, 1, 1)
    assert born.high is not None
    assert born.high.as_py() == dt.date(2008, 12, 31)
    assert born.modes == Modes("freeze", "discard_value", "discard_row", "discard_value")
    assert height.low is not None
    assert (height.low.as_py(), height.unit) == (Decimal("1.40"), "m")
    assert position.allowed is not None
    assert position.allowed.to_pylist() == ["GK", "C"]
    assert (position.semantic_type, position.description) == ("role", "Goalkeeper or captain.")
    assert (shirt.unique, shirt.modes) == (True, Modes("freeze", "evolve", "evolve", "evolve"))
    assert (note.name, note.type, note.nullable) == ("note", None, True)


def test_comments_and_order_of_keys_do_not_make_another_contract(tmp_path: Path) -> None:
    one = read_contract(write(tmp_path, WHOLE)).content
    assert read_contract(write(tmp_path, "# for the team\n" + WHOLE)).content == one
    assert read_contract(write(tmp_path, WHOLE.replace("300", "301"))).content != one


def in_column(body: str) -> str:
    return f"contract: 1\ncolumns:\n  a: {body}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("contract: 2", "line 1: contract: write `contract: 1`, the version of the format"),
        ("contract: yes", "line 1: contract: True is not a whole number"),
        ("columns: {}", "contract: write `contract: 1`"),
        ("- 1", "write a mapping (key: value), not [1]; the keys are contract, table"),
        ("", "write a mapping (key: value), not None"),
        ("contract: 1\ncontract: 1", "line 2: has 'contract' twice"),
        ("contract: 1\ncolumns:\n  a: {}\n  b: {}\n  a: {}", "line 5: has 'a' twice"),
        ("contract: 1\ncolumns: {a: [}", "line 2: is no YAML: "),
        ("contract: 1\ncolumns: !!python/object:os.system {}", "line 2: is no YAML: could not de"),
        ("contract: 1\nclumns: {}", "line 2: clumns: unknown key; did you mean 'columns'? there"),
        ("contract: 1\nmodes: {rows: discard}", "line 2: modes.rows: no mode 'discard'; did you"),
        (
            "contract: 1\nmodes: {row: freeze}",
            "line 2: modes.row: unknown key; did you mean 'rows'",
        ),
        ("contract: 1\nmodes: 3", "line 2: modes: write a mapping"),
        ("contract: 1\ncolumns:\n  2014: {}", "line 3: columns.2014: is no text to YAML; put"),
        ("contract: 1\ncolumns:\n  a: int8", "line 3: columns.a: write a mapping (key: value), no"),
        ("contract: 1\nunique: a", "line 2: unique: write a list of groups"),
        (
            "contract: 1\nunique: [[a]]\ncolumns: {b: }",
            "line 2: unique.0: no column 'a'; there are",
        ),
        ("contract: 1\nunique: [[b, b]]\ncolumns: {b: }", "unique.0: ['b', 'b'] is no group of"),
        ("contract: 1\ntable: 7", "line 2: table: 7 is not text, in quotes"),
        (in_column("{tpye: text}"), "line 3: columns.a.tpye: unknown key; did you mean 'type'?"),
        (in_column("{type: varchar}"), "line 3: columns.a.type: unknown type 'varchar'; there are"),
        (in_column("{nullable: 1}"), "columns.a.nullable: 1 is not true or false"),
        (in_column("{min: 1}"), "columns.a.min: needs a `type` in the same column"),
        (in_column("{type: int8, max: 1000}"), "columns.a.max: 1000 is no int8"),
        (in_column("{type: int8, max: 1.5}"), "columns.a.max: 1.5 is a number, the column is int8"),
        (in_column("{type: int8, min: 3, max: 1}"), "columns.a.max: 1 is less than min 3"),
        (in_column("{type: text, min: 1}"), "columns.a.min: is not for text; use min_length"),
        (in_column("{type: int8, pattern: x}"), "columns.a.pattern: is for text, the column is"),
        (in_column("{type: text, pattern: '('}"), "columns.a.pattern: is no RE2 expression: miss"),
        (in_column("{type: text, min_length: 3, max_length: 2}"), "no text is 3 to 2 characters"),
        (in_column("{type: text, allowed: []}"), "columns.a.allowed: write a list of values, at"),
        (in_column("{type: text, allowed: [NO]}"), "columns.a.allowed.0: False is a boolean (YAML"),
        (in_column("{type: text, allowed: [1]}"), "1 is a whole number, the column is text; put"),
        (in_column("{type: date, min: 2023-02-29}"), "line "),
        (in_column("{type: date, min: '2023-02-29'}"), "columns.a.min: '2023-02-29' is no date"),
        (in_column("{references: x.csv}"), "columns.a.references: write a mapping (key: value), n"),
        (in_column("{references: {file: x}}"), "columns.a.references: write {file: other.csv, co"),
        (in_column("{modes: {tables: freeze}}"), "columns.a.modes.tables: unknown key"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_contract(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nowhere.yaml", "contract nowhere.yaml: no such file or directory; check the path"),
        ([1], "a contract is a YAML file or a mapping, not [1]"),
        ({"contract": 1, "columns": {1: {}}}, "the contract: columns.1: is no text to YAML"),
    ],
)
def test_sources_that_are_none(source: Any, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_contract(source)
    assert str(caught.value).startswith(words)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8"):
        read_contract(path)


def test_aliases_of_aliases_are_not_written_out(tmp_path: Path) -> None:
    bomb = "contract: 1\ncolumns:\n  a0: &a0 {allowed: [x, x]}\n"
    bomb += "".join(
        f"  a{n}: &a{n} {{allowed: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)
    )
    with pytest.raises(UsageError, match="needs a `type`"):
        read_contract(write(tmp_path, bomb))


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_moments_of_yaml(kind: str) -> None:
    zone = dt.UTC if kind == "timestamptz" else None
    moment = dt.datetime(2024, 2, 29, 12, tzinfo=zone)
    for value in (moment, moment.isoformat()):
        column = {"type": kind, "min": dt.date(2024, 1, 1), "max": value}
        found = read_contract({"contract": 1, "columns": {"t": column}}).columns[0]
        assert found.low is not None
        assert found.low.as_py() == dt.datetime(2024, 1, 1, tzinfo=zone)
        assert found.high is not None
        assert found.high.as_py() == moment


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "min", "allowed", "modes", "unique", "rows", "a", "file"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_whatever_stands_in_a_contract_it_is_read_or_told(anything: Any) -> None:
    for content in (anything, {"contract": 1, "columns": anything}, {"contract": 1, "x": anything}):
        try:
            read_contract(content)
        except DreamboltError as error:
            assert str(error)  # noqa: PT017 (an error is one of the two right ends)
    for body in (
        anything,
        {"type": "text", "allowed": anything},
        {"type": "int8", "min": anything},
    ):
        try:
            read_contract({"contract": 1, "columns": {"a": body}})
        except DreamboltError as error:
            assert "columns.a" in str(error)  # noqa: PT017
