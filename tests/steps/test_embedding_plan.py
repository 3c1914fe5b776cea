"""What a dry run says of a model that would embed, without the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import EmbedColumns, LoadTable, columns
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.steps.base.embedding_plan import _tell_seconds
from tests.steps.test_embed_columns import Counting, run


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text("name,team\nabba,it\nabc,br\nabba,br\n,\n")
    return path


def plan(session: Any, source: Path, embedder: Any = None, **args: Any) -> Any:
    with session(), rehearse():
        load = LoadTable("load", args={"source": str(source)})
        args |= {"embedder": embedder} if embedder else {}
        return EmbedColumns("embed", inputs=columns(load), args=args)


def test_the_model_does_not_run_and_new_texts_are_told_from_known_ones(session, names) -> None:
    model = Counting()
    done = plan(session, names, model, columns=["name"])
    assert model._asked == []
    assert done.receipt.notes == [
        "would encode 2 of 2 distinct texts with letters; how long that takes is known once the "
        "model has run here"
    ]
    assert done.output.column_names == ["name", "team", "name_embedding"]
    assert set(done.output["name_embedding"]) == {None}  # the column is known, no vector is
    assert (done.receipt.rows_in, done.receipt.rows_out) == (4, 4)
    run(session, names, columns=["name"])
    names.write_text(names.read_text() + "new,it\n")
    again = Counting()
    done = plan(session, names, again, columns=["name"])
    assert again._asked == []
    assert done.receipt.notes[0].startswith("would encode 1 of 3 distinct texts with letters")


def test_what_is_in_the_cache_comes_from_it(session, names) -> None:
    run(session, names, columns=["name"])
    model = Counting()
    done = plan(session, names, model, columns=["name"])
    assert done.receipt.resumed
    assert done.output.column_names == ["name", "team", "name_embedding"]
    assert model._asked == []


def test_the_time_is_that_of_the_last_run_or_of_the_packaged_model(session, tmp_path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "".join(f"text number {n}\n" for n in range(200)))
    told = plan(session, path, columns=["name"]).receipt.notes[0]
    assert (
        told
        == "would encode 200 of 200 distinct texts with all-MiniLM-L6-v2, about 1 s on two cores"
    )
    run(session, path, columns=["name"])
    path.write_text(path.read_text() + "one more\n")
    told = plan(session, path, Counting(), columns=["name"]).receipt.notes[0]
    assert (
        told
        == "would encode 1 of 201 distinct texts with letters, about 1 s as fast as the last run"
    )


def test_a_column_that_is_not_there_is_told_in_a_dry_run_too(session, names) -> None:
    from dreambolt_steps.errors import UnknownColumnError

    with pytest.raises(UnknownColumnError, match="did you mean 'name'"):
        plan(session, names, Counting(), columns=["nmae"])


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.1, "1 s"), (42, "42 s"), (600, "10 min"), (9_000, "2.5 h")]
)
def test_times_are_told_in_the_unit_that_fits(seconds: float, told: str) -> None:
    assert _tell_seconds(seconds) == told
