"""Every way in which delimited files go wrong, alone and in pairs, on tables of every sort: the
table is read exactly, without any hint."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from dreambolt_steps.readers.table.read import read_table
from tests.readers.csv.pollution import BASES, POLLUTIONS, Draft, pollute

SINGLES = [(base, (kind,)) for base in BASES for kind in POLLUTIONS if pollute(base, (kind,))]


def check(draft: Draft, path: Path) -> None:
    path.write_bytes(draft.write())
    table = read_table(path)
    found = [[cell or "" for cell in row.values()] for row in table.reader.read_all().to_pylist()]
    report = table.report()
    assert list(report.files[0].columns) == draft.expected_names
    assert found == draft.expected_rows
    assert report.rejected == len(draft.dropped)
    assert report.rows + report.rejected == len(draft.rows)


@pytest.mark.parametrize("base", BASES)
def test_clean(tmp_path: Path, base: str) -> None:
    check(BASES[base](), tmp_path / "a.csv")


@pytest.mark.parametrize("base", BASES)
def test_alone(tmp_path: Path, base: str) -> None:
    for _, kinds in [single for single in SINGLES if single[0] == base]:
        draft = pollute(base, kinds)
        assert draft
        check(draft, tmp_path / f"{kinds[0].replace('/', ' ')}.csv")


@pytest.mark.parametrize("shift", [0, 3])
def test_in_pairs(tmp_path: Path, shift: int) -> None:
    """Every pair that goes together, each on two of the tables in turn."""
    bases = list(BASES)
    for number, kinds in enumerate(combinations(POLLUTIONS, 2)):
        turned = bases[(number + shift) % len(bases) :] + bases
        draft = next(filter(None, (pollute(base, kinds) for base in turned)), None)
        if draft:
            check(draft, tmp_path / "a.csv")
