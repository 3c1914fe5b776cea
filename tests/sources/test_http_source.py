"""Sources behind http URLs, against a real server on this machine."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps.errors import CredentialError, DreamboltError, SourceError, UsageError
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.sources.fetch import fetch_file
from dreambolt_steps.sources.source import fingerprint_source, resolve_source

CSV = b"a,b\n1,2\n"


def pack(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Serves what the test put into `pages`, with the headers it wants."""

    pages: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, str, str | None]]

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        path = self.path.split("?")[0]
        self.asked.append((self.command, path, self.headers.get("Authorization")))
        status, headers, body = self.pages.get(path, (404, {}, b"nothing here"))
        if path.startswith("/get-only") and not with_body:
            status = 405
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    own = type("Own", (Handler,), {"pages": {}, "asked": []})
    monkeypatch.setenv("HOME", str(tmp_path))
    running = ThreadingHTTPServer(("127.0.0.1", 0), own)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", own
    running.shutdown()
    running.server_close()
    thread.join()


def test_a_file_is_known_by_its_etag(server: tuple[str, Any], tmp_path: Path) -> None:
    url, pages = server
    pages.pages["/in/a.csv"] = (200, {"ETag": '"one"'}, CSV)
    files = resolve_source(f"{url}/in/a.csv?token=secret")
    assert [(file.name, file.size, file.identity) for file in files] == [("a.csv", 8, "etag:one+8")]
    path = fetch_file(files[0], tmp_path / "spool")
    assert (path.name, path.read_bytes()) == ("a.csv", CSV)
    table = read_table(path, sources=files)
    assert table.reader.read_all().to_pylist() == [{"a": "1", "b": "2"}]
    assert table.report().files[0].file == f"{url}/in/a.csv?..."
    pages.pages["/in/a.csv"] = (200, {"ETag": '"two"'}, CSV)
    again = resolve_source(f"{url}/in/a.csv?token=secret")
    assert fingerprint_source(again) != fingerprint_source(files)
    with pytest.raises(SourceError, match=r"a\.csv\?\.\.\.: changed while it was read"):
        fetch_file(files[0], tmp_path / "other")
    assert not [path for path in (tmp_path / "other").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("path", "headers", "identity"),
    [
        ("/a.csv", {"Last-Modified": "Tue, 01 Jan 2030 00:00:00 GMT"}, "modified:Tue, 01"),
        ("/a.csv", {}, "xxh3:"),
        ("/a.csv", {"Content-Length": ""}, "xxh3:"),
        ("/get-only.csv", {"ETag": '"x"'}, "etag:x+8"),
    ],
)
def test_without_an_etag_the_time_or_the_content_tells(
    server: tuple[str, Any],
    tmp_path: Path,
    path: str,
    headers: dict[str, str],
    identity: str,
) -> None:
    url, pages = server
    pages.pages[path] = (200, headers, CSV)
    (file,) = resolve_source(url + path)
    assert file.identity.startswith(identity)
    assert file.size == 8
    assert fetch_file(file, tmp_path).read_bytes() == CSV


def test_redirects_are_followed_and_logins_are_not_sent_on(
    server: tuple[str, Any], tmp_path: Path
) -> None:
    url, pages = server
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password pass\n")
    (tmp_path / ".netrc").chmod(0o600)
    pages.pages["/old.csv"] = (302, {"Location": "/new/year=2024/a.csv"}, b"")
    pages.pages["/new/year=2024/a.csv"] = (200, {"ETag": '"x"'}, CSV)
    (file,) = resolve_source(f"{url}/old.csv")
    assert file.partitions == (("year", "2024"),)
    assert fetch_file(file, tmp_path / "spool").read_bytes() == CSV
    assert {login is not None for _, path, login in pages.asked if path == "/old.csv"} == {True}
    assert {login for _, path, login in pages.asked if path != "/old.csv"} == {None}


def test_a_zip_behind_a_url_stands_for_its_members(server: tuple[str, Any], tmp_path: Path) -> None:
    url, pages = server
    pages.pages["/all.zip"] = (
        200,
        {"ETag": '"z"'},
        pack({"x/1.csv": b"a\n1\n", "x/2.csv": b"a\n2\n", "readme": b"hello"}),
    )
    files = resolve_source(f"{url}/all.zip")
    assert [file.name for file in files] == ["all.zip!x/1.csv", "all.zip!x/2.csv"]
    paths = [fetch_file(file, tmp_path) for file in files]
    assert read_table(paths, sources=files).reader.read_all().to_pydict() == {"a": ["1", "2"]}
    (second,) = resolve_source(f"{url}/all.zip!x/2.csv")
    assert second == files[1]


@pytest.mark.parametrize(
    ("path", "page", "kind", "message"),
    [
        ("/none.csv", None, SourceError, "answered 404 Not Found; check the URL"),
        ("/a.csv", (401, {}, b""), CredentialError, "answered 401.*netrc"),
        ("/a.csv", (500, {}, b""), SourceError, "answered 500.*try again"),
        ("/a.csv", (302, {"Location": "/a.csv"}, b""), SourceError, "answered 302"),
        ("/a.csv", (302, {"Location": "file:///etc/passwd"}, b""), SourceError, "answered 302"),
        ("/a.csv", (200, {"Content-Length": "99"}, CSV), SourceError, "broke after 8 of 99"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    server: tuple[str, Any],
    tmp_path: Path,
    path: str,
    page: Any,
    kind: type[DreamboltError],
    message: str,
) -> None:
    url, pages = server
    if page:
        pages.pages[path] = page
    with pytest.raises(kind, match=message) as caught:
        fetch_file(resolve_source(url + path)[0], tmp_path)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_away_or_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreambolt_steps.sources.http._TIMEOUT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(SourceError, match="can't be reached"):
            resolve_source(f"http://127.0.0.1:{port}/a.csv")
        silent.listen()
        with pytest.raises(SourceError, match="no answer within"):
            resolve_source(f"http://127.0.0.1:{port}/a.csv")


def test_a_password_in_a_url_is_refused() -> None:
    for url in ("http://ann:secret@127.0.0.1/a.csv", "sftp://ann:secret@127.0.0.1/a.csv"):
        with pytest.raises(UsageError, match="holds a password") as caught:
            resolve_source(url)
        assert "secret" not in str(caught.value)
