from __future__ import annotations

import os
from pathlib import Path

import pytest

from dreambolt_steps.errors import CredentialError
from dreambolt_steps.settings import (
    CREDENTIALS,
    find_endpoint,
    find_missing,
    load_environment,
    require_credentials,
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sum(CREDENTIALS.values(), ()), "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"]:
        monkeypatch.setenv(name, "x")  # so that what load_environment sets is undone
        monkeypatch.delenv(name)


def test_env_files_fill_in_what_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-file\nAWS_ACCESS_KEY_ID='from file'\n")
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    load_environment(tmp_path)
    assert os.environ["OPENAI_API_KEY"] == "from-environment"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "from file"


def test_no_env_file_is_no_error(tmp_path: Path) -> None:
    load_environment(tmp_path)
    assert find_missing(["OPENAI_API_KEY"]) == ["OPENAI_API_KEY"]


def test_missing_credentials_are_named_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBOLT_CLIENT_ID", "very-secret")
    with pytest.raises(CredentialError) as caught:
        require_credentials("Firebolt")
    assert "FIREBOLT_CLIENT_SECRET and FIREBOLT_ACCOUNT not set" in str(caught.value)
    assert "very-secret" not in str(caught.value)
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with pytest.raises(CredentialError, match="OPENAI_API_KEY"):
        require_credentials("OpenAI")


def test_a_service_of_its_own_endpoint_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_endpoint("S3") is None
    assert find_endpoint("Firebolt") is None
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://one:1")
    assert find_endpoint("S3") == "http://one:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://two:2")
    assert find_endpoint("S3") == "http://two:2"
