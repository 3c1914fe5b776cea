from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli.app import app
from dreambolt_steps.cli.run import name_source
from tests.standins.chat_server import ChatServer, refuse


@pytest.fixture(autouse=True)
def empty_folder(cups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "OPENAI_", "MISTRAL_"))]:
        monkeypatch.delenv(name)


def call(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, list(arguments))


def read(sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect("out/cups.duckdb", read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_column_to_embed_may_be_named_as_in_the_file() -> None:
    done = call("ingest", "cups.csv", "--embed", "Winner", "--embed", "winner")
    assert done.exit_code == 0, done.stderr
    assert read("SELECT count(*), count(winner_embedding) FROM cups") == [(3, 3)]


@pytest.mark.usefixtures("model_cache")
def test_a_template_is_embedded_by_a_named_model_and_searched_with_it() -> None:
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    told = "cup={winner} won in {year}"
    done = call("ingest", "cups.csv", "--embed", told, "--embedder", "onnx")
    assert done.exit_code == 0, done.stderr
    assert read("SELECT count(cup_embedding) FROM cups") == [(3,)]
    for named in ([], ["--embedder", "onnx"]):  # the table names it too
        found = call("search", "out/cups", "Italy won in 1934", *named, "--k", "1")
        assert found.exit_code == 0, found.stderr
        assert "1934" in found.stdout.split("\n")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.csv"], 2, "no such file"),
        (["*.tsv"], 2, "no file matches this glob"),
        (["http://127.0.0.1:9/x.csv"], 1, "can't be reached"),
        (["s3://bucket/x.csv"], 1, "AWS_ACCESS_KEY_ID"),
        (
            ["cups.csv", "--mode", "upsert"],
            2,
            "--mode upsert: there are refresh, create",
        ),
        (["cups.csv", "--mode", "merge"], 2, "mode merge needs the columns that name a row"),
        (["cups.csv", "--copy", "keys=a"], 2, "did you mean 'key'?"),
        (["cups.csv", "--embedder", "onnx"], 2, "--embedder is a model for --embed"),
        (
            ["cups.csv", "--embed", "winner", "--embedder", "BAAI/bge-small-en"],
            1,
            "the packaged all-MiniLM-L6-v2 needs no network",
        ),
        (["cups.csv", "--embed", "winner", "--embedder", "server:m"], 1, "OPENAI_API_KEY not set"),
        (["cups.csv", "--llm", "gpt-4o-mini"], 2, "say how many with --synth"),
        (["cups.csv", "--synth", "2", "--llm", "gpt-4o-mini"], 1, "OPENAI_API_KEY not set"),
        (["cups.csv", "--synth", "2"], 2, "--synth-method copula"),
        (["cups.csv", "--batch"], 2, "--batch asks a model; name one with --llm"),
        (["cups.csv", "--synth", "2", "--llm", "gone.gguf"], 2, "no model file gone.gguf"),
        (["cups.csv", "--synth", "2", "--llm", "litellm:mistral/m"], 1, "MISTRAL_API_KEY not set"),
        (["cups.csv", "--synth", "2", "--llm", "litellm:no/m"], 2, "no provider that litellm"),
        (["cups.csv", "--synth-method", "copula"], 2, "say how many with --synth"),
        (["cups.csv", "--synth-method", "vine"], 2, "--synth-method vine: there are model, copula"),
        (
            ["cups.csv", "--synth", "2", "--synth-method", "copula", "--llm", "local"],
            2,
            "needs no model",
        ),
    ],
)
def test_what_can_be_known_before_is_told_before_anything_is_made(
    arguments: list[str], code: int, words: str
) -> None:
    done = call("ingest", *arguments)
    assert done.exit_code == code
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["cups.csv"]


def test_a_wrong_key_and_an_unknown_model_are_told_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ChatServer(lambda *_: "") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "wrong")
        for models, code, words in [
            (refuse(401, "Incorrect API key provided"), 1, "refused the key in OPENAI_API_KEY"),
            (["gpt-4o-mini"], 2, "has no model gpt-4o-mimi; it has gpt-4o-mini"),
        ]:
            server.models = models
            done = call("ingest", "cups.csv", "--synth", "2", "--llm", "gpt-4o-mimi")
            assert done.exit_code == code
            assert words in done.stderr
            assert done.stderr.count("\n") == 1
        assert server.bodies == []
    assert [path.name for path in Path().iterdir()] == ["cups.csv"]


def test_rows_are_drawn_without_a_model() -> None:
    lines = [
        f"{1930 + 4 * at},{'Brazil' if at % 3 else 'Italy'},{at * at % 97 / 10}" for at in range(60)
    ]
    Path("cups.csv").write_text("\n".join(["Year,Winner,Gate", *lines]) + "\n")
    done = call("ingest", "cups.csv", "--synth", "12", "--synth-method", "copula")
    assert done.exit_code == 0, done.stderr
    assert "60 read + 12 synthesized - 0 rejected = 72 written" in done.stdout
    counted = "SELECT _synthetic_model LIKE 'copula (%', count(*) FROM cups GROUP BY _synthetic, 1"
    assert sorted(read(counted), key=str) == [(None, 60), (True, 12)]


def test_a_replaced_table_takes_the_new_rows_and_append_adds_to_them() -> None:
    assert call("ingest", "cups.csv").exit_code == 0
    Path("cups.csv").write_text("Year,Winner,Code\n1950,Uruguay,010\n")
    assert call("ingest", "cups.csv", "--mode", "append").exit_code == 0
    assert read("SELECT year FROM cups ORDER BY 1") == [(1930,), (1934,), (1938,), (1950,)]
    assert call("ingest", "cups.csv", "--mode", "append").exit_code == 0
    assert read("SELECT count(*) FROM cups") == [(4,)]
    assert call("ingest", "cups.csv").exit_code == 0
    assert read("SELECT year, code FROM cups") == [(1950, "010")]


def test_merge_updates_rows_of_the_same_key() -> None:
    merge = ("ingest", "cups.csv", "--mode", "merge", "--copy", "key=year")
    assert call(*merge).exit_code == 0
    Path("cups.csv").write_text("Year,Winner,Code\n1938,Italia,010\n1950,Uruguay,011\n")
    done = call(*merge)
    assert done.exit_code == 0, done.stderr
    assert read("SELECT year, winner FROM cups ORDER BY 1") == [
        (1930, "Uruguay"), (1934, "Italy"), (1938, "Italia"), (1950, "Uruguay"),
    ]  # fmt: skip


def test_rejected_rows_are_counted_and_their_file_is_named() -> None:
    Path("cups.csv").write_text("Year,Winner\n1930,Uruguay\n1934,Italy,too,many\n1938,Italy\n")
    done = call("ingest", "cups.csv")
    assert done.exit_code == 0, done.stderr
    assert "3 read - 1 rejected = 2 written" in done.stdout
    assert "cups.csv line 3" in done.stdout
    (line,) = [
        line for line in done.stdout.split("\n") if line.startswith("rejects of all steps: ")
    ]
    with duckdb.connect() as connection:
        rejects = f"SELECT line, raw FROM '{line.removeprefix('rejects of all steps: ')}'"
        assert connection.execute(rejects).fetchall() == [(3, "1934,Italy,too,many")]


def test_what_is_told_by_hand_goes_to_the_steps() -> None:
    told = ["--load", "skip=1", "--load", "header=no", "--clean", "rename=column_1=year"]
    done = call("ingest", "cups.csv", *told, "--columns", "year=int64")
    assert done.exit_code == 0, done.stderr
    rows = read("SELECT year, typeof(year), column_2, column_3 FROM cups ORDER BY 1")
    assert rows[0] == (1930, "BIGINT", "Uruguay", "007")
    assert len(rows) == 3
    told[-1] = "rename=column_1=jahr"
    assert "jahr" in call("inspect", "cups.csv", *told).stdout
    assert "jahr" in call("preview", "cups.csv", *told).stdout


def test_fresh_runs_a_step_and_those_below_it_again() -> None:
    call("ingest", "cups.csv")
    lines = call("ingest", "cups.csv", "--fresh", "clean").stdout.split("\n")[:4]
    cached = {line.split(":")[0]: "from the cache" in line for line in lines}
    assert cached == {"load": True, "clean": False, "export": False, "copy into": False}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("players.csv", "players"),
        ("/data/World Cup.Players.csv", "world_cup"),
        ("data/2022/*.csv", "_2022"),
        ("*.csv", "table"),
        ("s3://bucket/players/**/*.parquet", "players"),
        ("s3://bucket/*.csv", "bucket"),
    ],
)
def test_a_source_names_what_comes_of_it(source: str, name: str) -> None:
    assert name_source(source) == name


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_status_says_which_servers_answer(listener: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{listener}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:none/v1")
    done = call("status")
    assert done.exit_code == 0, done.stderr
    assert f"S3: 127.0.0.1:{listener} reachable" in done.stdout
    assert "OpenAI: 127.0.0.1 has a port that is none" in done.stdout
    assert "Firebolt:" not in done.stdout


def test_sessions_in_use_are_not_collected(tmp_path: Path) -> None:
    from filelock import FileLock

    call("ingest", "cups.csv")
    with FileLock("sessions/cups/.session.lock"):
        done = call("session", "gc", "sessions/cups", "--yes")
    assert done.exit_code == 1
    assert "is in use; run gc when it is free" in done.stderr
