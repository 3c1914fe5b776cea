"""Files behind http(s) URLs, through the standard library: redirects followed, credentials from
~/.netrc."""

from __future__ import annotations

import base64
import http.client
import netrc
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from dreambolt_steps.errors import CredentialError, SourceError
from dreambolt_steps.sources.source_file import (
    SourceFile,
    find_partitions,
    hash_file,
    hide_query,
)

_TIMEOUT_SECONDS = 60
_NO_HEAD = (400, 403, 405, 501)
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]"


def resolve_http(uri: str) -> list[SourceFile]:
    """Identify the file behind a URL: by its ETag or Last-Modified, and by its content where the
    server sends neither.

    Raises: SourceError (404, no answer, a broken redirect) or CredentialError (401, 403).
    """
    headers, final = _ask(uri)
    size = int(headers.get("Content-Length") or -1)
    mark = _find_mark(headers)
    if mark is None or size < 0:
        copy = _copy(uri)
        size = copy.stat().st_size
        mark = mark or hash_file(copy)
    identity = mark if mark.startswith("xxh3:") else f"{mark}+{size}"
    return [SourceFile(uri, size, identity, find_partitions(urlsplit(final).path))]


def download_http(file: SourceFile, target: Path) -> None:
    """Write the file behind a URL to `target`.

    Raises: SourceError when it is gone, was cut short or has changed since it was resolved.
    """
    if file.identity.startswith("xxh3:"):
        shutil.copyfile(keep_copy(file), target)
        mark: str | None = hash_file(target)
    else:
        mark = _find_mark(_download(file.uri, target))
    size = target.stat().st_size
    found = mark if mark and mark.startswith("xxh3:") else f"{mark}+{size}"
    if found != file.identity:
        raise SourceError(
            f"{file.shown}: changed while it was read ({file.size} bytes expected, "
            f"{size} read); run again"
        )


_COPIES: dict[str, Path] = {}


def keep_copy(file: SourceFile) -> Path:
    """Download a resolved file, once in this process; the copy goes when the process ends."""
    kept = _COPIES.get(file.uri)
    return kept if kept is not None and kept.exists() else _copy(file.uri)


@cache
def _open_copies() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="dreambolt-http-")


def _copy(uri: str) -> Path:
    handle, name = tempfile.mkstemp(dir=_open_copies().name)
    os.close(handle)
    _download(uri, Path(name))
    _COPIES[uri] = Path(name)
    return Path(name)


def _ask(uri: str) -> tuple[Any, str]:
    """Ask for the headers alone; by a GET where HEAD is refused."""
    try:
        with explain_http_errors(uri), _open(uri, "HEAD") as answer:
            return answer.headers, answer.url
    except (SourceError, CredentialError) as error:
        cause = error.__cause__
        if not isinstance(cause, urllib.error.HTTPError) or cause.code not in _NO_HEAD:
            raise
    with explain_http_errors(uri), _open(uri, "GET") as answer:
        return answer.headers, answer.url


def _download(uri: str, target: Path) -> Any:
    with explain_http_errors(uri), _open(uri, "GET") as answer, target.open("wb") as sink:
        shutil.copyfileobj(answer, sink, 1 << 20)
        expected = answer.headers.get("Content-Length")
        if expected is not None and sink.tell() != int(expected):
            raise SourceError(
                f"{hide_query(uri)}: the connection broke after {sink.tell():,} of "
                f"{int(expected):,} bytes; run again"
            )
        return answer.headers


def _open(uri: str, method: str) -> Any:
    headers = {"User-Agent": "dreambolt-steps", "Accept-Encoding": "identity"}
    url = quote(uri.split("#", 1)[0], safe=_URL_SAFE)
    request = urllib.request.Request(url, headers=headers, method=method)
    if login := _find_login(urlsplit(uri).hostname or ""):
        # Not to be sent on to where a redirect leads.
        request.add_unredirected_header("Authorization", f"Basic {login}")
    return closing(urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS))


def _find_login(host: str) -> str | None:
    try:
        found = netrc.netrc().authenticators(host)
    except (FileNotFoundError, netrc.NetrcParseError):
        return None
    return base64.b64encode(f"{found[0]}:{found[2]}".encode()).decode() if found else None


def _find_mark(headers: Any) -> str | None:
    if etag := headers.get("ETag"):
        return f"etag:{etag.removeprefix('W/').strip(chr(34))}"
    modified = headers.get("Last-Modified")
    return f"modified:{modified}" if modified else None


@contextmanager
def explain_http_errors(uri: str) -> Iterator[None]:
    """Turn what an HTTP request about `uri` raises into one clear line."""
    shown = hide_query(uri)
    try:
        yield
    except urllib.error.HTTPError as error:
        answer = f"{error.code} {str(error.reason).splitlines()[0] if error.reason else ''}".strip()
        if error.code in (401, 403):
            raise CredentialError(
                f"{shown}: the server answered {answer}; a login can stand in ~/.netrc, "
                "readable by you alone"
            ) from error
        hint = "check the URL" if error.code in (404, 410) else "try again later"
        raise SourceError(f"{shown}: the server answered {answer}; {hint}") from error
    except TimeoutError as error:
        raise SourceError(f"{shown}: no answer within {_TIMEOUT_SECONDS} s; try again") from error
    except urllib.error.URLError as error:
        raise SourceError(
            f"{shown}: can't be reached ({error.reason}); check the host and the network"
        ) from error
    except (http.client.HTTPException, ValueError, ConnectionError) as error:
        raise SourceError(f"{shown}: no proper HTTP answer ({error}); check the URL") from error
