"""Rows that stand in the table already, or were made before: the same ones, and nearly the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.profiling.row_facts import TableFacts
from dreambolt_steps.tables.sql import open_cursor
from dreambolt_steps.warehouses.sql import quote_identifier

Embed = Callable[[Sequence[str]], np.ndarray]
_PERMUTATIONS = 64
_SHINGLE = 3
_COARSE = 0.9
_COMPARED_ROWS = 20_000
_EMBEDDED_ROWS = 5_000


class KnownRows:
    """Which rows stand in a table, told by 64-bit hashes: 8 bytes a row.

    Args:
        open_reader: gives a new stream over the table.
        names: the columns that are compared; NULLs count as equal.
    """

    def __init__(
        self, open_reader: Callable[[], pa.RecordBatchReader], names: Sequence[str]
    ) -> None:
        self._names = list(names)
        self._hashes = np.sort(self._hash(open_reader()))

    def contains(self, rows: pa.Table) -> list[bool]:
        """For each row whether it is in the table."""
        hashes = self._hash(rows)
        at = np.searchsorted(self._hashes, hashes)
        at[at == len(self._hashes)] = 0
        if not len(self._hashes):
            return [False] * len(hashes)
        return [bool(same) for same in self._hashes[at] == hashes]

    @property
    def repeated(self) -> float:
        """The share of the table's rows that are equal to another of its rows."""
        if not len(self._hashes):
            return 0.0
        same = self._hashes[1:] == self._hashes[:-1]
        return float(np.mean(np.append(same, False) | np.insert(same, 0, False)))

    def _hash(self, rows: Any) -> np.ndarray:
        connection = open_cursor()
        connection.register("rows_to_hash", rows)
        columns = ", ".join(quote_identifier(name) for name in self._names)
        query = f"SELECT hash({columns}) AS h FROM rows_to_hash"  # noqa: S608
        hashes = np.array(connection.execute(query).fetchnumpy()["h"])
        connection.unregister("rows_to_hash")
        return hashes


class DuplicateCheck:
    """Finds duplicates among new rows, one after the other.

    Args:
        open_reader: gives a new stream over the table.
        schema: of the new rows.
        facts: of the table.
        near: Jaccard similarity of three-letter shingles of the free texts of two rows from which
            on they count as nearly the same, found with MinHash; None finds equal rows only.
        embed: turns texts into normalised vectors; None compares none.
        cosine: cosine similarity from which on two rows count as nearly the same.

    The table's own rows are compared up to 20,000 (MinHash) and 5,000 (vectors) of a sample. Only
    texts that are neither categories nor codes are compared: rows of a table share the others.
    """

    def __init__(
        self,
        open_reader: Callable[[], pa.RecordBatchReader],
        schema: pa.Schema,
        facts: TableFacts,
        near: float | None = 0.9,
        embed: Embed | None = None,
        cosine: float = 0.97,
    ) -> None:
        self._schema = schema
        self._known = KnownRows(open_reader, schema.names)
        self._made: set[str] = set()
        self._unique = [
            name
            for name in schema.names
            if facts.columns.get(name) is not None and facts.columns[name].unique
        ]
        self._unique_seen = {
            name: set(facts.sample.column(name).to_pylist()) for name in self._unique
        }
        self.free = [name for name in schema.names if is_free_text(facts, name)]
        self._near, self._embed, self._cosine = near, embed, cosine
        self._index: Any = None
        self._vectors: list[np.ndarray] = []
        if self.free and facts.rows:
            texts = self._read_texts(facts.sample)
            if near is not None:
                self._start_index(texts[:_COMPARED_ROWS])
            if embed is not None:
                self._vectors = [embed(texts[:_EMBEDDED_ROWS])]

    def find(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each row why it is a duplicate, or None; those that are none count from now on."""
        if not rows:
            return []
        table = pa.Table.from_pylist(list(rows), schema=self._schema)
        known = self._known.contains(table)
        texts = self._read_texts(table) if self.free else [""] * len(rows)
        found: list[str | None] = []
        for row, is_known, text in zip(rows, known, texts, strict=True):
            reason = "the same row is in the table already" if is_known else self._judge(row, text)
            found.append(reason)
        return found

    def _judge(self, row: Mapping[str, Any], text: str) -> str | None:
        key = repr([row.get(name) for name in self._schema.names])
        if key in self._made:
            return "the same row was made before"
        for name in self._unique:
            if row.get(name) in self._unique_seen[name]:
                return f"{name} {row.get(name)!r} is taken, and no two rows share it"
        if text and self._index is not None and self._find_near(text):
            return "nearly the same text is in another row"
        if text and self._embed is not None and self._find_meaning(text):
            return "a row of nearly the same meaning exists"
        self._made.add(key)
        for name in self._unique:
            self._unique_seen[name].add(row.get(name))
        return None

    def _read_texts(self, table: pa.Table) -> list[str]:
        columns = [pc.fill_null(table.column(name), "") for name in self.free]
        joined = pc.binary_join_element_wise(*columns, " ") if len(columns) > 1 else columns[0]
        return [" ".join(text.lower().split()) for text in joined.to_pylist()]

    def _start_index(self, texts: Sequence[str]) -> None:
        from datasketch import MinHashLSH

        # The index finds candidates, which are compared one by one; datasketch 2.0 has none for
        # thresholds near 1.
        threshold = min(self._near or _COARSE, _COARSE)
        self._index = MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
        self._hashes: dict[str, Any] = {}
        for text in dict.fromkeys(texts):
            if text:
                self._add_text(text, _hash_text(text))

    def _add_text(self, text: str, hashed: Any) -> None:
        key = str(len(self._hashes))
        self._hashes[key] = hashed
        self._index.insert(key, hashed)

    def _find_near(self, text: str) -> bool:
        hashed = _hash_text(text)
        near = any(
            self._hashes[key].jaccard(hashed) >= (self._near or 1.0)
            for key in self._index.query(hashed)
        )
        if not near:
            self._add_text(text, hashed)
        return near

    def _find_meaning(self, text: str) -> bool:
        assert self._embed is not None
        vector = self._embed([text])
        near = any(float((part @ vector[0]).max()) >= self._cosine for part in self._vectors)
        if not near:
            self._vectors.append(vector)
        return near


def is_free_text(facts: TableFacts, name: str) -> bool:
    column = facts.columns.get(name)
    if column is None or name not in facts.sample.schema.names:
        return False
    kind = facts.sample.schema.field(name).type
    return bool(
        pa.types.is_string(kind)
        and not column.categories
        and not column.pattern
        and not column.unique
        and _is_long(facts.sample.column(name))
    )


def _is_long(values: pa.ChunkedArray) -> bool:
    """Whether texts are sentences rather than names, which rows may well share: 25 characters."""
    mean = pc.mean(pc.utf8_length(values)).as_py()
    return mean is not None and mean >= 25


def _hash_text(text: str) -> Any:
    from datasketch import MinHash

    hashed = MinHash(num_perm=_PERMUTATIONS)
    count = max(1, len(text) - _SHINGLE + 1)
    hashed.update_batch([text[at : at + _SHINGLE].encode() for at in range(count)])
    return hashed
