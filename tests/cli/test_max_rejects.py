"""`--max-rejects`, as a user gives it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_the_command_line_stops_with_code_1_and_names_the_rejects(
    dreambolt: Run, tmp_path: Path
) -> None:
    rows = "id,name\n1,a\nx,b\n3,c,d\n4,d\ny,e\n"
    (tmp_path / "people.csv").write_text(rows)  # two of five are no numbers, one has three fields
    command = ["ingest", "people.csv", "--columns", "id=int8"]
    done = dreambolt(*command, "--max-rejects", "20%")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "3 of 5 rows read were rejected (1 by load, 2 by clean), more than the 20%" in line
    assert "sessions/people/clean/rejects.parquet" in line
    assert not (tmp_path / "out").exists()
    done = dreambolt(*command, "--max-rejects", "3")
    assert done.returncode == 0, done.stderr
    assert "5 read - 3 rejected = 2 written" in done.stdout
    assert done.stdout.count("from the cache") == 4  # a line and a row of the table for each
    done = dreambolt(*command, "--max-rejects", "few")
    assert done.returncode == 2
    assert "--max-rejects few: write a number of rows" in done.stderr
