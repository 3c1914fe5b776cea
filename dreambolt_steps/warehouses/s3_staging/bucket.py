"""S3 buckets that files are staged in: a client by the environment, and its errors in one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from dreambolt_steps.errors import (
    CredentialError,
    DreamboltError,
    WarehouseBusyError,
    WarehouseError,
)

ATTEMPTS = 5
CONNECTIONS = 32  # more than threads that share a client


def open_bucket() -> Any:
    """Open an S3 client by the environment, as for sources; it may be shared by threads.

    Raises:
        CredentialError: a key is not set.
    """
    missing = [n for n in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not os.environ.get(n)]
    if missing:
        raise CredentialError(
            f"staging on S3 needs credentials, but {' and '.join(missing)} not set; set them in the"
            " environment or in .env"
        )
    return _make_client(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ.get("AWS_SESSION_TOKEN") or None,
        os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None,
    )


@lru_cache(maxsize=4)
def _make_client(key: str, secret: str, token: str | None, region: str, url: str | None) -> Any:
    """Making one takes 0.3 s: it reads the description of the whole service."""
    import botocore.session  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    config = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        # the MD5 of each part is sent and checked; a second checksum costs time
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return botocore.session.get_session().create_client(
        "s3",
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        endpoint_url=url,
        config=config,
    )


def delete_staged(url: str) -> int:
    """Delete everything below a folder that files were staged in.

    Args:
        url: s3://bucket/prefix/, with its slash.

    Returns: the number of objects deleted.
    """
    client = open_bucket()
    bucket, prefix = split_url(url)
    deleted = 0
    with explain_s3(url):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            keys = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
            if keys:
                client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
            deleted += len(keys)
        for upload in list_uploads(client, bucket, prefix):
            client.abort_multipart_upload(
                Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
    return deleted


def check_bucket(client: Any, url: str) -> None:
    """See that the bucket of a URL is there; some servers answer a put without one as a failure of
    their own."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    try:
        client.head_bucket(Bucket=split_url(url)[0])
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            raise WarehouseError(
                f"{url}: there is no such bucket; check FIREBOLT_STAGING"
            ) from error
        raise


def put_small(url: str, content: bytes) -> None:
    """Write one small object."""
    client = open_bucket()
    bucket, key = split_url(url)
    with explain_s3(url):
        check_bucket(client, url)
        client.put_object(Bucket=bucket, Key=key, Body=content)


def read_small(url: str) -> Iterator[tuple[str, bytes]]:
    """Read every object below a folder: its key and its content."""
    client = open_bucket()
    bucket, prefix = split_url(url)
    with explain_s3(url):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                found = client.get_object(Bucket=bucket, Key=entry["Key"])
                yield entry["Key"], found["Body"].read()


def split_url(url: str) -> tuple[str, str]:
    """Take an s3:// URL apart.

    >>> split_url("s3://bucket/a/b.parquet")
    ('bucket', 'a/b.parquet')
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


def list_uploads(client: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    """List multipart uploads that were begun and never finished, below a prefix."""
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    return [entry for page in pages for entry in page.get("Uploads", [])]


@contextmanager
def explain_s3(url: str) -> Iterator[None]:
    """Turn what botocore raises about a URL into an error of this package."""
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
    )

    try:
        yield
    except ClientError as error:
        raise _explain_client(error, url) from error
    except BotoCoreError as error:
        where = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        raise WarehouseBusyError(
            f"{url}: {where or 'S3'} can't be reached ({type(error).__name__}); check"
            " AWS_ENDPOINT_URL and the network, and run again"
        ) from error


def _explain_client(error: Any, url: str) -> DreamboltError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = error.response.get("Error", {}).get("Code", "")
    if status in (401, 403):
        return CredentialError(
            f"{url}: S3 refused ({code}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and"
            " that they may read, write and delete there"
        )
    if status in (429, 500, 502, 503, 504):
        return WarehouseBusyError(f"{url}: S3 is busy ({code}); run again")
    return WarehouseError(f"{url}: S3 answered {code or status}; check FIREBOLT_STAGING")
