"""Files behind any URL that fsspec can open: one, those of a glob, those of a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from dreambolt_steps.errors import CredentialError, DreamboltError, MissingSourceError, SourceError
from dreambolt_steps.sources.globs import has_glob
from dreambolt_steps.sources.s3 import check_bucket, explain_s3_errors, open_s3
from dreambolt_steps.sources.source_file import (
    SourceFile,
    find_partitions,
    hash_stream,
    hide_query,
)
from dreambolt_steps.sources.suffixes import is_table_name

_CONTENT_KEYS = ("ETag", "etag", "md5Hash", "content_md5", "sha", "checksum")
_TIME_KEYS = ("LastModified", "last_modified", "updated", "mtime")


def open_remote(uri: str) -> Any:
    """Open the file system behind a URL, with credentials from the environment alone.

    Returns: an fsspec file system.
    Raises: SourceError for a scheme nobody knows or a library that is not installed;
    CredentialError when S3 keys are not set.
    """
    if uri.startswith("s3://"):
        return open_s3()
    import fsspec  # with its registry 0.1 s

    scheme = uri.split("://", 1)[0]
    if "::" in uri:
        raise SourceError(f"{uri}: chained URLs are not read; name the file itself")
    try:
        with explain_remote_errors(uri):
            filesystem, _ = fsspec.core.url_to_fs(uri, use_listings_cache=False)
    except ImportError as error:
        raise SourceError(f"{scheme}:// needs a library that is not installed: {error}") from error
    except ValueError as error:
        raise SourceError(
            f"{uri}: {scheme}:// is not supported; use a local path, s3://, https:// or a scheme "
            "of fsspec"
        ) from error
    return filesystem


@contextmanager
def _explain_other_errors(uri: str) -> Iterator[None]:
    shown = hide_query(uri)
    try:
        yield
    except (DreamboltError, ImportError, ValueError):
        raise
    except FileNotFoundError as error:
        raise MissingSourceError(f"{shown}: no such file; check the URL") from error
    except PermissionError as error:
        raise CredentialError(
            f"{shown}: access was refused ({error}); check the credentials in the environment"
        ) from error
    except TimeoutError as error:
        raise SourceError(f"{shown}: no answer in time; check the network") from error
    except Exception as error:  # every library has errors of its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise SourceError(f"{shown}: can't be read ({type(error).__name__}: {reason})") from error


def explain_remote_errors(uri: str) -> AbstractContextManager[None]:
    """Turn what a remote file system raises about `uri` into SourceError or CredentialError."""
    return explain_s3_errors(uri) if uri.startswith("s3://") else _explain_other_errors(uri)


def resolve_remote(uri: str) -> list[SourceFile]:
    """Find the files behind a URL.

    Args:
        uri: of a file, a glob, or a folder or prefix: all files of known formats below it.

    Raises: SourceError, CredentialError (see `open_remote`).
    """
    is_s3 = uri.startswith("s3://")
    if is_s3 and (uri.removeprefix("s3://").startswith("/") or uri == "s3://"):
        raise SourceError(f"{uri}: names no bucket; write s3://bucket/key")
    filesystem = open_remote(uri)
    if has_glob(uri):
        if is_s3:
            check_bucket(filesystem, uri)
        with explain_remote_errors(uri):
            infos = list(filesystem.glob(uri, detail=True).values())
        missing = "no object matches this glob; check prefix and pattern"
    else:
        info = _look(filesystem, uri)
        if info["type"] == "file":
            return [identify_object(filesystem, uri, info)]
        with explain_remote_errors(uri):
            infos = list(filesystem.find(uri, detail=True).values())
        root = info["name"].rstrip("/") + "/"
        infos = [one for one in infos if is_table_name(one["name"].removeprefix(root))]
        missing = "is a folder without files of a known format; name them by a glob"
    files = [info for info in infos if info["type"] == "file"]
    if not files:
        raise MissingSourceError(f"{uri}: {missing}")
    uris = [filesystem.unstrip_protocol(info["name"]) for info in files]
    return [identify_object(filesystem, *found) for found in zip(uris, files, strict=True)]


def _look(filesystem: Any, uri: str) -> dict[str, Any]:
    with explain_remote_errors(uri):
        try:
            return dict(filesystem.info(uri))
        except (FileNotFoundError, ValueError) as error:
            if not uri.startswith("s3://"):
                raise FileNotFoundError(uri) from error
            check_bucket(filesystem, uri)
            raise


def identify_object(filesystem: Any, uri: str, info: dict[str, Any]) -> SourceFile:
    """Build the SourceFile of a remote file from what its file system says about it; where that
    tells neither a checksum nor a time of change, its content is read and hashed."""
    size = int(info.get("size") or 0)
    identity = None
    for keys, word in ((_TIME_KEYS, "modified"), (_CONTENT_KEYS, "etag")):
        for key in keys:
            if info.get(key):
                identity = f"{word}:{str(info[key]).strip(chr(34))}+{size}"
    if identity is None:
        with explain_remote_errors(uri), filesystem.open(uri, "rb") as handle:
            identity = hash_stream(handle)
    return SourceFile(uri, size, identity, find_partitions(uri))
