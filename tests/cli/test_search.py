from __future__ import annotations

import json
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console
from typer.testing import CliRunner

from dreambolt_steps import (
    CopyIntoDuckDB,
    EmbedColumns,
    ExportParquet,
    LoadTable,
    SentenceTransformerEmbedder,
    columns,
    open_session,
)
from dreambolt_steps.cli import tables
from dreambolt_steps.cli.app import app
from dreambolt_steps.cli.query import show_query, show_search
from dreambolt_steps.embedding.models.model_folder import find_model_folder
from dreambolt_steps.embedding.open_embedder import name_embedder, open_embedder
from dreambolt_steps.embedding.vector_format import VectorFormat
from dreambolt_steps.errors import SourceError, UsageError, WarehouseError
from dreambolt_steps.tables.export.export import write_parquet
from dreambolt_steps.warehouses.duckdb.examples import suggest_commands
from dreambolt_steps.warehouses.duckdb.warehouse import load_parquet
from tests.embedding.test_server_model import give, vector_of
from tests.standins.chat_server import ChatServer

NAMES = ["a red car", "a blue boat", "the parliament voted"]
MINILM = "all-MiniLM-L6-v2 (384 dims)"


@pytest.fixture(autouse=True)
def wide_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def load_vectors(
    folder: Path,
    columns: dict[str, pa.Array],
    model: str | None = MINILM,
    told: dict[str, str] | None = None,
) -> Path:
    table = pa.table({"id": [1, 2, 3], "name": NAMES, **columns})
    metadata = {"embedding.name": model, "embedding_model": model} if model else told or {}
    files = write_parquet(table.to_reader(), folder / "files", metadata=metadata)
    database = folder / "x.duckdb"
    load_parquet(database, "names", [file.path for file in files], load_id="one")
    return database


def make_vectors(dims: int = 384) -> pa.Array:
    values = np.random.default_rng(0).normal(size=3 * dims).astype(np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(values), dims)


def embed_names() -> pa.Array:
    from dreambolt_steps import MiniLMEmbedder

    vectors = np.stack(list(MiniLMEmbedder().encode(NAMES)))
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def test_the_nearest_row_in_meaning_comes_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = load_vectors(tmp_path, {"name_embedding": embed_names()})
    show_search(str(database), "an automobile", "names", 2, None)
    lines = capsys.readouterr().out.strip().split("\n")
    assert lines[0].split() == ["similarity", "name", "id"]
    assert len(lines) == 3
    assert "a red car" in lines[1]
    assert float(lines[1].split()[0]) > float(lines[2].split()[0])


def test_the_model_that_the_table_names_embeds_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = pa.array([vector_of(name) for name in NAMES], pa.list_(pa.float32(), 3))
    facts = {"model": "small (3 dims)", "embedder": "server:small", "dims": 3}
    named = {"embedding.name": "small (3 dims)", "embedding.name.facts": json.dumps(facts)}
    database = load_vectors(tmp_path, {"name_embedding": vectors}, None, named)
    with ChatServer(lambda body, number: give(body)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        show_search(str(database), NAMES[1], "names", 1, None)
        assert {body["model"] for body in server.bodies} == {"small"}
    assert capsys.readouterr().out.split("\n")[1].split()[0].startswith("1.0")


@pytest.mark.usefixtures("model_cache")
@pytest.mark.parametrize("name", ["", "bfloat16", "server:small", "onnx", "onnx-int8", "static"])
def test_an_embedder_is_opened_by_the_name_it_is_recorded_by(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    package = {"onnx": "onnxruntime", "onnx-int8": "onnxruntime", "static": "model2vec"}.get(name)
    if package and find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    assert name_embedder(open_embedder(name)) == name


def test_an_embedder_with_settings_of_its_own_has_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dreambolt_steps import ServerEmbedder

    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    assert name_embedder(ServerEmbedder("small", dimensions=8)) is None
    assert name_embedder(object()) is None


@pytest.mark.parametrize(
    ("columns", "model", "column", "words"),
    [
        ({}, None, None, "names has no column of vectors"),
        ({"v": make_vectors(8)}, MINILM, "w", "no column of vectors 'w'"),
        ({"v": make_vectors(), "w": make_vectors()}, MINILM, None, "several vectors: v, w"),
        (
            {"name_embedding": make_vectors()},
            "bge-small-en (384 dims)",
            None,
            "name_embedding was embedded by bge-small-en (384 dims), this command has all-MiniLM",
        ),
        ({"name_embedding": make_vectors(8)}, None, None, "another model (8 dims)"),
    ],
)
def test_vectors_that_can_not_be_searched_are_named(
    tmp_path: Path, columns: dict[str, pa.Array], model: str | None, column: str | None, words: str
) -> None:
    database = load_vectors(tmp_path, columns, model)
    with pytest.raises(UsageError) as caught:
        show_search(str(database), "car", "names", 3, column)
    assert words in str(caught.value)


@pytest.fixture
def own_model(tmp_path: Path) -> Path:
    """A folder with the packaged model, which wants prompts."""
    folder = tmp_path / "own"
    shutil.copytree(find_model_folder(None), folder)
    prompts = {"prompts": {"query": "parliament: ", "passage": "a car: "}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    return folder


def embed_by(folder: Path, model: Path) -> Path:
    """A database of names with their vectors, by a model in a folder."""
    lines = [f"{number},{name}\n" for number, name in enumerate(NAMES)]
    (folder / "names.csv").write_text("id,name\n" + "".join(lines))
    with open_session(folder / "session"):
        load = LoadTable("load", args={"source": str(folder / "names.csv")})
        embedder = SentenceTransformerEmbedder(str(model), device="cpu")
        args: dict[str, Any] = {"columns": ["name"], "embedder": embedder}
        embed = EmbedColumns("embed", inputs=columns(load), args=args)
        files = ExportParquet("export", inputs=columns(embed), args={"path": str(folder / "files")})
        args = {"database": str(folder / "x.duckdb"), "table": "names"}
        CopyIntoDuckDB("copy", inputs=columns(files), args=args)
    return folder / "x.duckdb"


def test_a_model_is_known_by_its_files_not_by_its_name(
    tmp_path: Path, own_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = embed_by(tmp_path, own_model)
    renamed = tmp_path / "renamed"
    shutil.copytree(own_model, renamed)
    for model in (str(renamed), ""):  # or the packaged weights, which are the same ones
        show_search(str(database), "an automobile", "names", 1, None, model)
        assert "similarity" in capsys.readouterr().out
    weights = own_model / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-4:] = b"\0\0\0\1"
    weights.write_bytes(changed)
    with pytest.raises(UsageError, match=r"named own \(384 dims\) as well but has other weights"):
        show_search(str(database), "an automobile", "names", 1, None, str(own_model))


def test_what_is_looked_for_gets_the_prompt_of_queries(
    tmp_path: Path, own_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = embed_by(tmp_path, own_model)
    model = SentenceTransformerEmbedder(str(own_model), device="cpu")
    assert (model.prompt, model.query_prompt) == ("a car: ", "parliament: ")
    plain = model.with_prompt("")
    wanted = np.stack(list(plain.encode([f"a car: {name}" for name in NAMES])))
    with duckdb.connect(str(database)) as connection:
        kept = connection.sql("SELECT name_embedding FROM names ORDER BY id").fetchall()
    np.testing.assert_allclose(np.array([row[0] for row in kept]), wanted, atol=1e-5)
    show_search(str(database), "of three", "names", 3, None, str(own_model))
    shown = capsys.readouterr().out.strip().split("\n")[1:]
    (asked,) = plain.encode(["parliament: of three"])
    best = [NAMES[at] for at in np.argsort(-(wanted @ asked))]
    assert [next(name for name in NAMES if name in line) for line in shown] == best
    cosines = [float(line.replace(",", " ").split()[0]) for line in shown]
    assert cosines == pytest.approx(sorted(wanted @ asked, reverse=True), abs=1e-3)


def test_parquet_files_are_searched_without_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_vectors(tmp_path, {"name_embedding": embed_names()})
    for path in (tmp_path / "files", next((tmp_path / "files").glob("*.parquet"))):
        show_search(str(path), "an automobile", None, 2, None)
        lines = capsys.readouterr().out.strip().split("\n")
        assert lines[0].split() == ["similarity", "name", "id"]
        assert len(lines) == 3
        assert "a red car" in lines[1]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "binary"])
def test_every_form_of_vectors_is_searched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dtype: str
) -> None:
    flat = embed_names().flatten().to_numpy().reshape(3, -1)
    form = VectorFormat(384, 256, dtype)
    column = form.build_array(form.convert(flat), np.array([False, False, True]))
    facts = json.dumps({"dims": 256, "dtype": dtype})
    metadata = {"embedding.name": MINILM, "embedding.name.facts": facts}
    table = pa.table({"id": [1, 2, 3], "name": NAMES, "name_embedding": column})
    write_parquet(table.to_reader(), tmp_path / "files", metadata=metadata)
    show_search(str(tmp_path / "files"), "a vessel on the sea", None, 9, None)
    lines = capsys.readouterr().out.strip().split("\n")
    assert [line.split()[-1] for line in lines[1:]] == ["2", "1"]


@pytest.mark.parametrize(
    ("place", "table", "told"),
    [
        ("files", "names", "holds Parquet files, no tables; leave --table out"),
        ("x.duckdb", "name", "no table name in .*; did you mean 'names'"),
        ("empty", None, "no Parquet file and no folder of any"),
        ("broken.parquet", None, "can't be read as Parquet"),
    ],
)
def test_searches_that_make_no_sense(
    tmp_path: Path, place: str, table: str | None, told: str
) -> None:
    load_vectors(tmp_path, {"name_embedding": embed_names()})
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.parquet").write_text("no")
    with pytest.raises((UsageError, SourceError, WarehouseError), match=told):
        show_search(str(tmp_path / place), "car", table, 3, None)


def test_the_command_takes_a_place_a_text_and_a_table(tmp_path: Path) -> None:
    database = str(load_vectors(tmp_path, {"name_embedding": embed_names()}))
    run = CliRunner(env={"COLUMNS": "120"}).invoke
    found = run(app, ["search", database, "an automobile", "--table", "names", "--k", "1"])
    assert found.exit_code == 0, found.stderr
    assert "a red car" in found.stdout.split("\n")[1]
    found = run(app, ["search", database, "names", "an automobile"])
    assert found.exit_code == 2
    assert "name a table with --table" in found.stderr


def test_a_query_can_not_write(tmp_path: Path) -> None:
    database = load_vectors(tmp_path, {})
    with pytest.raises(WarehouseError):
        show_query(str(database), "DROP TABLE names", 5)
    with pytest.raises(WarehouseError):
        show_query(str(database), f"COPY names TO '{tmp_path / 'stolen.csv'}'", 5)
    assert not (tmp_path / "stolen.csv").exists()


def test_a_query_shows_as_many_rows_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_query(str(load_vectors(tmp_path, {})), "SELECT id FROM names ORDER BY id DESC", 2)
    assert [line.strip() for line in capsys.readouterr().out.strip().split("\n")] == [
        "id",
        "3",
        "2",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        ("", ""),
        ("a\nb", "a b"),
        ("[red]", "[red]"),
        ("x" * 50, "x" * 38 + ".."),
        (0.123456, "0.1235"),
        ([0.25, 0.5, 0.75, 1.0], "[0.25, 0.5, .. 4]"),
        (["a", "b", "c", "d"], "[a, .. 4]"),
        ([1, 2], "[1, 2]"),
        ([None, None, None, None], "[None, .. 4]"),
    ],
)
def test_values_are_shown_short(value: object, expected: str) -> None:
    assert tables.show_value(value) == expected


def test_columns_that_do_not_fit_are_named_below(capsys: pytest.CaptureFixture[str]) -> None:
    rows = pa.table({f"c{i}[x]": [i] for i in range(9)})
    tables.show_rows(rows, console=Console(width=56), types=True)
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].split() == ["c0[x]", "c1[x]", "c2[x]", "c3[x]"]
    assert lines[1].split() == ["int64"] * 4
    assert lines[3] == "and 5 more columns: c4[x], c5[x], c6[x], c7[x], c8[x]"


def test_the_only_table_with_vectors_is_searched_and_several_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREBOLT_DATABASE", raising=False)
    monkeypatch.delenv("FIREBOLT_CORE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    search = ["search", "a car"]
    runner = CliRunner(env={"COLUMNS": "120"})
    done = runner.invoke(app, search)
    assert done.exit_code == 2
    assert "no .duckdb file in out/ or here" in done.stderr
    database = load_vectors(tmp_path, {"name_embedding": embed_names()})
    files = [str(file) for file in (tmp_path / "files").glob("*.parquet")]
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE plain AS SELECT 1 AS a")
    done = runner.invoke(app, search)
    assert done.exit_code == 0, done.stderr
    assert "a red car" in done.stdout.split("\n")[1]
    load_parquet(database, 'a "b"', files, load_id="two")
    done = runner.invoke(app, search)
    assert done.exit_code == 2
    assert 'have vectors: a "b", names; name one: --table TABLE' in done.stderr
    commands = [shlex.split(command) for command in suggest_commands(database, 'a "b"')]
    assert commands[1][-2:] == ["--table", 'a "b"']
    (tmp_path / "other.duckdb").write_bytes(database.read_bytes())
    done = runner.invoke(app, search)
    assert "several databases to search: other.duckdb, x.duckdb" in done.stderr
    with duckdb.connect("bare.duckdb") as connection:
        connection.execute("CREATE TABLE plain AS SELECT 1 AS a")
    done = runner.invoke(app, ["search", "bare.duckdb", "a car"])
    assert done.exit_code == 2
    assert "no table in bare.duckdb has vectors; its tables are plain" in done.stderr


def test_the_commands_that_are_suggested_work(tmp_path: Path) -> None:
    database = load_vectors(tmp_path, {"name_embedding": embed_names()})
    commands = [shlex.split(command) for command in suggest_commands(database, "names")]
    assert {words[0] for words in commands} == {"query", "search"}
    for words in commands:
        done = CliRunner(env={"COLUMNS": "120"}).invoke(app, words)
        assert done.exit_code == 0, done.stderr
        assert len(done.stdout.strip().split("\n")) > 1
