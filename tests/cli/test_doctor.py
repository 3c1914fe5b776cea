from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dreambolt_steps.cli import doctor_checks
from dreambolt_steps.cli.app import app
from dreambolt_steps.settings import CREDENTIALS, ENDPOINTS, FIREBOLT

NAMES = [name for names in (*CREDENTIALS.values(), *ENDPOINTS.values(), FIREBOLT) for name in names]


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


def find(*arguments: str) -> dict[str, tuple[str, str]]:
    checks = json.loads(run("--json", *arguments).stdout)["checks"]
    return {f"{one['group']}: {one['name']}": (one["state"], one["told"]) for one in checks}


def test_a_machine_that_has_it_all_is_well() -> None:
    done = run()
    assert done.exit_code == 0, done.stdout
    assert done.stdout.endswith(
        "everything that a run needs is here; --online asks the services, too\n"
    )
    for group in ("python", "packages", "extras", "disk", "models", "settings"):
        assert f"{group}\n" in done.stdout
    assert "online" not in find()
    assert find()["models: embedding"][0] == "ok"


def test_credentials_are_named_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "also-very-secret")
    done = run()
    assert done.exit_code == 1
    assert "very-secret" not in done.stdout
    assert "AWS_ACCESS_KEY_ID: is not set, but AWS_SECRET_ACCESS_KEY is" in done.stdout
    assert "1 problem: settings: AWS_ACCESS_KEY_ID" in done.stdout
    assert find()["settings: OPENAI_API_KEY"] == ("ok", "is set")


def test_services_are_asked_only_when_they_are_set_up_and_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find("--online")["online: OpenAI"] == ("note", "is not set up")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    assert not [name for name in find() if name.startswith("online")]
    state, told = find("--online")["online: OpenAI"]
    assert (state, told.split(" (")[0]) == ("problem", "127.0.0.1:9 not reachable")


def test_a_disk_without_room_and_a_cache_that_can_t_be_written_are_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    state, told = find()["disk: cache of models"]
    assert state == "problem"
    assert "can't be written" in told
    assert "XDG_CACHE_HOME" in told
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda path: usage(9, 8, 1 << 20))
    state, told = find()["disk: this folder"]
    assert (state, told.endswith("0.0 GiB free; make room, or work in another folder")) == (
        "problem",
        True,
    )


def test_versions_are_held_against_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["duckdb<0.1", "no-such-package>=3", "rich>=1", 'x-of-extra>=1; extra == "more"']
    monkeypatch.setattr(doctor_checks, "requires", lambda name: wanted)
    found = find()
    assert found["packages: duckdb"][0] == "note"
    assert "where <0.1 is asked for" in found["packages: duckdb"][1]
    assert found["packages: rich"][0] == "ok"
    state, told = found["packages: no-such-package"]
    assert (state, told) == (
        "problem",
        "is not installed; run: pip install 'no-such-package>=3'",
    )
    assert found["extras: more"] == (
        "note",
        "is not installed; to have it: pip install 'dreambolt-steps[more]'",
    )
    assert "packages: x-of-extra" not in found
