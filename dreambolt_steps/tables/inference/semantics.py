"""What text is, beyond being text: UUIDs, JSON, one of a few categories."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.tables.sql import open_duckdb
from dreambolt_steps.tables.text.text_look import TextLook, make_byte_set

MAX_CATEGORIES = 100
_MIN_ROWS_A_CATEGORY = 10
_SAMPLE_ROWS = 1000
_UUID = r"(?i)^\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$"
_UUID_LENGTHS = (36, 38)
_JSON_STARTS, _JSON_ENDS = make_byte_set(b"{["), make_byte_set(b"}]")


def find_uuids(text: pa.Array) -> pa.BooleanArray:
    """Which values are UUIDs, in either case, in braces or not; NULL where the text is."""
    return pc.match_substring_regex(text, _UUID)


def find_json(
    text: pa.Array, connection: duckdb.DuckDBPyConnection | None = None
) -> pa.BooleanArray:
    """Which values are JSON objects or arrays; NULL where the text is.

    Args:
        text: the values.
        connection: to DuckDB, for more than one call.
    """
    shaped = pc.match_substring_regex(text, r"(?s)^\s*[{\[].*[}\]]\s*$")
    engine = connection or open_duckdb()
    values = pa.table({"value": pc.if_else(shaped, text, pa.scalar(None, pa.string()))})
    found = engine.from_arrow(values).project("json_valid(value)").to_arrow_table().column(0)
    if connection is None:
        engine.close()
    return pc.and_(shaped, pc.fill_null(found.combine_chunks(), False))


class SemanticEvidence:
    """What all values of a text column have in common."""

    def __init__(self) -> None:
        """Nothing is ruled out yet."""
        self._alive = {"uuid": True, "json": True, "category": True}
        self._values = 0
        self._categories: set[str] = set()
        self._engine: duckdb.DuckDBPyConnection | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is left to be found."""
        return any(self._alive.values())

    def rule_out(self) -> None:
        """Look for nothing any more: the values are not just text."""
        self._alive = dict.fromkeys(self._alive, False)

    def include(self, text: pa.Array, look: TextLook, kept: pa.Array) -> None:
        """Look at a batch, for as long as anything is left to be found.

        Args:
            text: the values, NULL for null tokens.
            look: at them.
            kept: the values with those tokens that stay where the column is text.
        """
        there = look.lengths > 0
        count = int(there.sum())
        if not count:
            return
        self._values += count
        alive = self._alive
        if alive["uuid"]:
            lengths = look.lengths[there]
            alive["uuid"] = bool(np.isin(lengths, _UUID_LENGTHS).all())
            alive["uuid"] = alive["uuid"] and not find_uuids(text).false_count
        if alive["json"]:
            alive["json"] = bool(
                _JSON_STARTS[look.first[there]].all() and _JSON_ENDS[look.last[there]].all()
            )
            if alive["json"]:
                self._engine = self._engine or open_duckdb()
                alive["json"] = not find_json(text, self._engine).false_count
        if alive["category"]:
            alive["category"] = self._include_categories(kept)

    def decide(self) -> tuple[str | None, tuple[str, ...]]:
        """What the values are, and every category."""
        if self._engine is not None:
            self._engine.close()
        if not self._values:
            return None, ()
        for semantic in ("uuid", "json"):
            if self._alive[semantic]:
                return semantic, ()
        enough = self._values >= _MIN_ROWS_A_CATEGORY * len(self._categories)
        if self._alive["category"] and enough:
            return "category", tuple(sorted(self._categories))
        return None, ()

    def _include_categories(self, text: pa.Array) -> bool:
        if not self._categories and len(text.slice(0, _SAMPLE_ROWS).unique()) > MAX_CATEGORIES:
            return False
        self._categories.update(text.unique().drop_null().to_pylist())
        return len(self._categories) <= MAX_CATEGORIES
