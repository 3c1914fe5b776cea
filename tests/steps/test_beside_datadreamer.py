"""Our steps among DataDreamer's own, both ways, in plain sessions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from dreambolt_steps import (
    CleanTable,
    CopyIntoDuckDB,
    EmbedColumns,
    ExportParquet,
    LoadTable,
    SynthesizeRows,
    columns,
)
from dreambolt_steps.session.fast_import import import_datadreamer
from tests.conftest import ROOT

import_datadreamer()

from datadreamer import DataDreamer  # noqa: E402
from datadreamer.embedders import Embedder  # noqa: E402
from datadreamer.llms import LLM  # noqa: E402
from datadreamer.steps import CSVDataSource, ProcessWithPrompt  # noqa: E402

CSV = "Player Name,Goals\n Pele ,12\nMarta,17\n"


class Scripted(LLM):
    """Answers every prompt with the same text, and counts the prompts."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.model_name = "scripted"
        self._answer = answer
        self._asked = 0

    def count_tokens(self, value: str) -> int:
        return len(value.split())

    def get_max_context_length(self, max_new_tokens: int) -> int:
        return 4096

    def run(self, prompts: Iterable[str], *args: Any, **options: Any) -> Iterator[str]:
        for _ in prompts:
            self._asked += 1
            yield self._answer


class Scaled(Embedder):
    """Vectors of two numbers; `scale` is a setting that changes them."""

    dims = 2
    model_max_length = 100

    def __init__(self, scale: float) -> None:
        super().__init__(model_name="scaled")
        self.scale = scale

    def count_tokens(self, value: str) -> int:
        return len(value)

    def encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        for text in texts:
            yield np.array([len(text) * self.scale, 1.0], np.float32)

    def run(self, texts: Iterable[str], **options: Any) -> list[np.ndarray]:
        return list(self.encode(texts))


def test_from_csv_data_source_through_ours_to_process_with_prompt(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CSV)
    with DataDreamer(str(tmp_path / "session"), verbose=False):
        people = CSVDataSource("people", data_files=str(tmp_path / "people.csv"))
        clean = CleanTable("clean", inputs=columns(people))
        assert clean.output.dataset.to_list() == [
            {"player_name": "Pele", "goals": 12},
            {"player_name": "Marta", "goals": 17},
        ]
        loud = ProcessWithPrompt(
            "loud",
            args={"llm": Scripted("LOUD"), "instruction": "Shout."},
            inputs={"inputs": clean.output["player_name"]},
        )
        assert list(loud.output["inputs"]) == ["Pele", "Marta"]
        assert list(loud.output["generations"]) == ["LOUD", "LOUD"]


def test_the_readme_joins_what_datadreamer_gives_to_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[1]
    (tmp_path / "cups.csv").write_text("year,story\n1930,Uruguay won at home.\n1934,\n")
    monkeypatch.chdir(tmp_path)
    with DataDreamer(str(tmp_path / "session"), verbose=False):
        raw = LoadTable("load", args={"source": "cups.csv"})
        names = {
            "clean": CleanTable("clean", inputs=columns(raw)),
            "llm": Scripted("Short."),
            "columns": columns,
            "ExportParquet": ExportParquet,
            "ProcessWithPrompt": ProcessWithPrompt,
        }
        exec(code, names)
        assert names["files"].receipt.report["lineage"]["source"].endswith("cups.csv")
    assert pq.read_table("out/summaries").to_pylist() == [
        {"year": 1930, "story": "Uruguay won at home.", "summary": "Short."},
        {"year": 1934, "story": None, "summary": "Short."},
    ]


def test_another_embedder_setting_runs_exactly_the_steps_below_again(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CSV)

    def run(scale: float) -> list[bool]:
        with DataDreamer(str(tmp_path / "session"), verbose=False):
            load = LoadTable("load", args={"source": str(tmp_path / "people.csv")})
            clean = CleanTable("clean", inputs=columns(load))
            args = {"columns": ["player_name"], "embedder": Scaled(scale)}
            embed = EmbedColumns("embed", inputs=columns(clean), args=args)
            path = {"path": str(tmp_path / "out.parquet")}
            export = ExportParquet("export", inputs=columns(embed), args=path)
            target = {"database": str(tmp_path / "d.duckdb"), "table": "t", "mode": "replace"}
            copy = CopyIntoDuckDB("copy", inputs=columns(export), args=target)
            vectors = list(embed.output["player_name_embedding"])
            assert vectors == [[4 * scale, 1.0], [5 * scale, 1.0]]
            return [step._resumed for step in (load, clean, embed, export, copy)]

    assert run(1.0) == [False] * 5
    assert run(1.0) == [True] * 5
    assert run(2.0) == [True, True, False, False, False]


def test_synthesis_adds_checked_rows_of_any_llm_once(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CSV)
    rows = [{"player_name": "Abily", "goals": 6}, {"player_name": "Marta", "goals": 17}]
    answer = json.dumps([*rows, {"player_name": "Nobody", "goals": "many"}])
    asked = []
    for _ in range(2):
        llm = Scripted(answer)
        with DataDreamer(str(tmp_path / "session"), verbose=False):
            load = LoadTable("load", args={"source": str(tmp_path / "people.csv")})
            clean = CleanTable("clean", inputs=columns(load))
            args = {"llm": llm, "rows": 2, "rows_per_call": 3}
            more = SynthesizeRows("synthesize", inputs=columns(clean), args=args)
            names = ["player_name", "goals", "_synthetic"]
            assert more.output.dataset.select_columns(names).to_list() == [
                {"player_name": "Pele", "goals": 12, "_synthetic": False},
                {"player_name": "Marta", "goals": 17, "_synthetic": False},
                {"player_name": "Abily", "goals": 6, "_synthetic": True},
            ]
            receipt = more.receipt
            assert (receipt.rows_in, receipt.rows_made, receipt.rows_out) == (2, 1, 3)
            assert "1 of 2 rows made" in receipt.notes[0]
        asked.append(llm._asked)
    assert asked == [3, 0]  # the row that is missing is asked for twice more


def test_synthesis_is_off_without_rows_and_needs_a_model_with_them(tmp_path: Path) -> None:
    from dreambolt_steps.errors import UsageError

    (tmp_path / "people.csv").write_text(CSV)
    with DataDreamer(str(tmp_path / "session"), verbose=False):
        load = LoadTable("load", args={"source": str(tmp_path / "people.csv")})
        same = SynthesizeRows("same", inputs=columns(load))
        assert list(same.output["_synthetic"]) == [False, False]
        with pytest.raises(UsageError, match="needs a model"):
            SynthesizeRows("more", inputs=columns(load), args={"rows": 3})
