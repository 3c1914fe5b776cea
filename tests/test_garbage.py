"""What `session gc` finds, shows and deletes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dreambolt_steps.cli import sessions
from dreambolt_steps.errors import UsageError
from dreambolt_steps.session.garbage import find_unfinished
from dreambolt_steps.session.session_store import collect_superseded, find_superseded

STEP = {"fingerprint": "a", "pickled": False, "data_card": {}, "datetime": "2026-01-01T00:00:00"}


def make_step(folder: Path, **receipt: object) -> None:
    (folder / "_dataset").mkdir(parents=True)
    (folder / "_dataset" / "state.json").write_text('{"_data_files": []}')
    (folder / "step.json").write_text(json.dumps(STEP))
    told = {"step": folder.name, "kind": "EmbedColumns", **receipt}
    (folder / "receipt.json").write_text(json.dumps(told))


def lock(session: Path, name: str) -> None:
    (session / ".locks").mkdir(exist_ok=True)
    (session / ".locks" / f"{name}.lock").write_text("")


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A finished step, a superseded result, and vectors of two models: one in use."""
    folder = tmp_path / "session"
    make_step(folder / "embed", report={"vector_stores": ["used"]})
    lock(folder, "embed")
    make_step(folder / "_backups" / "embed" / "b")
    (folder / "_backups" / "embed" / "b" / "big").write_bytes(b"x" * 5000)
    for name in ("used", "other"):
        (folder / "_vectors" / name).mkdir(parents=True)
        (folder / "_vectors" / name / "vectors.arrow").write_bytes(b"v" * 2000)
    (folder / ".session.lock").write_text("")
    return folder


def list_stores(session: Path) -> list[str]:
    return sorted(path.name for path in (session / "_vectors").iterdir())


def test_vectors_of_a_step_that_was_stopped_are_kept(session: Path) -> None:
    (session / "embed others" / "run_output").mkdir(parents=True)
    lock(session, "embed others")
    assert find_unfinished(session) == ["embed others"]
    assert 5000 < collect_superseded(session) < 6000
    assert list_stores(session) == ["other", "used"]
    assert not (session / "_backups").exists()
    assert collect_superseded(session, unfinished=True) == 2000
    assert list_stores(session) == ["used"]


def test_vectors_that_nothing_needs_go_when_every_step_is_finished(session: Path) -> None:
    told = {garbage.what: garbage.bytes for garbage in find_superseded(session)}
    assert told["1 superseded result of embed"] > 5000
    assert told["vectors of models that no step uses any more"] == 2000
    assert list_stores(session) == ["other", "used"]  # nothing is deleted by a look
    assert collect_superseded(session) == sum(told.values())
    assert list_stores(session) == ["used"]


@pytest.mark.parametrize(("answer", "stores"), [(True, ["used"]), (False, ["other", "used"])])
def test_a_person_is_shown_what_goes_and_asked(
    session: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: bool,
    stores: list[str],
) -> None:
    questions: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return answer

    monkeypatch.setattr(sessions, "confirm", ask)
    monkeypatch.setattr(sessions.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    sessions.collect_session(session)
    told = capsys.readouterr().out
    assert "1 superseded result of embed" in told
    assert "2.0 kB  vectors of models that no step uses any more" in told
    assert len(questions) == 1
    assert "kB" in questions[0]
    assert list_stores(session) == stores


def test_without_anybody_to_ask_nothing_is_deleted(session: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing was deleted; say --yes"):
        sessions.collect_session(session)
    assert list_stores(session) == ["other", "used"]
    assert (session / "_backups").exists()
    sessions.collect_session(session, yes=True)
    assert list_stores(session) == ["used"]


def test_what_is_kept_for_an_unfinished_step_is_said(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (session / "embed others").mkdir()
    lock(session, "embed others")
    sessions.collect_session(session, yes=True)
    assert "kept for embed others, not finished yet" in capsys.readouterr().out
    assert list_stores(session) == ["other", "used"]
