"""Whatever happens to files and runs, every file's rows are taken once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.sources.file_selection import Intake
from dreambolt_steps.sources.journal import Journal, KnownFile
from dreambolt_steps.sources.source import SourceFile

# How far a run comes: nothing stored, the rows stored, noted, loaded, the end.
STAGES = range(5)
CHANGES = st.tuples(st.sampled_from("abcd"), st.sampled_from([1, 2, 3, None]))
RUNS = st.lists(
    st.tuples(st.lists(CHANGES, max_size=3), st.sampled_from(STAGES)), min_size=1, max_size=8
)


class Pipeline:
    """A step with its journal, and a table that makes each load once."""

    def __init__(self, folder: Path) -> None:
        self.journal = folder / "load.json"
        self.files: dict[str, SourceFile] = {}
        self.stored: dict[str, tuple[SourceFile, ...]] = {}
        self.loads: dict[str, tuple[SourceFile, ...]] = {}

    def change(self, name: str, content: int | None) -> None:
        self.files.pop(name, None)
        if content is not None:
            self.files[name] = SourceFile(f"/in/{name}", content, f"xxh3:{content}")

    def open(self, *, afresh: bool = False) -> Intake:
        files = [self.files[name] for name in sorted(self.files)]
        stored = self.stored.__contains__
        return Intake(files, self.journal, only_new=True, afresh=afresh, is_stored=stored)

    def run(self, stage: int = 4) -> Intake:
        intake = self.open()
        content = intake.plan.increment.content
        if stage >= 1 and content not in self.stored:
            assert intake.plan.files
            self.stored[content] = intake.plan.files
        if stage >= 2:
            intake.record([KnownFile(f.uri, f.identity, 1) for f in intake.plan.files])
        if stage >= 3:
            self.loads.setdefault(content, self.stored[content])
        if stage >= 4:
            intake.settle()
        return intake

    @property
    def table(self) -> Counter[tuple[str, str]]:
        return Counter((f.uri, f.identity) for files in self.loads.values() for f in files)


@settings(max_examples=300)
@given(RUNS)
def test_every_file_is_loaded_once_however_runs_are_killed(
    tmp_path_factory: pytest.TempPathFactory, runs: Sequence[tuple[list[tuple[str, int]], int]]
) -> None:
    pipeline = Pipeline(tmp_path_factory.mktemp("runs"))
    for changes, stage in runs:
        for name, content in changes:
            pipeline.change(name, content)
        if not pipeline.files:
            pipeline.change("a", 1)
        pipeline.run(stage)
    for _ in range(2):  # the first may only finish what was interrupted
        pipeline.run()
    last = pipeline.run()
    assert last.plan.waiting == ()
    assert set(pipeline.table.values()) == {1}
    assert {(f.uri, f.identity) for f in pipeline.files.values()} <= set(pipeline.table)
    loads = len(pipeline.loads)
    pipeline.run()
    assert len(pipeline.loads) == loads


def test_an_interrupted_increment_is_finished_before_newer_files_are_taken(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.change("a", 1)
    pipeline.run()
    pipeline.change("b", 1)
    pipeline.run(2)
    pipeline.change("c", 1)
    again = pipeline.run()
    assert again.plan.increment.uris == ("/in/b",)
    assert [file.uri for file in again.plan.waiting] == ["/in/c"]
    assert pipeline.run().plan.increment.uris == ("/in/c",)
    chain = Journal.load(pipeline.journal).settled
    assert chain is not None
    assert chain.increment.follows == again.plan.increment.content


def test_afresh_an_interrupted_increment_is_made_of_the_files_as_they_are_now(
    tmp_path: Path,
) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.change("a", 1)
    pipeline.run()
    pipeline.change("b", 1)
    pipeline.run(2)
    pipeline.change("b", 2)
    assert [file.identity for file in pipeline.open(afresh=True).plan.files] == ["xxh3:2"]
    assert pipeline.open().plan.files == ()  # stored: nothing has to be read


def test_changes_are_told_against_the_last_run_that_came_to_its_end(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    for name in "abc":
        pipeline.change(name, 1)
    assert pipeline.run().changes.describe() == "3 files"
    pipeline.change("a", 2)
    pipeline.change("b", None)
    pipeline.change("d", 1)
    for stage in (0, 1, 2, 4):
        changes = pipeline.run(stage).changes
        assert changes.describe() == "3 files: 1 new, 1 changed, 1 as before, 1 deleted"
        assert changes.describe_deleted() == "deleted since the last run: b (1 rows)"
    assert pipeline.run().changes.describe() == "3 files: 3 as before"


@pytest.mark.parametrize("text", ["", "{", '{"settled": 3, "pending": null}', "[]"])
def test_a_damaged_journal_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert Journal.load(tmp_path / "a.json") == Journal()
