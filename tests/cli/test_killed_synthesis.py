"""A synthesis killed with SIGKILL: what was answered is not asked again, whatever comes after."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.standins.chat_server import ChatServer, Reply, read_prompt
from tests.standins.warm_command import WarmCommand

IN_FLIGHT = 32
RECIPE = """
from dreambolt_steps import *

def recipe(rows: int, embed: bool = False, temperature: float = 1.0):
    clean = CleanTable("clean", inputs=columns(LoadTable("load", args={"source": "people.csv"})))
    args = {"llm": ChatModel("m"), "rows": rows, "temperature": temperature}
    more = SynthesizeRows("synthesize", inputs=columns(clean), args=args)
    if embed:
        more = EmbedColumns("embed", inputs=columns(more), args={"columns": ["name"]})
    ExportParquet("export", inputs=columns(more), args={"path": "out"})
"""


def write_people(body: dict[str, Any], _: int) -> Reply:
    found = re.search(r"Write (\d+) rows .*\(batch (\d+)", read_prompt(body))
    assert found is not None
    rows = [{"name": f"Name {found[2]} {at}", "age": at} for at in range(int(found[1]))]
    return Reply(json.dumps({"rows": rows}), delay=0.2)


@pytest.mark.slow
def test_a_killed_run_goes_on_and_more_rows_or_steps_pay_only_what_is_new(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("Name,Age\nAda,36\nAlan,41\n")
    (tmp_path / "more.py").write_text(RECIPE)

    def start(*settings: str) -> WarmCommand:
        told = [part for setting in settings for part in ("--set", setting)]
        return WarmCommand(["run", "more.py", *told], tmp_path, environment)

    def run(*settings: str) -> None:
        command = start(*settings)
        _, err = command.communicate()
        assert command.returncode == 0, err

    with ChatServer(write_people) as server:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "k",
        }
        killed = start("rows=600")  # 120 calls
        while len(server.finished) < 40 and killed.poll() is None:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
        before = len(server.bodies)
        assert 40 <= before < 120
        run("rows=600")
        assert 120 <= len(server.bodies) <= 120 + IN_FLIGHT
        for settings, new in [
            (("rows=600",), 0),
            (("rows=600", "embed=yes"), 0),
            (("rows=750",), 30),
            (("rows=600",), 0),
            (("rows=10", "temperature=0.5"), 2),
        ]:
            paid = len(server.bodies)
            run(*settings)
            assert len(server.bodies) == paid + new, settings
