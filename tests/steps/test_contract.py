"""Contracts in `CleanTable`, inside real sessions: rows, rejects, errors, and what runs again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dreambolt_steps import CleanTable, LoadTable, columns, limit_rejects
from dreambolt_steps.errors import ContractError, SourceError, UsageError
from dreambolt_steps.session.fast_import import import_datadreamer

PEOPLE = "Id,Full Name\n1,ann\n2,bob\nx,cem\n2,dan\n9,eve\n"


@pytest.fixture(autouse=True)
def _any_number_of_rejects() -> Iterator[None]:
    """A run stops by itself where more than half of the rows are rejected."""
    with limit_rejects("100%"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    return tmp_path


def clean(folder: Path, contract: Any, **args: Any) -> Any:
    raw = LoadTable("load", args={"source": str(folder / "people.csv")})
    return CleanTable("clean", inputs=columns(raw), args={"contract": contract, **args})


def rows_of(step: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in step.output.dataset.to_list()]


def rejects_of(step: Any) -> list[tuple[Any, ...]]:
    if step.kept_rejects is None:
        return []
    rows = pq.read_table(step.kept_rejects).to_pylist()
    for row in rows:  # of a file with a header, and a line for each row
        assert row["line"] == row["row"] + 1
    return [(row["row"], row["column"], row["value"], row["reason"], row["kept"]) for row in rows]


def promise(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"contract": 1, "columns": {"id": body, "full_name": None}, **more}


NOT_INT = "not a value of type int8"


@pytest.mark.parametrize(
    ("mode", "ids", "rejects"),
    [
        ("evolve", ["1", "2", "x", "2", "9"], []),
        ("discard_row", [1, 2, 2, 9], [(3, "Id", "x", NOT_INT, False)]),
        (
            "discard_value",
            [1, 2, None, 2, 9],
            [(3, "Id", "x", f"{NOT_INT}; NULL in the row that was kept", True)],
        ),
    ],
)
def test_a_value_of_another_type(
    session: Callable[..., Any], folder: Path, mode: str, ids: list[Any], rejects: list[Any]
) -> None:
    contract = promise({"type": "int8"}, modes={"data_type": mode})
    with session():
        step = clean(folder, contract)
    assert [row[0] for row in rows_of(step)] == ids
    assert rejects_of(step) == rejects
    receipt = step.receipt
    rejected = len(ids) < 5
    assert (receipt.rows_in, receipt.rows_out, receipt.rows_rejected) == (5, len(ids), rejected)
    assert receipt.values_discarded == (mode == "discard_value")


def test_a_frozen_type_stops_the_run_with_its_place(
    session: Callable[..., Any], folder: Path
) -> None:
    contract = promise({"type": "int8"}, modes="freeze")
    with pytest.raises(ContractError) as caught, session():
        clean(folder, contract)
    error = caught.value
    assert (error.file, error.row) == (str(folder / "people.csv"), 3)
    assert (error.column, error.value) == ("id", "x")
    assert str(error) == (
        "the contract freezes this: column 'id', row 3 (from people.csv): 'x' is not of the "
        "contract's type; correct the source, or change the mode in the contract"
    )


def test_rows_of_the_source_are_named_whatever_was_rejected_before(
    session: Callable[..., Any], folder: Path
) -> None:
    (folder / "ids.csv").write_text("ID\n1\n2\n")
    contract = folder / "people.contract.yaml"
    contract.write_text(
        "contract: 1\n"
        "modes: {data_type: discard_row}\n"
        "columns:\n"
        "  id: {type: int8, unique: true, references: {file: ids.csv, column: ID}}\n"
        "  full_name: {type: text, pattern: '[b-z].*'}\n"
    )
    with session():
        step = clean(folder, str(contract))
    assert rows_of(step) == [(2, "bob")]
    assert rejects_of(step) == [
        (1, "Full Name", "ann", "not of the contract's pattern [b-z].*", False),
        (3, "Id", "x", NOT_INT, False),
        (4, "Id", "2", "repeats an earlier row in id", False),
        (5, "Id", "9", "not found in ids.csv, column ID", False),
    ]
    raw = [row["raw"] for row in pq.read_table(step.kept_rejects).to_pylist()]
    assert raw[2] == "2,dan"
    receipt = step.receipt
    assert (receipt.rows_in, receipt.rows_out, receipt.rows_rejected) == (5, 1, 4)


@pytest.mark.parametrize("mode", ["freeze", "evolve", "discard_value"])
def test_a_repeat_after_rejected_rows(session: Callable[..., Any], folder: Path, mode: str) -> None:
    modes = {"rows": mode, "data_type": "discard_row"}
    contract = promise({"type": "int8", "unique": True}, modes=modes)
    if mode == "freeze":
        words = r"column 'id', row 4 .*: '2' is repeats"
        with pytest.raises(ContractError, match=words) as caught, session():
            clean(folder, contract)
        assert (caught.value.row, caught.value.value) == (4, "2")
        return
    with session():
        step = clean(folder, contract)
    expected = {"evolve": [1, 2, 2, 9], "discard_value": [1, 2, None, 9]}[mode]
    assert [row[0] for row in rows_of(step)] == expected
    told = [row for row in rejects_of(step) if row[0] == 4]
    assert len(told) == (mode == "discard_value")


def test_columns_come_and_go_as_the_contract_says(
    session: Callable[..., Any], folder: Path
) -> None:
    wanted = {"full_name": None, "born": {"type": "date"}}
    modes = {"columns": "discard_value"}
    with session():
        step = clean(folder, {"contract": 1, "modes": modes, "columns": wanted})
    features = step.output.dataset.features
    assert {name: feature.dtype for name, feature in features.items()} == {
        "full_name": "string",
        "born": "date32",
    }
    assert rows_of(step)[0] == ("ann", None)
    assert step.receipt.notes == [
        "column born is missing: added, all NULL",
        "5 values discarded",
    ]
    assert step.receipt.values_discarded == 5


def test_a_contract_counts_by_its_content(session: Callable[..., Any], folder: Path) -> None:
    path, ids = folder / "c.yaml", folder / "ids.csv"
    ids.write_text("id\n1\n2\n9\nx\n")
    text = "contract: 1\ncolumns:\n  id: {type: text, references: {file: ids.csv, column: id}}\n"

    def run() -> bool:
        with session():
            return bool(clean(folder, str(path)).receipt.resumed)

    path.write_text(text)
    assert not run()
    path.write_text("# for the team\n" + text)
    assert run()
    path.write_text(text + "  full_name: {type: text, max_length: 3}\n")
    assert not run()
    ids.write_text("id\n1\n2\n9\n")  # x is nowhere now
    assert not run()
    assert run()


def test_what_is_wrong_is_told_before_a_row_is_read(
    session: Callable[..., Any], folder: Path
) -> None:
    for contract, error, words in [
        ("nowhere.yaml", UsageError, "contract nowhere.yaml: no such file"),
        ({"contract": 2}, UsageError, "write `contract: 1`"),
        (promise({"references": {"file": "n.csv", "column": "a"}}), SourceError, "no such file"),
        (promise({"references": {"file": str(folder / "people.csv"), "column": "a"}}), UsageError,
         "has no column 'a' to refer to; there are id, full_name"),
        ({"contract": 1, "columns": {"x": None}, "modes": "freeze"}, ContractError, "freezes tab"),
    ]:  # fmt: skip
        with pytest.raises(error, match=words), session():
            clean(folder, contract)
    with (
        pytest.raises(UsageError, match="types say 'id' is text, the contract says int8"),
        session(),
    ):
        clean(folder, promise({"type": "int8"}), types={"id": "text"})


def test_a_session_in_memory_keeps_contracts_too(folder: Path) -> None:
    datadreamer = import_datadreamer()
    with datadreamer.DataDreamer(":memory:", verbose=False):
        step = clean(folder, promise({"type": "text", "unique": True, "allowed": ["1", "2", "x"]}))
        assert rows_of(step) == [("1", "ann"), ("2", "bob"), ("x", "cem")]
        assert step.kept_rejects["row"].to_pylist() == [4, 5]
        assert step.kept_rejects["line"].to_pylist() == [5, 6]


def test_measured_types_find_their_digits(session: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("price\n$1.50\n$20\n$3.25\n")
    contract = {"contract": 1, "columns": {"price": {"type": "currency", "max": 19.99}}}
    with session():
        step = clean(tmp_path, contract)
    assert [str(row[0]) for row in rows_of(step)] == ["1.50", "3.25"]
    assert [row[2] for row in rejects_of(step)] == ["20.00"]
