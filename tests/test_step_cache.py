from __future__ import annotations

import json
from pathlib import Path

import pytest

from dreambolt_steps.log import Receipt
from dreambolt_steps.session.step_cache import (
    heal_step,
    prepare_step,
    read_receipt,
    read_step_file,
    write_receipt,
)


def make_step(folder: Path, fingerprint: str, content: str = "rows") -> Path:
    (folder / "_dataset").mkdir(parents=True)
    (folder / "_dataset" / "state.json").write_text("{}")
    (folder / "_dataset" / "data-00000-of-00001.arrow").write_text(content)
    metadata = {"fingerprint": fingerprint, "pickled": False, "data_card": {}}
    (folder / "step.json").write_text(json.dumps(metadata))
    return folder


def read_content(folder: Path) -> str:
    return (folder / "_dataset" / "data-00000-of-00001.arrow").read_text()


def test_a_finished_step_is_left_alone(tmp_path: Path) -> None:
    folder = make_step(tmp_path / "load", "a")
    prepare_step(tmp_path, folder, "a")
    assert read_step_file(folder)["fingerprint"] == "a"
    assert read_content(folder) == "rows"


@pytest.mark.parametrize("keep", [0, 1, 10, 40])
def test_a_truncated_step_file_counts_as_never_run(tmp_path: Path, keep: int) -> None:
    folder = make_step(tmp_path / "load", "a")
    text = (folder / "step.json").read_text()
    (folder / "step.json").write_text(text[:keep])
    assert heal_step(folder)
    assert not (folder / "step.json").exists()
    assert not (folder / "_dataset").exists()


def test_data_without_a_step_file_is_removed_but_run_output_stays(tmp_path: Path) -> None:
    folder = make_step(tmp_path / "embed", "a")
    (folder / "step.json").unlink()
    (folder / "run_output").mkdir()
    (folder / "run_output" / "vectors").write_text("checkpoint")
    assert heal_step(folder)
    assert [entry.name for entry in folder.iterdir()] == ["run_output"]


def test_a_healthy_or_missing_folder_needs_no_healing(tmp_path: Path) -> None:
    assert not heal_step(make_step(tmp_path / "load", "a"))
    assert not heal_step(tmp_path / "missing")


def test_another_fingerprint_sets_the_result_aside_and_back(tmp_path: Path) -> None:
    folder = make_step(tmp_path / "load", "a", "first")
    prepare_step(tmp_path, folder, "b")
    assert read_step_file(folder) is None
    (folder).rmdir()
    make_step(folder, "b", "second")
    prepare_step(tmp_path, folder, "a")
    assert read_content(folder) == "first"
    assert read_content(tmp_path / "_backups" / "load" / "b") == "second"
    assert not (tmp_path / "_backups" / "load" / "a").exists()


def test_force_sets_aside_even_the_wanted_result(tmp_path: Path) -> None:
    folder = make_step(tmp_path / "load", "a")
    prepare_step(tmp_path, folder, "a", force=True)
    assert read_step_file(folder) is None
    assert read_content(tmp_path / "_backups" / "load" / "a") == "rows"


def test_half_a_backup_is_never_restored(tmp_path: Path) -> None:
    backup = make_step(tmp_path / "_backups" / "load" / "a", "a")
    (backup / "_dataset" / "state.json").unlink()
    folder = tmp_path / "load"
    prepare_step(tmp_path, folder, "a")
    assert read_step_file(folder) is None
    assert not backup.exists()


def test_a_nested_step_keeps_its_path_among_the_backups(tmp_path: Path) -> None:
    folder = make_step(tmp_path / "outer" / "inner", "a")
    prepare_step(tmp_path, folder, "b")
    assert read_content(tmp_path / "_backups" / "outer" / "inner" / "a") == "rows"


def test_receipts_come_back_whole(tmp_path: Path) -> None:
    receipt = Receipt("load", "LoadTable", 3, 2, 1, notes=["x"], report={"lineage": {"a": "b"}})
    write_receipt(tmp_path, receipt)
    assert read_receipt(tmp_path) == receipt
    (tmp_path / "receipt.json").write_text('{"step": "lo')
    assert read_receipt(tmp_path) is None
