"""embed_columns: order, duplicates, NULLs, checkpoints; the encoder is a cheap pure function."""

from __future__ import annotations

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

from dreambolt_steps.embedding.encode import embed_columns, name_store
from dreambolt_steps.embedding.models.adapter import cut_batches
from dreambolt_steps.embedding.store import VectorStore
from dreambolt_steps.embedding.text_source import name_sources
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.errors import ExportError, ModelError, SchemaError, SourceError, UsageError

DIMS = 4


def vector_of(text: str) -> np.ndarray:
    seed = xxhash.xxh3_64_intdigest(text.encode())
    return np.random.default_rng(seed).random(DIMS, dtype=np.float32)


class Encoder:
    """Encodes by hash, remembers what it was asked for, is interrupted after `limit` texts."""

    def __init__(self, limit: int | None = None, size: int = 10) -> None:
        self.asked: list[str] = []
        self.limit = limit
        self.size = size

    def one_by_one(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        for text in texts:
            if self.limit is not None and len(self.asked) >= self.limit:
                raise KeyboardInterrupt
            self.asked.append(text)
            yield vector_of(text)

    def __call__(self, texts: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield from cut_batches(self.one_by_one(texts), texts, self.size)


FORM = VectorFormat(DIMS, DIMS)


def embed(
    table: pa.Table,
    folder: Path,
    encode=None,
    columns=("text",),
    templates=None,
    form=FORM,
    identity="by hash",
    **settings,
) -> pa.Table:
    sources = name_sources(list(columns), templates or {})
    store = folder / name_store(identity, DIMS)
    reader = embed_columns(
        table.to_reader, sources, encode or Encoder(), form, folder / "work", store, **settings
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
    result = embed(table, tmp_path, encoder, columns=["home", "away"])
    assert result.schema.names == ["home", "away", "n", "home_embedding", "away_embedding"]
    assert result["home_embedding"].to_pylist() == expect(["x", "y", None])
    assert result["away_embedding"].to_pylist() == expect(["y", None, "z"])
    assert encoder.asked == ["x", "y", "z"]


@settings(max_examples=25)
@given(
    batches=st.lists(st.lists(st.none() | st.text(max_size=6), max_size=12), max_size=5),
    size=st.integers(1, 7),
)
def test_any_batches_keep_their_order(tmp_path_factory, batches, size):
    table = pa.Table.from_batches(
        [pa.record_batch({"text": pa.array(texts, pa.string())}) for texts in batches],
        schema=pa.schema([("text", pa.string())]),
    )
    encoder = Encoder(size=size)
    result = embed(table, tmp_path_factory.mktemp("any"), encoder)
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
    sources = name_sources(["text"], {})
    reader = embed_columns(table.to_reader, sources, encoder, FORM, tmp_path, tmp_path / "store")
    batches = list(reader)
    assert [batch.num_rows for batch in batches] == [8192, 8192, 3616]
    found = pa.Table.from_batches(batches)["text_embedding"].to_pylist()
    assert found == expect(texts)
    assert len(encoder.asked) == 97


def test_schema_metadata_stays(tmp_path):
    table = pa.table({"text": ["x"]}).replace_schema_metadata({"source": "a.csv"})
    assert embed(table, tmp_path).schema.metadata == {b"source": b"a.csv"}


@pytest.mark.parametrize(
    ("table", "columns", "words"),
    [
        (pa.table({"a": ["x"]}), ["b"], "'b' is missing"),
        (pa.table({"a": [1]}), ["a"], "'a' is of type int64"),
        (pa.table([["x"], ["y"]], names=["a", "a"]), ["a"], "'a' is there 2 times"),
        (pa.table({"a": ["x"], "a_embedding": [1]}), ["a"], "'a_embedding' exists"),
        (pa.table({"a": ["x"]}), [], "no column"),
    ],
)
def test_columns_that_do_not_fit(tmp_path, table, columns, words):
    encoder = Encoder()
    with pytest.raises(SchemaError, match=words):
        embed(table, tmp_path, encoder, columns=columns)
    assert encoder.asked == []


@pytest.mark.parametrize(
    ("vectors", "words"),
    [
        ([np.zeros(DIMS)], "gave 1 vectors for 2 texts"),
        ([np.zeros(DIMS)] * 9, "gave more vectors for 2 texts"),
        ([np.zeros(3)] * 2, r"shape \(3,\) for 'x'"),
        ([np.zeros(DIMS), np.zeros(3)], r"shape \(3,\) for 'y'"),
        ([np.full(DIMS, np.nan)] * 2, "NaN or infinite values for 'x'"),
    ],
)
@pytest.mark.parametrize("size", [1, 20])
def test_a_model_that_answers_something_else(tmp_path, vectors, words, size):
    with pytest.raises(ModelError, match=words):
        embed(
            pa.table({"text": ["x", "y"]}),
            tmp_path,
            lambda texts: cut_batches(vectors, texts, size),
        )


def test_an_error_of_the_source_keeps_its_type(tmp_path):
    schema = pa.schema([("text", pa.string())])

    def read() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([["x"]], schema)
        raise SourceError("players.csv: row 2 can't be read")

    with pytest.raises(SourceError, match=r"players\.csv: row 2"):
        embed_columns(
            lambda: pa.RecordBatchReader.from_batches(schema, read()),
            name_sources(["text"], {}),
            Encoder(),
            FORM,
            tmp_path,
            tmp_path / "store",
        )


@pytest.mark.parametrize("later", [["x"], ["x", "y", "z"]], ids=["shrunk", "grown"])
def test_a_table_that_changed_meanwhile(tmp_path, later):
    tables = iter([pa.table({"text": ["x", "y"]}), pa.table({"text": later})])
    sources = name_sources(["text"], {})
    reader = embed_columns(
        lambda: next(tables).to_reader(), sources, Encoder(), FORM, tmp_path, tmp_path / "store"
    )
    with pytest.raises(SourceError, match="had 2 rows"):
        reader.read_all()


def test_vectors_cut_off_meanwhile_are_not_read_as_zeros(tmp_path):
    table = pa.table({"text": ["x", "y"]})
    sources, store = name_sources(["text"], {}), tmp_path / "store"
    reader = embed_columns(table.to_reader, sources, Encoder(), FORM, tmp_path, store)
    path = store / "vectors.arrow"
    os.truncate(path, path.stat().st_size - 20)
    with pytest.raises(SourceError, match=r"vectors\.arrow ends before vector"):
        reader.read_all()


def test_progress_counts_distinct_texts(tmp_path):
    seen: list[tuple[int, int, int]] = []
    table = pa.table({"text": ["a", "b", "a", "c", "d", "e"]})
    note = lambda *counts: seen.append(counts)  # noqa: E731
    embed(table, tmp_path, Encoder(size=2), on_progress=note)
    assert seen == [(0, 5, 0), (2, 5, 0), (4, 5, 0), (5, 5, 0)]
    embed(pa.table({"text": ["a", "f"]}), tmp_path, on_progress=note)
    assert seen[4:] == [(1, 2, 1), (2, 2, 1)]


NAMES = [f"player {number:03}" for number in range(100)]


def interrupt(folder: Path, identity: str = "by hash") -> None:
    """Stop in the fourth batch of ten: three are finished."""
    with pytest.raises(KeyboardInterrupt):
        embed(pa.table({"text": NAMES}), folder, Encoder(35), identity=identity)


def test_an_interrupted_run_goes_on(tmp_path):
    interrupt(tmp_path)
    encoder = Encoder()
    result = embed(pa.table({"text": NAMES}), tmp_path, encoder)
    assert encoder.asked == NAMES[30:]
    assert result["text_embedding"].to_pylist() == expect(NAMES)


def test_a_finished_run_encodes_nothing_again(tmp_path):
    embed(pa.table({"text": NAMES}), tmp_path)
    encoder = Encoder()
    result = embed(pa.table({"text": [*NAMES, None, NAMES[3]]}), tmp_path, encoder)
    assert encoder.asked == []
    assert result["text_embedding"].to_pylist() == expect([*NAMES, None, NAMES[3]])


def test_another_model_starts_anew_and_other_texts_do_not(tmp_path):
    interrupt(tmp_path)
    encoder = Encoder()
    embed(pa.table({"text": NAMES}), tmp_path, encoder, identity="another model")
    assert encoder.asked == NAMES
    encoder = Encoder()
    changed = ["changed 000", *NAMES[1:]]
    result = embed(pa.table({"text": changed}), tmp_path, encoder)
    assert encoder.asked == [*NAMES[30:], "changed 000"]
    assert result["text_embedding"].to_pylist() == expect(changed)


def test_one_new_row_costs_one_text(tmp_path):
    embed(pa.table({"text": NAMES}), tmp_path)
    encoder = Encoder()
    table = pa.table({"who": ["new", *NAMES], "n": range(101)})
    result = embed(table, tmp_path, encoder, columns=["who"])
    assert encoder.asked == ["new"]
    assert result["who_embedding"].to_pylist() == expect(["new", *NAMES])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1  # within the last batch
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        (lambda path: path.unlink(), 0),
        (lambda path: path.write_bytes(b"no stream"), 0),
        (lambda path: path.write_bytes(b""), 0),
        (lambda path: os.truncate(path, 100), 0),
        (lambda path: os.truncate(path, path.stat().st_size - 1), 20),
        (lambda path: path.write_bytes(path.read_bytes() + b"half a batch"), 30),
        (lambda path: path.write_bytes(path.read_bytes() + b"\xff\xff\xff\xff\x10\0\0\0"), 30),
        (flip_a_bit, 20),
    ],
)
def test_a_damaged_store_is_not_trusted(tmp_path, damage, left):
    interrupt(tmp_path)
    (path,) = tmp_path.glob("*/vectors.arrow")
    damage(path)
    (tmp_path / "work/texts.duckdb").write_text("no database")
    encoder = Encoder()
    result = embed(pa.table({"text": NAMES}), tmp_path, encoder)
    assert result["text_embedding"].to_pylist() == expect(NAMES)
    assert len(encoder.asked) == 100 - left
    encoder = Encoder()
    embed(pa.table({"text": NAMES}), tmp_path, encoder)
    assert encoder.asked == []


def test_a_disk_too_small_is_an_error_before_encoding(tmp_path):
    with (
        VectorStore(tmp_path, 384) as store,
        pytest.raises(ExportError, match=r"1,000,000,000,000 texts need 1,536,000,000.0 MB"),
    ):
        store.check_space(10**12)


@pytest.mark.parametrize("mebibytes", [1, 3, 6, 8, 11])
def test_a_disk_that_fills_up_is_told_wherever_it_happens(mount_disk, mebibytes):
    disk = mount_disk(mebibytes)
    with pytest.raises(ExportError, match=r"x_embedding can't be kept .*No space left.*room"):
        embed(pa.table({"x": [f"{row:0100}" for row in range(30_000)]}), disk, columns=["x"])
    assert [path.name for path in disk.rglob("*duckdb*")] == []


def test_a_store_that_can_not_be_written(tmp_path):
    (tmp_path / "vectors.arrow").mkdir()
    with pytest.raises(ExportError, match=r"vectors\.arrow: Is a directory; make room"):
        VectorStore(tmp_path, 384)


def test_the_store_is_an_arrow_stream_that_anybody_reads(tmp_path):
    keys = [bytes([number]) * 16 for number in range(7)]
    vectors = np.arange(35, dtype=np.float32).reshape(7, 5)
    with VectorStore(tmp_path, 5) as store:
        assert list(store.scan()) == []
        places = [store.append(keys[:2], vectors[:2]), store.append(keys[2:], vectors[2:])]
    with VectorStore(tmp_path, 5) as store:
        found = list(store.scan())
        assert [one.tolist() for _, one in found] == [one.tolist() for one in places]
        assert [key for some, _ in found for key in some.to_pylist()] == keys
        at = np.concatenate(places)[[3, 0, 6, 3]]
        assert store.gather(at).tolist() == vectors[[3, 0, 6, 3]].tolist()
    with pa.OSFile(str(tmp_path / "vectors.arrow")) as file:
        table = pa.ipc.open_stream(file).read_all()
    assert table["vector"].to_pylist() == vectors.tolist()


def test_a_store_of_other_dimensions_is_not_read(tmp_path):
    with VectorStore(tmp_path, 5) as store:
        store.append([b"k" * 16], np.ones((1, 5), np.float32))
    with VectorStore(tmp_path, 6) as store:
        assert list(store.scan()) == []


def test_only_places_and_vectors_stay(tmp_path):
    embed(pa.table({"text": NAMES}), tmp_path)
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["lock", "places.i64", "vectors.arrow"]


CHILD = """
import sys, time
from pathlib import Path
import pyarrow as pa
from tests.embedding.test_encode import NAMES, Encoder, embed

class Slow(Encoder):
    def one_by_one(self, texts):
        for text, vector in zip(texts, super().one_by_one(texts)):
            if text == NAMES[35]:
                print("here", flush=True)
                time.sleep(60)
            yield vector

embed(pa.table({"text": NAMES}), Path(sys.argv[1]), Slow())
"""


def test_a_killed_process_loses_at_most_one_batch(tmp_path):
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
    result = embed(pa.table({"text": NAMES}), tmp_path, encoder)
    assert encoder.asked == NAMES[30:]
    assert result["text_embedding"].to_pylist() == expect(NAMES)


def test_a_template_puts_columns_together(tmp_path):
    table = pa.table(
        {
            "player name": ["PELE", None, " ", "XAVI"],
            "team": ["BRA", "ITA", None, None],
            "year": [1958, None, None, 2010],
        }
    )
    encoder = Encoder()
    templates = {"card": "{player name}, {team}: {year} {{}}"}
    result = embed(table, tmp_path, encoder, ["team"], templates)
    assert result.schema.names[3:] == ["team_embedding", "card_embedding"]
    texts = ["PELE, BRA: 1958 {}", ", ITA:  {}", None, "XAVI, : 2010 {}"]
    assert result["card_embedding"].to_pylist() == expect(texts)
    assert result["team_embedding"].to_pylist() == expect(["BRA", "ITA", None, None])


@pytest.mark.parametrize(
    ("template", "error", "words"),
    [
        ("{text", UsageError, "can't be read: expected '}'"),
        ("{}", UsageError, "braces that name no column"),
        ("{text:>8}", UsageError, "braces that name no column"),
        ("text", UsageError, "names no column"),
        ("{nothing}", SchemaError, "'nothing' is missing"),
        ("{items}", SchemaError, "'items' is of type list"),
    ],
)
def test_templates_that_can_not_be_used(tmp_path, template, error, words):
    table = pa.table({"text": ["x"], "items": [[1]]})
    with pytest.raises(error, match=words):
        embed(table, tmp_path, columns=[], templates={"card": template})


def test_bytes_that_are_no_text_become_replacement_characters(tmp_path):
    raw = pa.array([b"ok", b"lone \xed\xa0\x80 surrogate", None], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    encoder = Encoder()
    result = embed(pa.table({"text": texts}), tmp_path, encoder)
    assert encoder.asked == ["ok", "lone \ufffd\ufffd\ufffd surrogate"]
    assert result["text_embedding"].null_count == 1


def test_long_texts_are_read_in_slices(tmp_path):
    texts = [f"{number} " + "x" * 3_000_000 for number in range(25)]
    encoder = Encoder()
    sizes: list[int] = []

    def encode(wanted: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        sizes.append(sum(map(len, wanted)))
        return encoder(wanted)

    result = embed(pa.table({"text": texts}), tmp_path, encode)
    assert max(sizes) <= 1 << 25
    assert len(sizes) == 3
    assert result["text_embedding"].to_pylist() == expect(texts)
