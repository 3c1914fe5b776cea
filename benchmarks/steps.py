"""The pipeline up to one of its steps, in this process: what stands before it comes from the
session."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.contenders import run_dreambolt
from benchmarks.measure import report_work

if __name__ == "__main__":
    step, source, folder = sys.argv[1:]
    report_work(run_dreambolt(source, Path(folder), step))
