"""Quality and drift in sessions: each run against the last one that ended well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import CleanTable, LoadTable, columns, limit_rejects
from dreambolt_steps.contracts.profile_store import read_last, read_profile
from dreambolt_steps.errors import RejectLimitError
from dreambolt_steps.session.session_store import collect_superseded

SMALL = "n,team\n" + "".join(f"{n},{'ab'[n % 2]}\n" for n in range(100))
GROWN = "n,team\n" + "".join(f"{n},{'abc'[n % 3]}\n" for n in range(300))


@pytest.fixture
def run(session: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    def run(text: str, **args: Any) -> Any:
        (tmp_path / "t.csv").write_text(text)
        with session():
            raw = LoadTable("load", args={"source": str(tmp_path / "t.csv")})
            return CleanTable("clean", inputs=columns(raw), args=args)

    return run


def alerts_of(step: Any) -> list[tuple[str | None, str]] | None:
    found = step.receipt.report.get("drift")
    return None if found is None else [(alert["column"], alert["what"]) for alert in found]


def test_each_run_is_compared_with_the_last_one(run: Callable[..., Any]) -> None:
    first = run(SMALL)
    assert (alerts_of(first), first.receipt.report["quality"]) == (None, 100.0)
    second = run(GROWN)
    changes = {(None, "rows"), ("n", "schema"), ("team", "distinct")}
    assert set(alerts_of(second) or []) >= changes
    assert ("n", "range") not in (alerts_of(second) or [])  # its rows were added at the end
    profile = read_profile(second.folder)
    assert profile is not None
    assert profile.before is not None
    assert (profile.before.rows, profile.facts.rows) == (100, 300)


def test_a_cached_step_compares_nothing_anew_but_is_the_last_one(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    run(SMALL)
    run(GROWN)
    again = run(SMALL)  # put back from what was superseded
    assert again.receipt.resumed
    assert alerts_of(again) is None
    assert alerts_of(run(SMALL + "100,a\n")) == []  # compared with SMALL, not with GROWN
    run(GROWN)
    collect_superseded(tmp_path / "session")
    assert (None, "rows") in (alerts_of(run(SMALL)) or [])  # the last profile outlives gc


def test_a_run_that_failed_is_not_the_last_one(run: Callable[..., Any], tmp_path: Path) -> None:
    run(SMALL)
    session = tmp_path / "session"
    assert read_last(session, "clean") is not None
    with pytest.raises(RejectLimitError), limit_rejects(0):
        run(GROWN + "x\n1,2,3\n" * 3)
    with pytest.raises(RejectLimitError), limit_rejects(10):
        run(GROWN, types={"team": "int8"})
    kept = read_last(session, "clean")
    assert kept is not None
    assert kept[0].rows == 100


def test_without_a_profile_there_is_none(run: Callable[..., Any], tmp_path: Path) -> None:
    step = run(SMALL, profile=False)
    assert "quality" not in step.receipt.report
    assert not (step.folder / "profile.json").exists()
    assert not (tmp_path / "session" / ".profiles").exists()


def test_quality_counts_what_was_broken(run: Callable[..., Any]) -> None:
    contract = {
        "contract": 1,
        "modes": {"data_type": "discard_row"},
        "columns": {"n": {"type": "int8", "max": 89}, "team": {"type": "text", "allowed": ["a"]}},
    }
    step = run("n,team\n" + "1,a\n" * 7 + "x,a\n99,a\n2,b\n", contract=contract)
    profile = read_profile(step.folder)
    assert profile is not None
    quality = {column.name: column for column in profile.quality.columns}
    # of the 10 rows, n has one that is no number and one over 89; 7 values are left
    assert quality["n"].validity == pytest.approx(7 / 9, abs=1e-6)
    assert quality["team"].validity == pytest.approx(7 / 8, abs=1e-6)
    assert [rule.breaks for rule in profile.rules] == [1, 1]
    assert profile.contract == "the contract"


def test_a_session_of_another_version_is_no_hindrance(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    run(SMALL)
    last = tmp_path / "session" / ".profiles" / "clean.json"
    assert json.loads(last.read_text())["facts"]["rows"] == 100
    last.write_text('{"facts": {"rows": 1, "columns": [{"name": "n"}]}}')
    assert alerts_of(run(GROWN)) is None
