"""The page on contracts: its example is a contract, and every key there is stands in it."""

from __future__ import annotations

import re
from pathlib import Path

from dreambolt_steps.contracts.contract import MODE_KEYS, MODES
from dreambolt_steps.contracts.contract_file import COLUMN_KEYS, TABLE_KEYS, read_contract
from dreambolt_steps.profiling import drift
from dreambolt_steps.tables.export.reject_export import EXPORT_SCHEMA
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")


def test_the_example_is_a_contract(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "players.contract.yaml"
    path.write_text(example)
    contract = read_contract(path)
    assert contract.unique == (("match_id", "player_name"),)
    assert [column.name for column in contract.columns][:3] == ["match_id", "team", "position"]


def test_every_key_mode_and_column_is_told() -> None:
    for word in (*TABLE_KEYS, *COLUMN_KEYS, *MODE_KEYS, *MODES, *EXPORT_SCHEMA.names):
        assert f"`{word}`" in PAGE, word


def test_the_thresholds_are_those_of_the_code() -> None:
    assert f"PSI of {drift.PSI[0]} | PSI of {drift.PSI[1]}" in PAGE
    assert (drift.FEWER_ROWS, drift.MORE_ROWS) == ((0.1, 0.5), (1.0, 9.0))
    assert (drift.NULL_SHARE, drift.BEYOND_SPAN) == ((0.05, 0.2), (0.1, 1.0))
    assert drift.DISTINCT_FACTOR == (2.0, 10.0)
