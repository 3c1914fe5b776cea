"""Files staged on a real S3 server: whole, once, resumed after a kill, and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xxhash

from dreambolt_steps.errors import CredentialError, WarehouseBusyError, WarehouseError
from dreambolt_steps.warehouses.s3_staging import bucket, upload
from dreambolt_steps.warehouses.s3_staging.bucket import delete_staged, list_uploads, open_bucket
from dreambolt_steps.warehouses.s3_staging.upload import StagedFile, stage_files
from tests.conftest import ROOT

PART = 5 * 2**20

CHILD = """
import sys, time
from pathlib import Path
from dreambolt_steps.warehouses.s3_staging import upload
upload.PART_BYTES, upload.THREADS = 5 * 2**20, 1
size = Path(sys.argv[1]).stat().st_size

def tell(done):
    print(done, flush=True)
    time.sleep(60 if done >= 2 * upload.PART_BYTES else 0)

upload.stage_files([upload.StagedFile(Path(sys.argv[1]), sys.argv[2], size, "f")], tell)
"""


def make(folder: Path, name: str, size: int) -> tuple[Path, bytes]:
    content = os.urandom(size)
    (folder / name).write_bytes(content)
    return folder / name, content


def describe(path: Path, url: str) -> StagedFile:
    content = path.read_bytes()
    return StagedFile(path, url, len(content), xxhash.xxh3_128_hexdigest(content))


def list_keys(prefix: str) -> list[str]:
    found = open_bucket().list_objects_v2(Bucket="bucket", Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def test_files_come_whole_and_once(
    tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PART_BYTES", PART)
    sizes = {"small": 1000, "one": PART, "more": PART + 1, "three": 3 * PART}
    made = {name: make(tmp_path, name, size) for name, size in sizes.items()}
    files = [describe(path, f"s3://bucket/whole/{name}") for name, (path, _) in made.items()]
    seen: list[int] = []
    assert stage_files(files, seen.append) == sum(sizes.values())
    assert seen == sorted(seen)
    assert seen[-1] == sum(sizes.values())
    for name, (_, content) in made.items():
        assert s3.cat_file(f"bucket/whole/{name}") == content
    assert stage_files(files) == 0
    (tmp_path / "small").write_bytes(b"x" * 1000)
    assert stage_files([describe(tmp_path / "small", "s3://bucket/whole/small")]) == 1000
    assert s3.cat_file("bucket/whole/small") == b"x" * 1000
    assert delete_staged("s3://bucket/whole/") == len(sizes)
    assert list_keys("whole/") == []


def test_a_killed_upload_goes_on_where_it_was(
    tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, content = make(tmp_path, "big", 4 * PART + 17)
    url = "s3://bucket/killed/big"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    while int(child.stdout.readline()) < 2 * PART:
        pass
    child.send_signal(signal.SIGKILL)
    child.wait()
    monkeypatch.setattr(upload, "PART_BYTES", PART)
    sent = stage_files([StagedFile(path, url, len(content), "f")])
    assert sent <= 3 * PART
    assert s3.cat_file("bucket/killed/big") == content
    assert list_uploads(open_bucket(), "bucket", "killed/") == []


def test_what_a_killed_upload_left_is_deleted(s3: Any) -> None:
    client = open_bucket()
    client.create_multipart_upload(Bucket="bucket", Key="left/big")
    delete_staged("s3://bucket/left/")
    assert list_uploads(client, "bucket", "left/") == []


def test_what_stands_in_the_way_is_named(
    tmp_path: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = make(tmp_path, "x", 10)
    with pytest.raises(WarehouseError, match="no such bucket; check FIREBOLT_STAGING"):
        stage_files([describe(path, "s3://nowhere/x")])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(CredentialError, match="AWS_SECRET_ACCESS_KEY") as caught:
        stage_files([describe(path, "s3://bucket/x")])
    assert "wrong" not in str(caught.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(bucket, "ATTEMPTS", 1)
    with pytest.raises(WarehouseBusyError, match=r"127\.0\.0\.1:9 can't be reached"):
        stage_files([describe(path, "s3://bucket/x")])
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialError, match="AWS_SECRET_ACCESS_KEY not set"):
        stage_files([describe(path, "s3://bucket/x")])
