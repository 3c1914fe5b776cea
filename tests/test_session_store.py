from __future__ import annotations

from pathlib import Path

import pytest

from dreambolt_steps.errors import UsageError
from dreambolt_steps.session.session_store import (
    collect_superseded,
    describe_session,
    find_sessions,
    heal_session,
)
from tests.test_step_cache import make_step


def test_sessions_are_found_by_their_steps(tmp_path: Path) -> None:
    make_step(tmp_path / "one" / "load", "a")
    (tmp_path / "other").mkdir()
    assert find_sessions(tmp_path) == [tmp_path / "one"]
    assert find_sessions(tmp_path / "missing") == []


def test_collecting_frees_only_what_is_superseded(tmp_path: Path) -> None:
    make_step(tmp_path / "load", "b", "current")
    make_step(tmp_path / "_backups" / "load" / "a", "a", "x" * 1000)
    (tmp_path / "load" / ".old.doomed-1").mkdir()
    would = collect_superseded(tmp_path, dry_run=True)
    assert (tmp_path / "_backups").exists()
    assert collect_superseded(tmp_path) == would > 1000
    assert not (tmp_path / "_backups").exists()
    assert not (tmp_path / "load" / ".old.doomed-1").exists()
    assert (tmp_path / "load" / "_dataset" / "data-00000-of-00001.arrow").read_text() == "current"
    assert collect_superseded(tmp_path) == 0


def test_healing_a_session_names_the_healed_steps(tmp_path: Path) -> None:
    make_step(tmp_path / "load", "a")
    broken = make_step(tmp_path / "clean", "a")
    (broken / "step.json").write_text("{")
    assert heal_session(tmp_path) == [broken]


def test_a_folder_without_steps_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no session"):
        describe_session(tmp_path)
