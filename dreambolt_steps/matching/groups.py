"""Rows that may be compared at all: those whose blocking columns are equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from dreambolt_steps.errors import SchemaError, UnknownColumnError
from dreambolt_steps.unknown_names import tell_known


def number_groups(*tables: tuple[pa.Table, Sequence[str]]) -> list[np.ndarray]:
    """Number the combinations of values of some columns, the same in every table.

    Args:
        tables: each with the names of its columns, in corresponding order; none of them puts all
            rows together. A row with a NULL among them is in no group (-1).

    Raises: SchemaError when a column is missing, or corresponding ones hold different types.

    >>> left, right = pa.table({"a": ["x", "y"]}), pa.table({"b": ["y", None]})
    >>> [one.tolist() for one in number_groups((left, ["a"]), (right, ["b"]))]
    [[0, 1], [1, -1]]
    """
    numbers = [np.zeros(table.num_rows, np.int64) for table, _ in tables]
    for table, names in tables:
        for name in names:
            if name not in table.schema.names:
                raise UnknownColumnError(
                    f"there is no column {name!r} to block by; "
                    f"{tell_known(name, table.schema.names)}"
                )
    for at in range(len(tables[0][1])):
        columns = [table[names[at]].combine_chunks() for table, names in tables]
        codes = _encode(columns, [names[at] for _, names in tables])
        highest = max((int(one.max(initial=0)) for one in codes), default=0) + 1
        for which, found in enumerate(codes):
            void = (found < 0) | (numbers[which] < 0)
            numbers[which] = np.where(void, -1, numbers[which] * highest + found)
        # Dense again, so that many columns do not run over.
        _, dense = np.unique(np.concatenate(numbers), return_inverse=True)
        shift = 1 if any((one < 0).any() for one in numbers) else 0
        parts = np.split(dense - shift, np.cumsum([len(one) for one in numbers])[:-1])
        numbers = [part.astype(np.int64) for part in parts]
    return numbers


def split_by(groups: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each group's number and its rows, ascending; rows without a group (-1) are left out."""
    if not len(groups):
        return
    order = np.argsort(groups, kind="stable")
    found, starts = np.unique(groups[order], return_index=True)
    for group, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
        if group >= 0:
            yield group, rows


def _join_kinds(kinds: set[pa.DataType]) -> set[pa.DataType]:
    """The one type of whole numbers of any width, or of texts, in place of several."""
    if len(kinds) < 2:
        return kinds
    if all(pa.types.is_integer(kind) for kind in kinds):
        return {pa.decimal128(20, 0) if pa.uint64() in kinds else pa.int64()}
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if all(any(test(kind) for test in texts) for kind in kinds):
        return {pa.large_string()}
    return kinds


def _encode(columns: list[pa.Array], names: list[str]) -> list[np.ndarray]:
    kinds = {
        one.type.value_type if pa.types.is_dictionary(one.type) else one.type for one in columns
    }
    kinds = _join_kinds(kinds)
    if len(kinds) > 1:
        raise SchemaError(
            f"columns {' and '.join(map(repr, names))} to block by are of types "
            f"{' and '.join(sorted(map(str, kinds)))}; cast one of them"
        )
    plain = [one.cast(next(iter(kinds))) for one in columns]
    whole = pa.chunked_array(plain).combine_chunks().dictionary_encode()
    codes = whole.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.split(codes, np.cumsum([len(one) for one in plain])[:-1])
