"""A login in the address of a server: sent as a header, and in nothing that anybody reads."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dreambolt_steps.cli.app import app
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.standins.chat_server import ChatServer, Reply, refuse

import_datadreamer()

from dreambolt_steps.errors import CredentialError, ModelError  # noqa: E402
from dreambolt_steps.llms.openai.model import ChatModel  # noqa: E402

PASSWORD = "p@ss:w0rd"
LOGIN = "me:p%40ss%3Aw0rd@"
BASIC = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
SPELLINGS = (PASSWORD, "p%40ss%3Aw0rd", BASIC.removeprefix("Basic "))


def name(server: ChatServer) -> str:
    return server.url.replace("http://", f"http://{LOGIN}")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    with ChatServer(lambda body, number: "hello") as running:
        yield running


def search(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    return [
        f"{path}: {secret}"
        for path in files
        for secret in SPELLINGS
        if secret.encode() in path.read_bytes()
    ]


def test_a_login_is_sent_as_a_header_and_no_part_of_the_model(server: ChatServer) -> None:
    llm = ChatModel("m", name(server))
    assert llm.run(["hi"]) == ["hello"]
    assert server.authorizations == [BASIC]
    assert llm.base_url == server.url
    assert not any(secret in repr(vars(llm)) for secret in SPELLINGS)


def test_a_key_is_sent_where_there_is_no_login(server: ChatServer) -> None:
    assert ChatModel("m", server.url).run(["hi"]) == ["hello"]
    assert server.authorizations == ["Bearer a key"]


def test_the_login_of_the_environment_is_known_in_any_process(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreambolt_steps.llms.openai import login

    monkeypatch.setattr(login, "_logins", {})  # as in a process that was not told
    monkeypatch.setenv("OPENAI_BASE_URL", name(server))
    assert login.authorize(server.url, "k") == {"Authorization": BASIC}
    assert login.authorize("https://elsewhere/v1", "k") == {"Authorization": "Bearer k"}


@pytest.mark.parametrize("status", [401, 403, 404, 501])
def test_no_error_tells_the_password(server: ChatServer, status: int) -> None:
    server.answer = lambda body, number: refuse(status, "no")
    llm = ChatModel("m", name(server))
    with pytest.raises((CredentialError, ModelError)) as caught:
        llm.run(["hi"])
    assert not any(secret in str(caught.value) for secret in SPELLINGS)


def test_a_server_that_does_not_answer_is_told_without_its_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a key")
    llm = ChatModel("m", f"http://{LOGIN}127.0.0.1:9/v1")
    with pytest.raises(ModelError) as caught:
        llm.check()
    assert "127.0.0.1:9" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in SPELLINGS)


@pytest.mark.parametrize("answer", ["not JSON", Reply(drop=True)])
def test_a_run_leaves_the_password_nowhere(
    server: ChatServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
) -> None:
    server.answer = lambda body, number: answer
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", name(server))
    Path("cups.csv").write_text("year,winner\n1930,Uruguay\n1934,Italy\n1938,Italy\n")
    command = ["ingest", "cups.csv", "--synth", "2", "--llm", "some-model"]
    told = []
    for words in (["--dry-run"], ["--json-logs"], ["--max-rejects", "100%"]):
        done = CliRunner().invoke(app, [*command, *words])
        told.append(done.output)
    for words in (["status"], ["session", "show", "sessions/cups"]):
        told.append(CliRunner().invoke(app, words).output)
    assert BASIC in server.authorizations
    assert not [secret for secret in SPELLINGS if secret in "".join(told)]
    assert search(tmp_path) == []


def test_passwords_of_urls_are_hidden_in_every_line(
    capsys: pytest.CaptureFixture[str], session: Callable[..., Any]
) -> None:
    from rich.console import Console

    from dreambolt_steps.cli.failures import _say
    from dreambolt_steps.cli.reporters import RunReporter

    url = f"https://me:{PASSWORD}@models.example.org/v1"
    RunReporter(Console()).say(f"asked {url}")
    _say(f"error: {url} is down")
    done = CliRunner().invoke(app, ["ingest", url.replace("/v1", "/x.csv")])
    told = capsys.readouterr()
    for text in (told.out, told.err, done.output):
        assert "example.org" in text
        assert PASSWORD not in text
