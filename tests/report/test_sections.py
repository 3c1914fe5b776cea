"""Parts of the report: the graph, the head of the table, the history, links and the command."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from dreambolt_steps.findings.finding import Finding, hand_over
from dreambolt_steps.log import Receipt
from dreambolt_steps.report.command_line import describe_command
from dreambolt_steps.report.draw_graph import draw_graph
from dreambolt_steps.report.graph import list_nodes
from dreambolt_steps.report.history import HISTORY_FILE, PastRun, add_to_history, read_history
from dreambolt_steps.report.links import link_file
from dreambolt_steps.report.page import render_report
from dreambolt_steps.report.run_record import RunRecord, StepRecord
from dreambolt_steps.report.table_head import find_head, show_head
from tests.report.test_page import NOW, make_run, read_text


def make_chain(tmp_path: Path) -> RunRecord:
    """Two files that are matched, exported, and loaded."""
    receipts = [
        Receipt("load", "LoadTable", rows_in=110, rows_out=107, rows_rejected=3),
        Receipt("people", "LoadTable", rows_in=9, rows_out=9),
        Receipt("match", "MatchSimilar", rows_in=107, rows_out=100, rows_dropped=7),
        Receipt("export", "ExportParquet", rows_in=100, rows_out=100),
        Receipt("copy", "CopyIntoDuckDB", rows_in=100, rows_out=100, resumed=True),
    ]
    above = [(), (), ("load", "people"), ("match",), ("export",)]
    outside = [("a/x.csv", ""), ("y.csv", ""), ("", ""), ("", "out/x"), ("", "x in w.duckdb")]
    steps = [
        StepRecord(receipt, None, above=names, source=source, target=target)
        for receipt, names, (source, target) in zip(receipts, above, outside, strict=True)
    ]
    return RunRecord(tmp_path / "x", NOW, tuple(steps))


def test_the_graph_leads_from_sources_to_targets(tmp_path: Path) -> None:
    nodes = {node.key: node for node in list_nodes(make_chain(tmp_path))}
    assert {(node.title, node.subtitle): (node.layer, node.lane) for node in nodes.values()} == {
        ("x.csv", "source"): (0, 0),
        ("load", "LoadTable, 0.00 s"): (1, 0),
        ("y.csv", "source"): (0, 1),
        ("people", "LoadTable, 0.00 s"): (1, 1),
        ("match", "MatchSimilar, 0.00 s"): (2, 0),
        ("export", "ExportParquet, 0.00 s"): (3, 0),
        ("x", "files"): (4, 1),
        ("copy", "CopyIntoDuckDB, cached"): (4, 0),
        ("x", "in w.duckdb"): (5, 0),
    }
    assert nodes["step match"].above == (("step load", 107), ("step people", 9))
    assert nodes["step load"].above == (("source 0", 110),)
    assert nodes["step copy"].kind == "cached"
    for downwards in (False, True):
        drawn = draw_graph([*nodes.values()], downwards=downwards)
        assert drawn.count('class="arrow"') == 8
        assert re.findall(r'class="rejected"[^>]*>([^<]+)<', drawn) == ["−3"]
        width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', drawn).groups())  # type: ignore[union-attr]
        assert (height > width) == downwards


def test_rows_without_a_match_stand_in_the_sum(tmp_path: Path) -> None:
    run = make_chain(tmp_path)
    alone = RunRecord(tmp_path, NOW, (run.steps[0], *run.steps[2:]))
    text = read_text(render_report(alone))
    assert "110 rows read − 3 rejected − 7 merged or unmatched = 100 written" in text


def test_the_ring_shows_the_lowest_score_by_name(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (tmp_path / "more").mkdir()
    better = make_run(tmp_path / "more").steps[1]
    profile = better.profile
    assert profile is not None
    low = run.lowest
    assert low is not None
    good = replace(profile, quality=replace(profile.quality, score=100.0))
    object.__setattr__(better, "__dict__", {**better.__dict__, "profile": good})
    both = RunRecord(run.session, NOW, (*run.steps, better))
    assert both.lowest == low
    text = read_text(render_report(both))
    assert f"{low[0]:.0f} lowest quality: clean" in text


def test_alerts_stand_beside_their_column(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    odd = Finding("filler", "moderate", "999 comes 7 times", columns=("goals",), advice="Ask")
    hand_over(run.steps[1].receipt, odd)
    page = render_report(run)
    row = next(part for part in page.split("<tr") if 'class="name"><b>goals' in part)
    assert 'class="alerts"' in row
    assert "999 comes 7 times" in row
    assert read_text(page).count("999 comes 7 times") == 2


def test_categories_are_shown_as_such(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.steps[1].receipt.report["columns"]["team"] = {"words": "text", "semantic": "category"}
    text = read_text(render_report(run))
    assert "team text category" in text
    assert "2 categories" in text


def test_the_head_shows_values_as_they_are() -> None:
    table = pa.table(
        {
            "n": [1, None],
            "t": ["<b>", "x" * 500],
            "v": pa.array([[0.25] * 384, None], pa.list_(pa.float32())),
            "d": [dt.date(2024, 5, 1)] * 2,
        }
    )
    head = show_head("clean", table)
    assert [[cell.text[:12] for cell in row] for row in head.rows] == [
        ["1", "<b>", "[0.25, 0.25,", "2024-05-01"],
        ["NULL", "x" * 12, "NULL", "2024-05-01"],
    ]
    assert (head.total, head.types[:2], len(head.rows[1][1].text)) == (2, ("int64", "text"), 120)
    assert "384 in all" in head.rows[0][2].text
    wide = show_head("x", pa.table({f"c{n}": [1] for n in range(50)}))
    assert (len(wide.names), wide.more) == (40, 10)


def test_the_head_is_that_of_the_last_table() -> None:
    def step(kind: str, **columns: list[int]) -> object:
        data = SimpleNamespace(data=SimpleNamespace(table=pa.table(columns)))
        made = type(kind, (), {})()
        made.name, made.output = kind, SimpleNamespace(dataset=data)
        return made

    steps = [step("LoadTable", a=[1]), step("CleanTable", b=[2]), step("ExportParquet", path=[3])]
    head = find_head([*steps, step("CopyIntoDuckDB", rows=[4])])
    assert head is not None
    assert (head.step, head.names) == ("CleanTable", ("b",))
    assert find_head([steps[2], SimpleNamespace()]) is None
    assert find_head(steps[:1]) is not None
    assert find_head(steps[:1], is_masked=True) is None  # what was read may have to be masked


def test_the_history_is_kept_and_shown(tmp_path: Path) -> None:
    session = tmp_path / "s"
    session.mkdir()
    assert read_history(session) == []
    runs: list[PastRun] = []
    for n in range(205):
        when = f"2026-01-01T10:00:{n % 60:02}+00:00"
        past = PastRun(f"run{n}", when, command=f"dreambolt ingest {n}.csv", written=n)
        runs = add_to_history(session, past)
    assert [one.run_id for one in runs] == [f"run{n}" for n in range(5, 205)]
    assert add_to_history(session, runs[-1]) == runs  # the same run, told again
    with (session / HISTORY_FILE).open("a") as file:
        file.write('{"odd": 1}\nno json\n')
    assert read_history(session) == runs
    text = read_text(render_report(RunRecord(session, NOW, (), history=tuple(runs))))
    assert "01 Jan 2026, 10:00:24 this run" in text
    assert "dreambolt ingest 204.csv" in text
    assert "and 180 runs before" in text
    once = render_report(RunRecord(session, NOW, (), history=tuple(runs[:1])))
    assert "Runs of this session" not in once


def test_links_lead_to_files_that_are_there(tmp_path: Path) -> None:
    session = tmp_path / "s"
    (session / "a b").mkdir(parents=True)
    inside, outside = session / "a b" / "r.parquet", tmp_path / "o'.parquet"
    inside.touch()
    outside.touch()
    assert link_file(session, str(inside)) == "./a%20b/r.parquet"
    assert link_file(session, str(outside)) == outside.as_uri()
    for none in (None, "", "s3://bucket/r.parquet", str(tmp_path / "gone")):
        assert link_file(session, none) == ""


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["/bin/dreambolt", "run", "r.py"], "dreambolt run r.py"),
        (["/x/dreambolt_steps/__main__.py", "ingest", "a b.csv"], "dreambolt ingest 'a b.csv'"),
        (["job.py", "--key=1"], "python job.py --key=1"),
        (["/x/ipykernel_launcher.py", "-f", "k.json"], ""),
        (["-c"], ""),
        (
            ["dreambolt", "ingest", "https://u:p@h/a.csv"],
            "dreambolt ingest 'https://u:***@h/a.csv'",
        ),
        (
            ["dreambolt", "ingest", "https://h/a?sig=abc&x=1", "--set", "api_key=abc"],
            "dreambolt ingest 'https://h/a?sig=***&x=1' --set 'api_key=***'",
        ),
    ],
)
def test_the_command_is_told_without_secrets(argv: list[str], told: str) -> None:
    assert describe_command(argv) == told


def test_only_what_was_looked_at_is_praised(tmp_path: Path) -> None:
    step = make_run(tmp_path).steps[1]
    profile = step.profile
    assert profile is not None
    receipt = Receipt("clean", "CleanTable", rows_in=100, rows_out=100)
    sound = replace(profile, rules=(), contract=None, drift=None)
    clean = StepRecord(receipt, step.folder)
    object.__setattr__(clean, "__dict__", {**clean.__dict__, "profile": sound})
    run = RunRecord(tmp_path, NOW, (clean,))
    assert "Nothing to look at: no rejects." in read_text(render_report(run))
    hand_over(receipt)  # this version looked, and found nothing
    assert "no rejects, no odd values in any column." in read_text(render_report(run))
    counted = replace(sound, facts=replace(sound.facts, repeated=0), contract="c.yaml")
    object.__setattr__(clean, "__dict__", {**clean.__dict__, "profile": counted})
    told = "no odd values in any column, no repeated rows, no broken promises."
    assert told in read_text(render_report(run))
