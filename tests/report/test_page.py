"""The report: what stands in it, that nothing in it is run, and that it can be added to."""

from __future__ import annotations

import datetime as dt
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from markupsafe import Markup

from dreambolt_steps.contracts.breaks import RuleTally
from dreambolt_steps.contracts.profile_store import (
    TableProfile,
    keep_last,
    read_last,
    read_profile,
    write_profile,
)
from dreambolt_steps.contracts.quality import score_table
from dreambolt_steps.findings.finding import hand_over
from dreambolt_steps.findings.in_tables import find_broken_rules, find_drift
from dreambolt_steps.log import Receipt
from dreambolt_steps.profiling.drift import compare_facts
from dreambolt_steps.profiling.history_facts import ColumnFacts, TableFacts, gather_facts
from dreambolt_steps.report.charts import draw_distribution, grade
from dreambolt_steps.report.page import render_report, write_report
from dreambolt_steps.report.run_record import RunRecord, StepRecord
from dreambolt_steps.report.sections import Section, add_section, list_sections
from dreambolt_steps.tables.rejects.schema import Reject, build_rejects

NOW = dt.datetime(2026, 5, 4, 12, 30)
EVIL = "<script>alert(1)</script>"


def facts_of(**columns: Any) -> TableFacts:
    return gather_facts(pa.table(columns).to_reader())


def make_run(tmp_path: Path, *, evil: str = "", error: str | None = None) -> RunRecord:
    """Load and clean with rejects, a broken contract and drift; `evil` stands wherever text may."""
    folder = tmp_path / "clean"
    folder.mkdir()
    before = facts_of(**{f"team{evil}": ["a", "b"] * 50, "goals": range(100)})
    now = facts_of(**{f"team{evil}": ["a", f"c{evil}"] * 50, "goals": [*range(99), 5000]})
    rule = RuleTally(f"team{evil}", f"odd{evil}", "discard_row", "validity", 7, f"v{evil}", 3)
    write_profile(
        folder,
        TableProfile(
            facts=now,
            quality=score_table(now, 107, [rule]),
            finished=NOW,
            rules=(rule, RuleTally("goals", "never broken", "freeze", "validity")),
            contract=f"players{evil}.yaml",
            before=before,
            before_finished=NOW - dt.timedelta(days=1),
            drift=compare_facts(before, now),
            notes=(f"note{evil}",),
        ),
    )
    rejects = folder / "rejects.parquet"
    row = Reject(f"/data/p{evil}.csv", 7, 3, f"team{evil}", f"x{evil}", f"bad{evil}", f"raw{evil}")
    pq.write_table(build_rejects([row] * 7), rejects)
    load = Receipt("load", "LoadTable", rows_in=110, rows_out=107, rows_rejected=3, seconds=0.5)
    clean = Receipt(
        f"clean{evil}",
        "CleanTable",
        rows_in=107,
        rows_out=100,
        rows_rejected=7,
        values_discarded=2,
        rejects=str(rejects),
        notes=[f"noted{evil}"],
        report={
            "columns": {f"team{evil}": {"words": f"text, from 'Team'{evil}"}},
            "warnings": [f"warned{evil}"],
        },
    )
    hand_over(clean, *find_broken_rules([rule]))
    hand_over(clean, *find_drift(compare_facts(before, now), "03 May 2026, 12:30"))
    export = Receipt("export", "ExportParquet", rows_in=100, rows_out=100, resumed=True)
    native = Receipt("own", "ProcessWithPrompt", rows_out=100)
    steps = (
        StepRecord(load, None),
        StepRecord(clean, folder),
        StepRecord(native, None, is_ours=False),
        StepRecord(export, None),
    )
    return RunRecord(tmp_path / f"players{evil.replace('/', '')}", NOW, steps, error, "1.2")


def read_text(page: str) -> str:
    """What a reader sees of a page."""
    without = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())


def test_a_profile_is_read_as_it_was_written(tmp_path: Path) -> None:
    profile = make_run(tmp_path).steps[1].profile
    assert profile is not None
    assert profile.before is not None
    assert profile.drift is not None
    again = tmp_path / "again"
    again.mkdir()
    write_profile(again, profile)
    assert read_profile(again) == profile
    keep_last(tmp_path, "some/step", profile)
    assert read_last(tmp_path, "some/step") == (profile.facts, NOW)
    assert read_last(tmp_path, "other") is None
    (again / "profile.json").write_text('{"facts": 1}')
    assert read_profile(again) is None
    (again / "profile.json").write_text("{")
    assert read_profile(again) is None


def test_the_page_tells_the_run(tmp_path: Path) -> None:
    text = read_text(render_report(make_run(tmp_path)))
    for words in (
        "players 04 May 2026, 12:30:00 · 4 steps · dreambolt_steps 1.2",
        "110 rows read − 10 rejected = 100 written",
        "Counted apart: 2 values discarded in rows that were kept.",
        "clean 7 of 107 rows rejected",
        "clean warned",
        "team values are spread otherwise than before (PSI 4.55) Compared with the run of 03 May",
        "team not there before: 'c'",
        "team 7 times odd (first 'v' in row 4) Their rows are rejected.",
        "Compared with the run of 03 May 2026, 12:30 (100 rows)",
        "players.yaml , checked by clean: 2 promises about values and rows, 1 of them broken.",
        "✗ team odd 7 v the row is rejected",
        "✓ goals never broken 0 the run stops",
        "7 team bad where value row as it was read p.csv line 7 x raw",
        "from the cache",
        "text, from 'Team'",
    ):
        assert words in text


def test_the_counts_of_a_run_that_stopped(tmp_path: Path) -> None:
    run = make_run(tmp_path, error="3 rows too many; see <b>x</b>")
    text = read_text(render_report(RunRecord(run.session, NOW, run.steps[:2], run.error)))
    assert "Stopped. 3 rows too many; see <b>x</b>" in text
    assert "110 rows read − 10 rejected = 100 left when it stopped" in text


def test_rows_that_went_in_other_steps_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    export = StepRecord(Receipt("export", "ExportParquet", rows_in=90, rows_out=90), None)
    text = read_text(render_report(RunRecord(tmp_path, NOW, (*run.steps[:3], export))))
    assert "110 rows read − 10 rejected − 10 in other steps = 90 written" in text


class Tags(HTMLParser):
    """Counts tags and attributes that could run or fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.odd: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.odd += [name for name, _ in attrs if name.startswith("on") or name == "src"]
        self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize("evil", [EVIL, '"><img src=x onerror=alert(1)>', "'\"&<b>", "{{ 7*7 }}"])
def test_whatever_stands_in_a_cell_or_name_stays_text(tmp_path: Path, evil: str) -> None:
    page = render_report(make_run(tmp_path, evil=evil, error=f"stopped{evil}"))
    tags = Tags()
    tags.feed(page)
    assert not tags.tags & {"script", "img", "iframe", "link", "object", "b1"}
    assert tags.odd == []
    for link in tags.links:
        assert re.fullmatch(r"#rejects|(file://|\./)[\w/.%-]+", link), link
    assert "alert(1)>" not in page
    text = read_text(page)
    for words in ("x", "raw", "bad", "noted", "warned", "note", "odd", "v", "stopped"):
        assert f"{words}{evil}" in text, words
    assert "49" not in re.findall(r"\b49\b", text)


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (tmp_path / "players").mkdir()
    path = write_report(run)
    page = path.read_text(encoding="utf-8")
    assert path == tmp_path / "players" / "report.html"
    assert not re.findall(r"https?://|@import|url\(", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]


def test_values_of_rejects_are_left_out_where_columns_are_masked(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.steps[1].receipt.report["masked"] = ["team"]
    text = read_text(render_report(run))
    assert "Columns are masked" in text
    assert "raw" not in text.split("Rejects")[1]


def test_sections_can_be_added_and_replaced(tmp_path: Path) -> None:
    before = list_sections()
    try:
        add_section(Section("more", "More", lambda run: Markup("<p>{}</p>").format(EVIL)))
        assert [one.key for one in list_sections()][-2:] == ["more", "history"]
        page = render_report(make_run(tmp_path))
        assert f'<section id="more">\n  <h2>More</h2>\n  <p>{html.escape(EVIL)}</p>' in page
        add_section(Section("more", "More", lambda run: None), before="columns")
        keys = [one.key for one in list_sections()]  # other packages may have added theirs
        assert keys[keys.index("columns") - 1] == "more"
        assert 'id="more"' not in render_report(RunRecord(tmp_path, NOW, ()))
    finally:
        for section in before:
            add_section(section)
        add_section(Section("more", "More", lambda run: None))


def test_a_run_with_nothing_to_say_is_calm(tmp_path: Path) -> None:
    steps = (StepRecord(Receipt("load", "LoadTable", rows_in=5, rows_out=5), None),)
    run = RunRecord(tmp_path, NOW, steps)
    assert run.findings == []
    assert "Nothing to look at" in read_text(render_report(run))


def test_the_worst_comes_first(tmp_path: Path) -> None:
    levels = [finding.level for finding in make_run(tmp_path).findings]
    assert levels == sorted(levels, key=["major", "moderate", "note"].index)
    assert set(levels) == {"major", "moderate", "note"}


def test_charts_show_both_runs() -> None:
    now, before = (facts_of(n=range(start, start + 1000)).columns[0] for start in (0, 500))
    chart = draw_distribution(now, before)
    assert chart is not None
    assert chart.count("<rect") == 24
    assert chart.count('class="before"') == 1
    assert '<div class="axis"><span>19</span><span></span><span>1479</span></div>' in chart
    few = facts_of(n=[1, 2, 2, 3] * 5).columns[0]
    bars = draw_distribution(few, None)
    assert bars is not None
    assert re.findall(r"<title>(.*?)</title>", bars) == ["1: 25.0%", "2: 50.0%", "3: 25.0%"]


@pytest.mark.parametrize(
    "column",
    [
        {"n": pa.array([], pa.int8())},
        {"n": [None, None]},
        {"n": [5] * 40},
        {"n": [float("nan"), float("inf")]},
        {"n": ["a"] * 40},
        {"n": [[1], [2]]},
        {"n": [True, False]},
        {"n": [dt.date(1, 1, 1), dt.date(9999, 12, 31)]},
        {"n": [dt.time(1, 2)] * 3},
        {"n": [-1e300, 1e300, *range(50)]},
        {"n": [f"{n}" * 40 for n in range(100)]},
    ],
)
def test_any_column_can_be_drawn(column: dict[str, Any]) -> None:
    facts: ColumnFacts = facts_of(**column).columns[0]
    for before in (None, facts):
        chart = draw_distribution(facts, before)
        assert chart is None or "nan" not in chart.lower()


def test_grades() -> None:
    assert [grade(score) for score in (100, 95, 94.9, 80, 79.9, 0)] == [
        *("good", "good", "fair", "fair", "poor", "poor")
    ]
