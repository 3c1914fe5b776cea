"""The notebook of the documentation, run cell by cell in a shell like that of a Jupyter kernel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A shell that keeps what it displays; `kernel` is what tells a notebook from a terminal."""
    pytest.importorskip("IPython", reason="IPython is not installed")
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class KernelShell(InteractiveShell):
        kernel = "a kernel"

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    settings = Config()
    settings.HistoryManager.enabled = False
    opened = KernelShell.instance(config=settings, display_pub_class=CapturingDisplayPublisher)
    try:
        yield opened
    finally:
        opened.restore_sys_module_state()
        KernelShell.clear_instance()


def run_cells(shell: Any) -> list[Any]:
    """Run every code cell; one that must fail says so in its tags."""
    results = []
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            done = shell.run_cell("".join(cell["source"]), store_history=True)
            fails = "raises-exception" in cell["metadata"].get("tags", ())
            assert done.success is not fails, (cell["source"], done)
            results.append(done.result)
    return results


def test_the_notebook_runs_and_shows_what_it_says(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    results = run_cells(shell)
    told = capsys.readouterr()
    shown = [one["data"]["text/html"] for one in shell.display_pub.outputs]
    assert "<progress></progress> load" in shown[0]
    closing = [one for one in shown if "2 steps; 4 rows read, 1 rejected, 3 at the end" in one]
    assert '<a href="players/session/report.html"' in closing[0]
    assert any("4 steps, 2 from the cache" in one for one in shown)
    assert "load: 4 rows in" not in told.err
    clean = next(one for one in results if type(one).__name__ == "CleanTable")
    assert "4 rows in, 1 rejected, 3 out" in clean._repr_html_()
    cards = shell.user_ns["shown"]["card"].tolist()
    assert cards[0] == "Pele, born in 1940: 12 goals"
    error = told.out[told.out.index("UsageError") :].strip().split("\n")
    assert error[0] == (
        "UsageError: step clean (CleanTable): inputs are columns; write inputs=columns(step)"
    )
    assert "# columns() is missing" in error[1]
    assert len(error) == 3


def test_a_bar_shows_how_far_the_running_step_is(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dreambolt_steps.session import notebook_reporter

    monkeypatch.setattr(notebook_reporter, "_SECONDS_BETWEEN", -1)
    reporter = notebook_reporter.NotebookReporter()
    reporter.start_step("load <1>", "LoadTable")
    reporter.advance_step("load <1>", 50, 100, "rows")
    outputs = shell.display_pub.outputs
    assert outputs[-1]["data"]["text/html"] == (
        '<div><progress value="50" max="100"></progress> load &lt;1&gt;: 50 of 100 rows</div>'
    )
    reporter.close()
    assert outputs[-1]["data"]["text/html"] == ""
    assert [one["update"] for one in outputs] == [False, True, True]


def test_the_outputs_that_are_kept_name_no_place_of_the_machine_they_were_made_on() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert '"output_type"' in text
    assert str(ROOT) not in text
    assert str(Path.home()) + "/" not in text
    assert "/tmp/" not in text
