"""What goes wrong with models and tables: told in one line, with nothing paid in vain."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import ChatModel, CleanTable, LoadTable, SynthesizeRows, columns
from dreambolt_steps.errors import CredentialError, ModelError
from tests.standins.chat_server import ChatServer, Reply, read_prompt, refuse

Session = Callable[..., Any]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("Name,Age\nAda,36\nAlan,41\n")
    return path


def synthesize(source: Path, server: ChatServer, rows: int, **args: Any) -> Any:
    load = LoadTable("load", args={"source": str(source)})
    clean = CleanTable("clean", inputs=columns(load))
    args = {"llm": ChatModel("m", server.url, max_in_flight=4), "rows": rows, **args}
    return SynthesizeRows("more", inputs=columns(clean), args=args)


def made(step: Any) -> list[dict[str, Any]]:
    return [row for row in step.output.dataset.to_list() if row["_synthetic"]]


def write_people(body: dict[str, Any], _: int) -> str:
    """Rows that fit, other ones in every batch."""
    prompt = read_prompt(body)
    batch = int(re.search(r"\(batch (\d+)", prompt)[1])  # type: ignore[index]
    count = int(re.search(r"Write (\d+) rows", prompt)[1])  # type: ignore[index]
    rows = [{"name": f"Name {batch} {at}", "age": batch + at} for at in range(count)]
    return json.dumps({"rows": rows})


def test_no_key(people: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(CredentialError, match=r"^OPENAI_API_KEY not set; set it in"):
        ChatModel("gpt-4.1-mini")


@pytest.mark.parametrize(
    ("models", "error", "words"),
    [
        (refuse(401, "Incorrect API key"), CredentialError, "refused the key in OPENAI_API_KEY"),
        (["n", "mm"], ModelError, "has no model m; it has mm"),
    ],
)
def test_a_wrong_key_or_model_is_told_before_a_call(
    people: Path, session: Session, models: Any, error: type[Exception], words: str
) -> None:
    with ChatServer(write_people) as server, session():
        server.models = models
        with pytest.raises(error, match=words):
            synthesize(people, server, 5)
        assert server.bodies == []


def test_a_model_that_only_its_calls_deny(people: Path, session: Session) -> None:
    unknown = refuse(404, "The model `m` does not exist", "model_not_found")
    with ChatServer(lambda *_: unknown) as server, session():
        with pytest.raises(ModelError, match="has no model m: The model `m` does not exist"):
            synthesize(people, server, 100)
        assert len(server.bodies) == 1


def test_a_server_without_json_schema_makes_the_same_rows(
    people: Path, session: Session, tmp_path: Path
) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply | str:
        if "response_format" in body:
            return refuse(400, f"unknown field response_format {body['response_format']['type']}")
        return "Here are the rows you asked for:\n```json\n" + write_people(body, number) + "\n```"

    with ChatServer(answer) as server, session():
        rows = made(synthesize(people, server, 10))
        assert [row["name"] for row in rows][:2] == ["Name 1 0", "Name 1 1"]
        assert [row["age"] for row in rows] == [1, 2, 3, 4, 5, 2, 3, 4, 5, 6]
        asked = [body.get("response_format", {}).get("type") for body in server.bodies]
        assert asked == ["json_schema", "json_schema", "json_object", None, None]


def test_a_quota_that_is_used_up_is_not_asked_again_and_keeps_what_was_paid(
    people: Path, session: Session
) -> None:
    quota = refuse(429, "You exceeded your current quota", "insufficient_quota", Retry_After="0")

    def answer(body: dict[str, Any], number: int) -> Reply | str:
        return quota if number >= paid else write_people(body, number)

    paid = 6
    with ChatServer(answer) as server:
        with session(), pytest.raises(ModelError, match=r"quota at .* is used up: You exceeded"):
            synthesize(people, server, 100)
        asked = len(server.bodies)
        assert paid < asked <= paid + 4  # those that were in flight beside the first refusal
        paid = 1000
        with session():
            step = synthesize(people, server, 100)
        assert len(made(step)) == 100
        assert step.receipt.report["calls known"] == 6
        assert len(server.bodies) == asked + 14


def test_a_prompt_over_the_context_length(people: Path, session: Session) -> None:
    words = "This model's maximum context length is 8192 tokens"
    too_long = refuse(400, words, "context_length_exceeded")
    with ChatServer(lambda *_: too_long) as server, session():
        with pytest.raises(ModelError, match=f"5 of 5 rows are missing: .*{words}"):
            synthesize(people, server, 5)
        assert len(server.bodies) == 3  # tried as often as any row, repaired never


def test_an_empty_table(tmp_path: Path, session: Session) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("Name,Age\n")
    answer = '{"rows": [{"name": "Ada", "age": "36"}, {"name": "Alan", "age": null}]}'
    with ChatServer(lambda *_: answer) as server, session():
        step = synthesize(path, server, 2)
        assert [(row["name"], row["age"]) for row in made(step)] == [("Ada", "36"), ("Alan", None)]
        assert (step.receipt.rows_in, step.receipt.rows_out) == (0, 2)
        assert "Rows of the table" not in read_prompt(server.bodies[0])


def test_a_column_of_nulls_stays_null_unless_the_model_says_more(
    tmp_path: Path, session: Session
) -> None:
    path = tmp_path / "nulls.csv"
    names = [f"Name {chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(60)]
    path.write_text("Name,Age\n" + "".join(f"{name},\n" for name in names))

    def answer(body: dict[str, Any], _: int) -> str:
        schema = body["response_format"]["json_schema"]["schema"]["properties"]["rows"]["items"]
        assert "null" in schema["properties"]["age"]["type"]
        return '{"rows": [{"name": "Ada", "age": null}, {"name": "Alan", "age": null}]}'

    with ChatServer(answer) as server, session():
        rows = made(synthesize(path, server, 2))
    assert [(row["name"], row["age"]) for row in rows] == [("Ada", None), ("Alan", None)]


def test_no_rows_ask_nothing(people: Path, session: Session) -> None:
    with ChatServer(write_people) as server, session():
        server.models = refuse(401, "no key is needed where nothing is asked")
        step = synthesize(people, server, 0)
        assert step.output.dataset.to_list() == [
            {"name": name, "age": age, "_synthetic": False}
            | dict.fromkeys(("_synthetic_model", "_synthetic_prompt", "_synthetic_call"))
            for name, age in (("Ada", 36), ("Alan", 41))
        ]
        assert server.bodies == []


def test_a_model_that_repeats_itself_is_stopped_long_before_ten_thousand_rows(
    people: Path, session: Session
) -> None:
    def repeat(body: dict[str, Any], number: int) -> str:
        rows = [{"name": "Grace", "age": at} for at in (40, 41, 42, 43, 44)]
        return json.dumps({"rows": rows})

    with ChatServer(repeat) as server, session():
        step = synthesize(people, server, 10_000)
        assert [row["age"] for row in made(step)] == [40, 41, 42, 43, 44]
        assert len(server.bodies) < 40
        assert step.receipt.report["calls asked"] == len(server.bodies)
        [told] = [note for note in step.receipt.notes if "missing" in note]
        assert "9,995 of 10,000 rows are missing: the model repeats itself: 5" in told
        assert step.receipt.rejects is not None
