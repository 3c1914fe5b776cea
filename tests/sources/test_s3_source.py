"""S3 sources against a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.errors import CredentialError, DreamboltError, SourceError
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import fingerprint_source, resolve_source
from tests.standins.s3_server import SECRET_KEY


@pytest.fixture
def files(s3: Any) -> Any:
    for key, text in {"a/x.csv": "n\n1\n", "a/y.csv": "n\n2\n", "a/b/z.csv": "n\n3\n"}.items():
        s3.pipe_file(f"s3://bucket/{key}", text.encode())
    return s3


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("s3://bucket/a/x.csv", ["x.csv"]),
        ("s3://bucket/a/*.csv", ["x.csv", "y.csv"]),
        ("s3://bucket/a/**/*.csv", ["x.csv", "y.csv", "z.csv"]),
    ],
)
def test_objects_are_found(files: Any, uri: str, names: list[str]) -> None:
    assert sorted(file.name for file in resolve_source(uri)) == names


def test_an_object_is_fetched_once_and_whole(files: Any, tmp_path: Path) -> None:
    file = resolve_source("s3://bucket/a/x.csv")[0]
    path = fetch_file(file, tmp_path)
    assert (path.name, path.read_bytes()) == ("x.csv", b"n\n1\n")
    stamp = path.stat().st_mtime_ns
    assert fetch_file(file, tmp_path).stat().st_mtime_ns == stamp


def test_a_changed_object_changes_the_fingerprint_and_is_not_mixed_up(
    files: Any, tmp_path: Path
) -> None:
    before = resolve_source("s3://bucket/a/y.csv")
    files.pipe_file("s3://bucket/a/y.csv", b"n\n9\n")
    assert fingerprint_source(resolve_source("s3://bucket/a/y.csv")) != fingerprint_source(before)
    with pytest.raises(SourceError, match="changed while it was read"):
        fetch_file(before[0], tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("uri", "changes", "kind", "message"),
    [
        ("s3://bucket/none.csv", {}, SourceError, "no such object"),
        ("s3://bucket/a/b/none/", {}, SourceError, "no such object"),
        ("s3://bucket/a/*.tsv", {}, SourceError, "no object matches"),
        ("s3://nowhere/a.csv", {}, SourceError, "no bucket 'nowhere'"),
        ("s3://nowhere/*.csv", {}, SourceError, "no bucket 'nowhere'"),
        ("s3://", {}, SourceError, "names no bucket"),
        ("s3://bucket/a/x.csv", {"AWS_ACCESS_KEY_ID": ""}, CredentialError, "AWS_ACCESS_KEY_ID"),
        ("s3://bucket/a/x.csv", {"AWS_SECRET_ACCESS_KEY": "no"}, CredentialError, "refused"),
        ("s3://bucket/a/*.csv", {"AWS_SECRET_ACCESS_KEY": "no"}, CredentialError, "refused"),
        (
            "s3://bucket/a/*.csv",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
            SourceError,
            "http://127.0.0.1:9 can't be reached",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    files: Any,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
    changes: dict[str, str],
    kind: type[DreamboltError],
    message: str,
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(kind, match=message) as caught:
        resolve_source(uri)
    assert "\n" not in str(caught.value)
    assert SECRET_KEY not in str(caught.value)
