"""The base of all steps, inside real DataDreamer sessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps import columns
from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.session.fast_import import import_datadreamer

import_datadreamer()

from datadreamer import DataDreamer  # noqa: E402
from datadreamer.steps import DataSource  # noqa: E402

from dreambolt_steps.steps.base.table_step import TableStep  # noqa: E402

ran: list[str] = []


class Hand(TableStep):
    """Hands its table on."""

    version = 1.0

    def setup(self) -> None:
        self.register_arg("content", required=False, help="Stands for a file's content.")
        self.register_arg("effect", required=False, help="A file that must exist.")

    def identify_content(self) -> object:
        path = self.args["content"]
        return Path(path).read_text() if path else None

    def find_missing_effects(self) -> list[str]:
        path = self.args["effect"]
        return [f"{path} is gone"] if path and not Path(path).exists() else []

    def run(self) -> Any:
        ran.append(self.name)
        if self.args["effect"]:
            Path(self.args["effect"]).write_text("made")
        self.receipt.rows_in = self.table.num_rows
        return self.store(self.table.open_reader())


@pytest.fixture(autouse=True)
def _forget_runs() -> None:
    ran.clear()


def rows_of(step: Any) -> list[dict[str, Any]]:
    return step.output.dataset.to_list()


DATA = {"a": [1, 2, 3], "b": ["x", None, "z"]}


def test_columns_come_from_the_table_and_the_result_is_resumed(session: Callable[..., Any]) -> None:
    for resumed in (False, True):
        with session():
            step = Hand("hand on", inputs=columns(DataSource("source", data=DATA)))
            assert step._resumed is resumed
            assert step.receipt.resumed is resumed
            assert (step.receipt.rows_in, step.receipt.rows_out) == (3, 3)
            assert rows_of(step) == [
                {"a": 1, "b": "x"},
                {"a": 2, "b": None},
                {"a": 3, "b": "z"},
            ]
    assert ran == ["hand on"]


def test_the_table_is_stored_once(session: Callable[..., Any], tmp_path: Path) -> None:
    with session():
        Hand("hand", inputs=columns(DataSource("source", data=DATA)))
    arrow = [file.name for file in (tmp_path / "session" / "hand").rglob("*.arrow")]
    assert arrow == ["data-00000-of-00001.arrow"]


def test_it_works_in_a_plain_session_and_in_memory(tmp_path: Path) -> None:
    for folder in (str(tmp_path / "plain"), ":memory:"):
        with DataDreamer(folder, verbose=False):
            step = Hand("hand", inputs=columns(DataSource("source", data=DATA)))
            assert step.output["b"].dataset.to_dict() == {"b": ["x", None, "z"]}


def test_single_columns_renames_and_lazy_or_sliced_inputs(session: Callable[..., Any]) -> None:
    with session():
        source = DataSource("source", data=DATA)
        renamed = Hand("renamed", inputs={"c": source.output["b"]})
        assert renamed.output.column_names == ["c"]
        sliced = Hand("sliced", inputs=columns(Hand("h", inputs=columns(source)).take(2)))
        assert [row["a"] for row in rows_of(sliced)] == [1, 2]
        lazy = source.map(lambda row: {"a": row["a"] + 1, "b": row["b"]}, total_num_rows=3)
        assert [row["a"] for row in rows_of(Hand("lazy", inputs=columns(lazy)))] == [2, 3, 4]
        shuffled = Hand("shuffled", inputs=columns(source.shuffle(seed=1, lazy=False)))
        assert sorted(row["a"] for row in rows_of(shuffled)) == [1, 2, 3]


def test_columns_of_two_steps_stand_side_by_side_if_equally_long(
    session: Callable[..., Any],
) -> None:
    with session():
        one = DataSource("one", data={"a": [1, 2]})
        two = DataSource("two", data={"b": ["x", "y"]})
        both = Hand("both", inputs={"a": one.output["a"], "b": two.output["b"]})
        assert rows_of(both) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
        longer = DataSource("longer", data={"c": [1, 2, 3]})
        with pytest.raises(SchemaError, match=r"a: 2, c: 3"):
            Hand("uneven", inputs={"a": one.output["a"], "c": longer.output["c"]})


def test_an_empty_table_keeps_its_columns(session: Callable[..., Any]) -> None:
    table = pa.table({"a": pa.array([], pa.int16()), "b": pa.array([], pa.string())})

    class Empty(TableStep):
        version = 1.0

        def setup(self) -> None:
            pass

        def run(self) -> Any:
            return self.store(table.to_reader())

    for _ in range(2):
        with session():
            step = Hand("hand", inputs=columns(Empty("empty")))
            assert step.output.column_names == ["a", "b"]
            assert str(step.output.dataset.features["a"].dtype) == "int16"
            assert step.receipt.rows_out == 0


def test_a_step_without_inputs_says_so(session: Callable[..., Any]) -> None:
    with session(), pytest.raises(UsageError, match="inputs=columns"):
        Hand("alone")


def test_changed_content_and_changed_args_run_it_again_and_old_results_come_back(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    content = tmp_path / "content"

    def run() -> bool:
        with session():
            args = {"content": str(content)}
            source = DataSource("source", data=DATA)
            return Hand("hand", inputs=columns(source), args=args)._resumed

    content.write_text("one")
    assert [run(), run()] == [False, True]
    content.write_text("two")
    assert [run(), run()] == [False, True]
    content.write_text("one")
    assert run() is True
    assert ran == ["hand", "hand"]


def test_a_missing_effect_is_made_again(session: Callable[..., Any], tmp_path: Path) -> None:
    effect = tmp_path / "effect"
    for _ in range(3):
        with session():
            Hand("hand", inputs=columns(DataSource("s", data=DATA)), args={"effect": str(effect)})
        if len(ran) == 1:
            effect.unlink()
    assert ran == ["hand", "hand"]
    assert effect.read_text() == "made"


def test_a_truncated_step_file_is_survived_in_plain_sessions_too(tmp_path: Path) -> None:
    for _ in range(2):
        with DataDreamer(str(tmp_path), verbose=False):
            step = Hand("hand", inputs=columns(DataSource("source", data=DATA)))
            assert len(rows_of(step)) == 3
        file = tmp_path / "hand" / "step.json"
        file.write_text(file.read_text()[:20])
    assert ran == ["hand", "hand"]


def test_fresh_runs_the_step_and_those_below_it_again(session: Callable[..., Any]) -> None:
    def run(**options: Any) -> list[str]:
        ran.clear()
        with session(**options):
            source = DataSource("source", data=DATA)
            top = Hand("top", inputs=columns(source))
            Hand("beside", inputs=columns(source))
            Hand("below", inputs=columns(top))
        return list(ran)

    assert run() == ["top", "beside", "below"]
    assert run(fresh=["top"]) == ["top", "below"]
    assert run() == []
    with pytest.raises(UsageError, match="--fresh tip: no step of this run; did you mean 'top'"):
        run(fresh=["tip"])


def test_the_step_file_is_datadreamers_own(session: Callable[..., Any], tmp_path: Path) -> None:
    with session():
        Hand("hand", inputs=columns(DataSource("source", data=DATA)))
    metadata = json.loads((tmp_path / "session" / "hand" / "step.json").read_text())
    assert (metadata["type"], metadata["name"], metadata["version"]) == ("Hand", "hand", 1.0)
