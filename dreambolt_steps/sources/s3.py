"""S3 through s3fs: opened from the environment alone, its errors turned into one clear line
each."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dreambolt_steps.errors import CredentialError, MissingSourceError, SourceError

_CONNECT_SECONDS = 10
_READ_SECONDS = 60


def open_s3() -> Any:
    """Open the S3 file system that the environment describes.

    Reads AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ENDPOINT_URL_S3 (or
    AWS_ENDPOINT_URL) and AWS_REGION (or AWS_DEFAULT_REGION). Nothing is sent yet.

    Returns: an `s3fs.S3FileSystem` without caches.
    Raises: CredentialError when a key is not set.
    """
    missing = [n for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not os.environ.get(n)]
    if missing:
        raise CredentialError(
            f"S3 needs credentials, but {' and '.join(missing)} not set; "
            "set them in the environment or in .env"
        )
    import s3fs  # takes 0.3 s, and most tables are local

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return s3fs.S3FileSystem(
        key=os.environ["AWS_ACCESS_KEY_ID"],
        secret=os.environ["AWS_SECRET_ACCESS_KEY"],
        token=os.environ.get("AWS_SESSION_TOKEN") or None,
        endpoint_url=_read_endpoint(),
        client_kwargs={"region_name": region},
        config_kwargs={
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS,
            "retries": {"max_attempts": 3},
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _read_endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


@contextmanager
def explain_s3_errors(uri: str) -> Iterator[None]:
    """Turn what s3fs and botocore raise about `uri` into SourceError or CredentialError.

    s3fs 2024.9 raises FileNotFoundError for a missing bucket and a missing key alike, and
    PermissionError for a wrong key and a forbidden object alike; the bucket is therefore looked at
    apart (`check_bucket`).
    """
    from botocore.exceptions import (  # type: ignore[import-untyped]
        BotoCoreError,
        ClientError,
    )

    try:
        yield
    except FileNotFoundError as error:
        raise MissingSourceError(
            f"{uri}: no such object; list the bucket to see its keys"
        ) from error
    except PermissionError as error:
        raise CredentialError(
            f"{uri}: S3 refused the credentials ({error}); check AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and that they may read this bucket"
        ) from error
    except ClientError as error:
        raise SourceError(f"{uri}: S3 answered {error}") from error
    except (BotoCoreError, OSError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SourceError(f"{uri}: no space left to copy it to; free some disk") from error
        where = _read_endpoint() or "the AWS endpoint"
        raise SourceError(
            f"{uri}: {where} can't be reached ({type(error).__name__}); "
            "check AWS_ENDPOINT_URL and the network"
        ) from error


def check_bucket(filesystem: Any, uri: str) -> None:
    """Ask S3 for the bucket of `uri`.

    Raises: SourceError when it does not exist, CredentialError when the credentials are refused.
    """
    bucket = uri.removeprefix("s3://").split("/", 1)[0]
    with explain_s3_errors(uri):
        try:
            filesystem.call_s3("list_objects_v2", Bucket=bucket, MaxKeys=1)
        except FileNotFoundError as error:
            raise MissingSourceError(
                f"{uri}: there is no bucket {bucket!r}; check its name and AWS_ENDPOINT_URL"
            ) from error
