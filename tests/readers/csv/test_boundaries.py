"""Lines behind the last row: footers are left out, rows that look a little like one are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from dreambolt_steps.readers.table.read import read_table

HEAD = "name,team\nPelé,Brazil\nPuskás,Hungary\n"


@pytest.mark.parametrize(
    ("line", "is_footer"),
    [
        ("© 2024 FIFA", True),
        ("©2024 FIFA", True),
        ("© FIFA", True),
        ("Copyright FIFA", True),
        ("* Source: FIFA", True),
        ("Total: 2", True),
        ("2 rows", True),
        ("-----", True),
        ("©0", False),
        ("©opy", False),
        ("Totalvoetbal", False),
        ("Noteworthy", False),
    ],
)
def test_a_last_line_is_a_footer_by_its_words(tmp_path: Path, line: str, is_footer: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEAD}{line},\n", encoding="utf-8")
    table = read_table(path)
    rows = [row["name"] for row in table.reader.read_all().to_pylist()]
    assert rows == ["Pelé", "Puskás"] + ([] if is_footer else [line])
    report = table.report().files[0]
    assert (report.left_out, report.rejected) == (int(is_footer), 0)
