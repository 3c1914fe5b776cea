"""What is remembered of a table's columns from one run to the next: small, and ready for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.profiling.oddities import Oddity, OddityCount
from dreambolt_steps.profiling.profile import ColumnProfile, measure_table
from dreambolt_steps.profiling.sample import TableSample
from dreambolt_steps.tables.column_types import find_plain_type
from dreambolt_steps.tables.text.blanks import is_text

Family = Literal["number", "moment", "text", "boolean", "other"]
QUANTILES = 50
TOP_VALUES = 30
FEWEST_EACH = 5
VALUE_CHARACTERS = 80


@dataclass(frozen=True)
class ColumnFacts:
    """What one column held in one run.

    Attributes:
        name, type_word: as in the table.
        family: what its values are; decides how they are compared.
        nulls: counted.
        distinct: how many distinct values; about, where `is_exact` is False.
        low, high: smallest and largest value as text; None without values.
        sampled: values (not NULL) that the rest was found from.
        quantiles: 51 numbers, the 0th to the 100th percentile in steps of 2: of the numbers, of
            moments as seconds since 1970, of the lengths of text. Empty without values.
        values: up to 30 values as text with their counts in the sample, most frequent first.
        complete: whether `values` are all there are in the sample.
        oddities: values that are probably not what their source meant, of all rows.
        is_exact: whether `distinct` was counted.
    """

    name: str
    type_word: str
    family: Family
    nulls: int
    distinct: int
    low: str | None
    high: str | None
    sampled: int = 0
    quantiles: tuple[float, ...] = ()
    values: tuple[tuple[str, int], ...] = ()
    complete: bool = False
    oddities: tuple[Oddity, ...] = ()
    is_exact: bool = False

    @property
    def is_categorical(self) -> bool:
        """Whether its values are few and come back, so that each is worth a look."""
        return self.complete and self.sampled >= FEWEST_EACH * len(self.values)


@dataclass(frozen=True)
class TableFacts:
    """What a table held in one run.

    Attributes:
        rows, columns: of the table.
        repeated: rows that are equal to earlier ones; None where they were not counted.
    """

    rows: int
    columns: tuple[ColumnFacts, ...]
    repeated: int | None = None

    @staticmethod
    def from_dict(kept: dict[str, Any]) -> TableFacts:
        """From its fields as JSON keeps them.

        Raises: TypeError or KeyError for something else.
        """
        columns = []
        for column in kept["columns"]:
            values = tuple((value, count) for value, count in column["values"])
            read = {
                "values": values,
                "quantiles": tuple(column["quantiles"]),
                "oddities": tuple(Oddity(**one) for one in column.get("oddities", ())),
            }
            columns.append(ColumnFacts(**column | read))
        return TableFacts(int(kept["rows"]), tuple(columns), kept.get("repeated"))


def gather_facts(reader: pa.RecordBatchReader, rows: int | None = None) -> TableFacts:
    """Gather the facts of a table in one pass; memory does not grow with it.

    Counts, NULLs, ranges and odd values are of all rows; the distribution is that of a random
    sample of at most 50,000 rows and 64 MiB.

    Args:
        reader: the table; read to its end.
        rows: how many rows it has at most; up to a million, distinct values and repeated rows are
            counted. Default: not known.

    >>> facts = gather_facts(pa.table({"n": [1, 2, 2, None]}).to_reader())
    >>> facts.rows, facts.columns[0].nulls, facts.columns[0].values
    (4, 1, (('2', 2), ('1', 1)))
    """
    kinds = {field.name: field.type for field in reader.schema}
    odd = [OddityCount(field.type) for field in reader.schema]
    sample = TableSample(_count_oddities(reader, odd))
    profiles, repeated = measure_table(sample.reader, rows)
    drawn = sample.table
    columns = tuple(
        _describe(
            profile,
            kinds[profile.name],
            counted.found,
            drawn.column(profile.name).combine_chunks().drop_null()
            if profile.name in drawn.schema.names
            else None,
        )
        for profile, counted in zip(profiles, odd, strict=True)
    )
    return TableFacts(profiles[0].rows if profiles else 0, columns, repeated)


def _count_oddities(
    reader: pa.RecordBatchReader, counts: Sequence[OddityCount]
) -> pa.RecordBatchReader:
    def pass_on() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            for one, column in zip(counts, batch.columns, strict=True):
                one.include(column)
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, pass_on())


def _describe(
    profile: ColumnProfile,
    kind: pa.DataType,
    oddities: tuple[Oddity, ...],
    values: pa.Array | None,
) -> ColumnFacts:
    facts = ColumnFacts(
        name=profile.name,
        type_word=profile.type_word,
        family=_find_family(kind),
        nulls=profile.nulls,
        distinct=min(profile.distinct, profile.rows - profile.nulls),
        low=profile.low,
        high=profile.high,
        oddities=oddities,
        is_exact=profile.is_exact,
    )
    if values is None or not len(values):
        return facts
    values = values.cast(find_plain_type(kind))
    counted = pc.value_counts(values)
    order = [("counts", "descending"), ("values", "ascending")]
    parts = pa.table({name: counted.field(name) for name, _ in order})
    top = counted.take(pc.select_k_unstable(parts, min(TOP_VALUES, len(counted)), order))
    shown = pc.utf8_slice_codeunits(top.field("values").cast(pa.string()), 0, VALUE_CHARACTERS)
    known: dict[str, Any] = {
        "sampled": len(values),
        "quantiles": _measure(values, facts.family),
        "values": tuple(zip(shown.to_pylist(), top.field("counts").to_pylist(), strict=True)),
        "complete": len(counted) <= TOP_VALUES,
    }
    if len(values) == profile.rows - profile.nulls:  # all of them: no need of an estimate
        known |= {"distinct": len(counted), "is_exact": True}
    return replace(facts, **known)


def _find_family(kind: pa.DataType) -> Family:
    if is_text(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_temporal(kind):
        return "moment"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "other"


def _measure(values: pa.Array, family: Family) -> tuple[float, ...]:
    """51 quantiles, each a value that occurs."""
    if family == "text":
        numbers = pc.utf8_length(values)
    elif family == "number":
        numbers = values
    elif family == "moment" and (
        pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
    ):
        moments = values.cast(pa.timestamp("us", tz=getattr(values.type, "tz", None)), safe=False)
        numbers = pc.divide(moments.cast(pa.int64()).cast(pa.float64(), safe=False), 1e6)
    else:
        return ()
    plain = numbers.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    plain = plain[np.isfinite(plain)]
    if not len(plain):
        return ()
    ranks = np.ceil(np.linspace(0, 1, QUANTILES + 1) * len(plain)).astype(np.int64)
    return tuple(np.sort(plain)[np.maximum(ranks - 1, 0)].tolist())
