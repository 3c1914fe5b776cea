"""Whatever bytes a file holds: a table whose counts add up, or one clear error."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.readers.table.locate_rows import locate_rows
from dreambolt_steps.readers.table.read import read_table
from dreambolt_steps.readers.table.read_report import ReadReport
from dreambolt_steps.sources.source import resolve_source
from tests.conftest import ROOT

NAMES = [
    "a.csv",
    "a.json",
    "a.jsonl",
    "a.xml",
    "a.csv.gz",
    "a.parquet",
    "a.arrow",
    "a.xlsx",
    "a.zip",
]
PIECES = [b"a", b"1", b",", b";", b"\t", b'"', b"'", b"\n", b"\r\n", b"\r", b" ", b"\\", b"\xe9"]
PIECES += [b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b":", b"<a>", b"</a>"]


def read_bytes(name: str, data: bytes) -> None:
    """Read a file of these bytes; only the errors of this package may come out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            table = read_table(path)
            rows = table.reader.read_all().num_rows
        except DreamboltError:
            return
        report = table.report()
        assert rows == report.rows
        assert report.rejected == report.rejects.num_rows
        check_places(path, data, report)


def check_places(path: Path, data: bytes, report: ReadReport) -> None:
    """Every row of a text file is found again where it stands, in order."""
    if path.suffix not in (".csv", ".json", ".jsonl"):
        return
    sources = resolve_source(str(path))
    by_file = [(one.file, one.rows) for one in report.files]
    dialect = report.files[0].dialect
    before = -1
    for found in locate_rows(range(report.rows), sources, by_file, path.parent):
        place = found[1] if found else None
        if place is None or place.byte_offset is None:
            continue
        assert before < place.byte_offset < max(len(data), 1)
        before = place.byte_offset
        if dialect is not None and dialect.encoding == "utf-8":
            text = data[:before].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            assert place.line == 1 + text.count(b"\n")
            assert data[before:].startswith(place.raw.encode())


@settings(max_examples=150)
@given(st.sampled_from(NAMES), st.binary(max_size=200))
def test_any_bytes(name: str, data: bytes) -> None:
    read_bytes(name, data)


@settings(max_examples=300)
@given(st.sampled_from(NAMES[:4]), st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_any_marks(name: str, data: bytes) -> None:
    read_bytes(name, data)


FUZZ = """
import sys
import atheris
with atheris.instrument_imports(include=["dreambolt_steps"]):
    from tests.readers.test_fuzz import NAMES, read_bytes
atheris.Setup(
    [sys.argv[0], "-max_total_time=20", "-max_len=400", "-timeout=20", "-rss_limit_mb=6000"],
    lambda data: read_bytes(NAMES[data[0] % 4] if data else NAMES[0], data[1:]),
)
atheris.Fuzz()
"""


@pytest.mark.slow
def test_a_fuzzer_that_follows_the_branches_finds_no_other_error(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris is missing: it has wheels for Linux only")
    done = subprocess.run(
        [sys.executable, "-c", FUZZ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "DONE" in done.stderr or "Done" in done.stderr
