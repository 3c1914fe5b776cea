"""Which engine runs, and what is said where it can't: nothing here starts a cluster."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from dreambolt_steps import open_session, use_engine
from dreambolt_steps.engines.current import current_engine, open_engine
from dreambolt_steps.engines.local import LOCAL
from dreambolt_steps.errors import EngineError, UsageError
from tests.conftest import ROOT

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")


@contextmanager
def listen(answer: bytes) -> Iterator[str]:
    """A server that is no Ray: it answers everything with the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


ENV = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_work_is_done_here_unless_something_else_is_said() -> None:
    assert current_engine() is LOCAL
    with use_engine("local") as engine:
        assert current_engine() is engine is LOCAL
    with LOCAL.open_workers(lambda: nothing_but(len)) as workers:
        assert list(workers.map(["a", "bc"])) == [1, 2]


@contextmanager
def nothing_but(function: object) -> Iterator[object]:
    yield function


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("spark", None, "no engine 'spark'; there are local, ray"),
        ("local", "127.0.0.1:6379", "choose engine ray with it"),
        pytest.param("ray", "head", "write HOST:PORT, or auto", marks=needs_ray),
        pytest.param("ray", "head:0", "write HOST:PORT, or auto", marks=needs_ray),
        pytest.param("ray", "ray://head:10001", "name the cluster itself", marks=needs_ray),
    ],
)
def test_what_names_no_engine(name: str, address: str | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        open_engine(name, address)
    session = open_session(tmp_path / "session", engine=name, address=address)
    with pytest.raises(UsageError, match=words), session:
        pass
    assert not (tmp_path / "session").exists()


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install 'dreambolt-steps\[ray\]'"):
        open_engine("ray")


@needs_ray
def test_an_address_at_which_there_is_no_cluster_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no Ray cluster answers at .*\(Connection refused\)"):
        open_engine("ray", f"127.0.0.1:{find_free_port()}")
    for answer in (b"SSH-2.0-OpenSSH_9.2\r\n", b""):
        with listen(answer) as address, pytest.raises(EngineError, match="something else listens"):
            open_engine("ray", address)


@needs_ray
def test_the_command_line_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dreambolt_steps", "run", str(ROOT / "recipes/worldcup.py")]
    command += ["--engine", "ray", "--address", f"127.0.0.1:{find_free_port()}"]
    done = subprocess.run(command, cwd=tmp_path, env=ENV, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no Ray cluster answers at 127.0.0.1:")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@needs_ray
def test_a_recipe_on_a_cluster_of_this_machine(tmp_path: Path) -> None:
    """The whole command line, with the cluster that it starts and ends."""
    command = [sys.executable, "-m", "dreambolt_steps", "run", str(ROOT / "recipes/worldcup.py")]
    files = {}
    for engine in ("local", "ray"):
        folder = tmp_path / engine
        folder.mkdir()
        done = subprocess.run(
            [*command, "--engine", engine, "--quiet"],
            cwd=folder,
            env=ENV,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        files[engine] = {
            path.name: path.read_bytes() for path in (folder / "out/worldcup").glob("*.parquet")
        }
    assert len(files["local"]) == 1
    assert files["ray"] == files["local"]
