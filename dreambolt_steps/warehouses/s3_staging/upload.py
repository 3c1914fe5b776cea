"""Files staged on S3: uploaded in parallel, checked, and resumed after a kill."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dreambolt_steps.errors import SourceError, WarehouseError
from dreambolt_steps.warehouses.s3_staging.bucket import (
    check_bucket,
    explain_s3,
    list_uploads,
    open_bucket,
    split_url,
)

PART_BYTES = 16 * 2**20  # of a multipart upload; at least 5 MiB
THREADS = 8  # parts in flight, each held in memory
_MOST_PARTS = 10_000
_FINGERPRINT = "dreambolt-fingerprint"


@dataclass(frozen=True)
class StagedFile:
    """A file on its way to S3.

    Args:
        path: here.
        url: there, s3://bucket/key.
        bytes: its size.
        fingerprint: of its content, kept beside the object: one that is there with the same size
            and fingerprint is not uploaded again.
    """

    path: Path
    url: str
    bytes: int
    fingerprint: str


@dataclass(frozen=True)
class _Part:
    file: StagedFile
    number: int
    offset: int
    bytes: int


@dataclass
class _Upload:
    """A file being uploaded: parts to send, and the tags of those that are there by their number;
    `name` is None for a file that is one put."""

    file: StagedFile
    name: str | None
    waiting: list[_Part]
    tags: dict[int, str] = field(default_factory=dict)


def stage_files(
    files: Sequence[StagedFile], on_progress: Callable[[int], None] | None = None
) -> int:
    """Upload files in parallel; those that are there already, and parts of them, are left alone.

    Every part is sent with its MD5, which the server checks, and which its tag is compared with;
    the size of the object is checked afterwards.

    Args:
        files: what goes where.
        on_progress: called with the number of bytes that are there so far.

    Returns: bytes that were sent.

    Raises:
        CredentialError: keys are missing or refused.
        WarehouseError: there is no such bucket, or an object is not what was sent.
        WarehouseBusyError: S3 can't be reached.
        SourceError: a file changed meanwhile.
    """
    if not files:
        return 0
    client = open_bucket()
    with explain_s3(files[0].url), ThreadPoolExecutor(THREADS) as pool:
        check_bucket(client, files[0].url)
        there = list(pool.map(lambda file: _is_there(client, file), files))
        missing = [file for file, known in zip(files, there, strict=True) if not known]
        uploads = list(pool.map(lambda file: _begin(client, file), missing))
        waiting = [(upload, part) for upload in uploads for part in upload.waiting]
        total = sum(part.bytes for _, part in waiting)
        done = sum(file.bytes for file in files) - total
        for (upload, part), tag in zip(
            waiting, pool.map(lambda pair: _put_part(client, *pair), waiting), strict=True
        ):
            upload.tags[part.number] = tag
            done += part.bytes
            if on_progress:
                on_progress(done)
        list(pool.map(lambda upload: _finish(client, upload), uploads))
    return total


def _is_there(client: Any, file: StagedFile) -> bool:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    bucket, key = split_url(file.url)
    try:
        head = client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    known = head["Metadata"].get(_FINGERPRINT)
    return bool(head["ContentLength"] == file.bytes and known == file.fingerprint)


def _begin(client: Any, file: StagedFile) -> _Upload:
    """Plan an upload, and find the parts of a killed run that are there."""
    if file.bytes <= PART_BYTES:
        return _Upload(file, None, [_Part(file, 1, 0, file.bytes)])
    size = max(PART_BYTES, -(-file.bytes // _MOST_PARTS))
    bucket, key = split_url(file.url)
    offsets = range(0, file.bytes, size)
    parts = [
        _Part(file, number, offset, min(size, file.bytes - offset))
        for number, offset in enumerate(offsets, 1)
    ]
    begun = [entry for entry in list_uploads(client, bucket, key) if entry["Key"] == key]
    if not begun:
        metadata = {_FINGERPRINT: file.fingerprint}
        made = client.create_multipart_upload(Bucket=bucket, Key=key, Metadata=metadata)
        return _Upload(file, str(made["UploadId"]), parts)
    name = str(max(begun, key=lambda entry: entry["Initiated"])["UploadId"])
    pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=name)
    known = {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
    tags = {
        part.number: str(known[part.number]["ETag"])
        for part in parts
        if part.number in known
        and known[part.number]["Size"] == part.bytes
        and known[part.number]["ETag"].strip('"') == _read(part)[1]
    }
    return _Upload(file, name, [part for part in parts if part.number not in tags], tags)


def _read(part: _Part) -> tuple[bytes, str]:
    """The bytes of a part, and their MD5."""
    with part.file.path.open("rb") as file:
        file.seek(part.offset)
        content = file.read(part.bytes)
    if len(content) != part.bytes:
        raise SourceError(f"{part.file.path} became shorter while it was staged; export it again")
    return content, hashlib.md5(content, usedforsecurity=False).hexdigest()


def _put_part(client: Any, upload: _Upload, part: _Part) -> str:
    bucket, key = split_url(part.file.url)
    content, md5 = _read(part)
    options = {"Bucket": bucket, "Key": key, "Body": content}
    options["ContentMD5"] = base64.b64encode(bytes.fromhex(md5)).decode()
    if upload.name is None:
        metadata = {_FINGERPRINT: part.file.fingerprint}
        answer = client.put_object(**options, Metadata=metadata)
    else:
        answer = client.upload_part(**options, UploadId=upload.name, PartNumber=part.number)
    tag = str(answer["ETag"])
    encrypted = answer.get("ServerSideEncryption", "").startswith("aws:")  # its tag is no MD5
    if not encrypted and tag.strip('"') != md5:
        raise WarehouseError(f"{part.file.url}: S3 holds other bytes than were sent; run again")
    return tag


def _finish(client: Any, upload: _Upload) -> None:
    file = upload.file
    bucket, key = split_url(file.url)
    if upload.name is not None:
        parts = [{"PartNumber": at, "ETag": tag} for at, tag in sorted(upload.tags.items())]
        client.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload.name, MultipartUpload={"Parts": parts}
        )
    size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    if size != file.bytes:
        raise WarehouseError(
            f"{file.url} has {size:,} bytes, and {file.path} {file.bytes:,}; run again"
        )
