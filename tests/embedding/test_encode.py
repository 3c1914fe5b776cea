"""embed_columns: order, duplicates, NULLs, checkpoints; the encoder is a cheap pure function."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.embedding.encode import embed_columns
from dreambolt_steps.embedding.vectors import VectorFile
from dreambolt_steps.errors import ExportError, ModelError, SchemaError, SourceError

DIMS = 4


def vector_of(text: str) -> np.ndarray:
    seed = xxhash.xxh3_64_intdigest(text.encode())
    return np.random.default_rng(seed).random(DIMS, dtype=np.float32)


class Encoder:
    """Encodes by hash, remembers what it was asked for, is interrupted after `limit` texts."""

    def __init__(self, limit: int | None = None) -> None:
        self.asked: list[str] = []
        self.limit = limit

    def __call__(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        for text in texts:
            if self.limit is not None and len(self.asked) >= self.limit:
                raise KeyboardInterrupt
            self.asked.append(text)
            yield vector_of(text)


def embed(table: pa.Table, folder: Path, encode=None, columns=("text",), **settings) -> pa.Table:
    settings.setdefault("identity", "by hash")
    reader = embed_columns(
        table.to_reader, list(columns), encode or Encoder(), DIMS, folder, **settings
    )
    return reader.read_all()


def expect(texts: Sequence[str | None]) -> list[list[float] | None]:
    return [vector_of(text).tolist() if text and text.strip() else None for text in texts]


TEXTS = ["b", None, "a", "b", "", " \t", "ccc", "a", "\u00a0", "B", " b"]


def test_every_row_gets_the_vector_of_its_text(tmp_path):
    table = pa.table({"id": range(len(TEXTS)), "text": TEXTS})
    result = embed(table, tmp_path)
    assert result.schema.names == ["id", "text", "text_embedding"]
    assert result.schema.field("text_embedding").type == pa.list_(pa.float32(), DIMS)
    assert result.select(["id", "text"]) == table
    assert result["text_embedding"].to_pylist() == expect(TEXTS)


def test_each_text_is_encoded_once_from_short_to_long(tmp_path):
    encoder = Encoder()
    embed(pa.table({"text": TEXTS}), tmp_path, encoder)
    assert encoder.asked == ["B", "a", "b", " b", "ccc"]


def test_a_text_in_two_columns_is_encoded_once(tmp_path):
    table = pa.table({"home": ["x", "y", None], "away": ["y", " ", "z"], "n": [1, 2, 3]})
    encoder = Encoder()
    result = embed(table, tmp_path, encoder, columns=["home", "away"], outputs=["h", "a"])
    assert result.schema.names == ["home", "away", "n", "h", "a"]
    assert result["h"].to_pylist() == expect(["x", "y", None])
    assert result["a"].to_pylist() == expect(["y", None, "z"])
    assert encoder.asked == ["x", "y", "z"]


@settings(max_examples=25, deadline=None)
@given(
    batches=st.lists(st.lists(st.none() | st.text(max_size=6), max_size=12), max_size=5),
    chunk=st.integers(1, 7),
)
def test_any_batches_keep_their_order(tmp_path_factory, batches, chunk):
    table = pa.Table.from_batches(
        [pa.record_batch({"text": pa.array(texts, pa.string())}) for texts in batches],
        schema=pa.schema([("text", pa.string())]),
    )
    encoder = Encoder()
    result = embed(table, tmp_path_factory.mktemp("any"), encoder, chunk=chunk)
    flat = [text for texts in batches for text in texts]
    blank = [text is None or not text.strip() for text in flat]
    found = result["text_embedding"].to_pylist()
    for text, is_blank, vector in zip(flat, blank, found, strict=True):
        # Python strips four control characters that Unicode, and so Arrow, does not call space.
        if not is_blank or vector is not None:
            assert vector == vector_of(text).tolist()
    assert len(encoder.asked) == len(set(encoder.asked))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [([], []), ([None, None], [None, None]), (["  ", None], [None, None]), (["x"], expect(["x"]))],
    ids=["no rows", "all null", "all blank", "one row"],
)
def test_small_tables(tmp_path, texts, expected):
    result = embed(pa.table({"text": pa.array(texts, pa.string())}), tmp_path)
    assert result["text_embedding"].to_pylist() == expected
    assert result.schema.field("text_embedding").type == pa.list_(pa.float32(), DIMS)


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_every_kind_of_text_column(tmp_path, kind):
    table = pa.table({"text": pa.array(["x", None, "y", "x"]).cast(kind)})
    result = embed(table, tmp_path)
    assert result["text"].type == kind
    assert result["text_embedding"].to_pylist() == expect(["x", None, "y", "x"])


def test_a_column_of_type_null(tmp_path):
    result = embed(pa.table({"text": pa.nulls(3)}), tmp_path)
    assert result["text_embedding"].to_pylist() == [None] * 3


def test_large_batches_come_out_in_parts(tmp_path):
    texts = [f"name {row % 97}" if row % 5 else None for row in range(20_000)]
    encoder = Encoder()
    table = pa.table({"text": texts})
    reader = embed_columns(table.to_reader, ["text"], encoder, DIMS, tmp_path, identity="x")
    batches = list(reader)
    assert [batch.num_rows for batch in batches] == [8192, 8192, 3616]
    found = pa.Table.from_batches(batches)["text_embedding"].to_pylist()
    assert found == expect(texts)
    assert len(encoder.asked) == 97


def test_schema_metadata_stays(tmp_path):
    table = pa.table({"text": ["x"]}).replace_schema_metadata({"source": "a.csv"})
    assert embed(table, tmp_path).schema.metadata == {b"source": b"a.csv"}


@pytest.mark.parametrize(
    ("table", "columns", "outputs", "words"),
    [
        (pa.table({"a": ["x"]}), ["b"], None, "'b' is missing"),
        (pa.table({"a": [1]}), ["a"], None, "'a' is of type int64"),
        (pa.table([["x"], ["y"]], names=["a", "a"]), ["a"], None, "'a' is there 2 times"),
        (pa.table({"a": ["x"], "a_embedding": [1]}), ["a"], None, "'a_embedding' exists"),
        (pa.table({"a": ["x"]}), ["a"], ["v", "w"], "2 names"),
        (pa.table({"a": ["x"]}), [], None, "no column"),
    ],
)
def test_columns_that_do_not_fit(tmp_path, table, columns, outputs, words):
    encoder = Encoder()
    with pytest.raises(SchemaError, match=words):
        embed(table, tmp_path, encoder, columns=columns, outputs=outputs)
    assert encoder.asked == []


@pytest.mark.parametrize(
    ("encode", "words"),
    [
        (lambda texts: iter([np.zeros(DIMS)]), "gave 1 vectors for 2 texts"),
        (lambda texts: iter([np.zeros(DIMS)] * 9), "gave more vectors for 2 texts"),
        (lambda texts: iter([np.zeros(3)] * 2), r"shape \(3,\) for 'x'"),
        (lambda texts: iter([np.full(DIMS, np.nan)] * 2), "NaN or infinite values for 'x'"),
    ],
)
def test_a_model_that_answers_something_else(tmp_path, encode, words):
    with pytest.raises(ModelError, match=words):
        embed(pa.table({"text": ["x", "y"]}), tmp_path, encode)


def test_an_error_of_the_source_keeps_its_type(tmp_path):
    schema = pa.schema([("text", pa.string())])

    def read() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([["x"]], schema)
        raise SourceError("players.csv: row 2 can't be read")

    with pytest.raises(SourceError, match=r"players\.csv: row 2"):
        embed_columns(
            lambda: pa.RecordBatchReader.from_batches(schema, read()),
            ["text"],
            Encoder(),
            DIMS,
            tmp_path,
            identity="x",
        )


@pytest.mark.parametrize("later", [["x"], ["x", "y", "z"]], ids=["shrunk", "grown"])
def test_a_table_that_changed_meanwhile(tmp_path, later):
    tables = iter([pa.table({"text": ["x", "y"]}), pa.table({"text": later})])
    reader = embed_columns(
        lambda: next(tables).to_reader(), ["text"], Encoder(), DIMS, tmp_path, identity="x"
    )
    with pytest.raises(SourceError, match="had 2 rows"):
        reader.read_all()


def test_vectors_cut_off_meanwhile_are_not_read_as_zeros(tmp_path):
    table = pa.table({"text": ["x", "y"]})
    reader = embed_columns(table.to_reader, ["text"], Encoder(), DIMS, tmp_path, identity="x")
    os.truncate(tmp_path / "vectors.f32", 20)
    with pytest.raises(SourceError, match=r"vectors\.f32 ends before vector 1"):
        reader.read_all()


def test_progress_counts_distinct_texts(tmp_path):
    seen: list[tuple[int, int]] = []
    table = pa.table({"text": ["a", "b", "a", "c", "d", "e"]})
    embed(table, tmp_path, chunk=2, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]


NAMES = [f"player {number:03}" for number in range(100)]


def interrupt(folder: Path, identity: str = "by hash") -> None:
    """Stop in the fourth chunk of ten: three are finished."""
    with pytest.raises(KeyboardInterrupt):
        embed(pa.table({"text": NAMES}), folder, Encoder(35), chunk=10, identity=identity)


def test_an_interrupted_run_goes_on(tmp_path):
    interrupt(tmp_path)
    encoder = Encoder()
    result = embed(pa.table({"text": NAMES}), tmp_path, encoder, chunk=10)
    assert encoder.asked == NAMES[30:]
    assert result["text_embedding"].to_pylist() == expect(NAMES)


def test_a_finished_run_encodes_nothing_again(tmp_path):
    embed(pa.table({"text": NAMES}), tmp_path)
    encoder = Encoder()
    result = embed(pa.table({"text": [*NAMES, None, NAMES[3]]}), tmp_path, encoder)
    assert encoder.asked == []
    assert result["text_embedding"].to_pylist() == expect([*NAMES, None, NAMES[3]])


def test_another_model_or_other_texts_start_anew(tmp_path):
    interrupt(tmp_path)
    encoder = Encoder()
    embed(pa.table({"text": NAMES}), tmp_path, encoder, identity="another model")
    assert encoder.asked == NAMES
    interrupt(tmp_path)
    encoder = Encoder()
    changed = ["changed 000", *NAMES[1:]]
    result = embed(pa.table({"text": changed}), tmp_path, encoder)
    assert sorted(encoder.asked) == sorted(changed)
    assert result["text_embedding"].to_pylist() == expect(changed)


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "vectors.f32").read_bytes())
    content[100] ^= 1
    (folder / "vectors.f32").write_bytes(content)


def edit_progress(**changes) -> object:
    def edit(folder: Path) -> None:
        path = folder / "progress.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "progress.json").write_text('{"key": "4'),
        lambda folder: (folder / "progress.json").write_text("[1]"),
        lambda folder: (folder / "progress.json").write_bytes(b"\xff\x00"),
        lambda folder: (folder / "progress.json").unlink(),
        lambda folder: (folder / "vectors.f32").unlink(),
        lambda folder: os.truncate(folder / "vectors.f32", 100),
        lambda folder: (folder / "texts.duckdb").write_text("no database"),
        flip_a_bit,
        edit_progress(done=10**9),
        edit_progress(done=-1),
        edit_progress(done="30"),
    ],
)
def test_a_damaged_checkpoint_is_not_trusted(tmp_path, damage):
    interrupt(tmp_path)
    damage(tmp_path)
    result = embed(pa.table({"text": NAMES}), tmp_path)
    assert result["text_embedding"].to_pylist() == expect(NAMES)


def test_vectors_beyond_the_counter_are_written_again(tmp_path):
    interrupt(tmp_path)
    with (tmp_path / "vectors.f32").open("ab") as file:
        file.write(b"half a chunk")
    result = embed(pa.table({"text": NAMES}), tmp_path, chunk=10)
    assert result["text_embedding"].to_pylist() == expect(NAMES)


def test_a_disk_too_small_is_an_error_before_encoding(tmp_path):
    with pytest.raises(ExportError, match=r"1,000,000,000,000 texts need 1,536,000,000.0 MB"):
        VectorFile(tmp_path, "key", count=10**12, dims=384)


def test_a_folder_that_can_not_be_written(tmp_path):
    (tmp_path / "vectors.f32").mkdir()
    with pytest.raises(ExportError, match=r"vectors\.f32: Is a directory; make room"):
        VectorFile(tmp_path, "key", count=1, dims=384)


def test_only_the_vectors_and_codes_stay(tmp_path):
    embed(pa.table({"text": NAMES}), tmp_path / "work")
    left = sorted(path.name for path in (tmp_path / "work").iterdir())
    assert left == ["codes.i32", "progress.json", "vectors.f32"]


CHILD = """
import sys, time
from pathlib import Path
import numpy as np, pyarrow as pa
from dreambolt_steps.embedding.encode import embed_columns
from tests.embedding.test_encode import DIMS, NAMES, vector_of

def encode(texts):
    for text in texts:
        if text == NAMES[35]:
            print("here", flush=True)
            time.sleep(60)
        yield vector_of(text)

read = pa.table({"text": NAMES}).to_reader
embed_columns(read, ["text"], encode, DIMS, Path(sys.argv[1]), identity="by hash", chunk=10)
"""


def test_a_killed_process_loses_at_most_one_chunk(tmp_path):
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    encoder = Encoder()
    result = embed(pa.table({"text": NAMES}), tmp_path, encoder, chunk=10)
    assert encoder.asked == NAMES[30:]
    assert result["text_embedding"].to_pylist() == expect(NAMES)
