"""Every Arrow type in the plain type that carries its values."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pyarrow as pa
import pytest
from datasets import Features

from dreambolt_steps.tables.plain_arrays import make_plain

ONE, TWO = uuid.UUID(int=1), uuid.UUID("7b281bd6-cd58-4db8-9390-599f6fa770cc")
UUIDS = pa.ExtensionArray.from_storage(
    pa.uuid(), pa.array([ONE.bytes, None, TWO.bytes], pa.binary(16))
)
CASES = {
    "uuid": (UUIDS, [str(ONE), None, str(TWO)]),
    "uuids in lists": (
        pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), UUIDS),
        [[str(ONE)], [None], [str(TWO)]],
    ),
    "json": (
        pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a":1}', None, "[]"])),
        ['{"a":1}', None, "[]"],
    ),
    "bool8": (
        pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0], pa.int8())),
        [True, None, False],
    ),
    "opaque": (
        pa.ExtensionArray.from_storage(
            pa.opaque(pa.int32(), "t", "v"), pa.array([1, None], pa.int32())
        ),
        [1, None],
    ),
    "float16": (pa.array([1.5, None], pa.float16()), [1.5, None]),
    "fixed-size binary": (pa.array([b"ab", None], pa.binary(2)), [b"ab", None]),
    "decimal32": (pa.array([Decimal("1.5"), None], pa.decimal32(5, 2)), [Decimal("1.50"), None]),
    "decimal64": (pa.array([Decimal("1.5"), None], pa.decimal64(12, 2)), [Decimal("1.50"), None]),
    "decimal256": (pa.array([Decimal("1.5"), None], pa.decimal256(30, 2)), [Decimal("1.50"), None]),
    "60 digits": (
        pa.array([Decimal(10) ** 50, None, Decimal("1e-20")], pa.decimal256(76, 20)),
        [f"1{'0' * 50}.{'0' * 20}", None, f"0.{'0' * 19}1"],
    ),
    "interval": (
        pa.array([(14, -3, 1_500_000_000), None, (0, 0, 0)], pa.month_day_nano_interval()),
        ["P14M-3DT1.5S", None, "PT0S"],
    ),
    "duration": (pa.array([90061, None, -1], pa.duration("s")), ["P1DT3661S", None, "PT-1S"]),
    "date64": (pa.array([dt.date(2024, 1, 1), None], pa.date64()), [dt.date(2024, 1, 1), None]),
    "run ends": (pa.RunEndEncodedArray.from_arrays([1, 3], ["a", "b"]), ["a", "b", "b"]),
    "list view": (pa.array([[1, 2], None, [3]], pa.list_view(pa.int8())), [[1, 2], None, [3]]),
    "large list": (pa.array([[b"ab"], None, []], pa.large_list(pa.binary(2))), [[b"ab"], None, []]),
    "map": (
        pa.array([[(b"ab", 1.5)], None, []], pa.map_(pa.binary(2), pa.float16())),
        [[{"key": b"ab", "value": 1.5}], None, []],
    ),
    "fixed-size list": (
        pa.array([[b"ab", None], None, [b"yy", b"zz"]], pa.list_(pa.binary(2), 2)),
        [[b"ab", None], None, [b"yy", b"zz"]],
    ),
    "lists of none": (pa.array([[], None], pa.list_(pa.int8(), 0)), [[], None]),
    "struct": (
        pa.array(
            [{"a": b"ab", "b": [b"xy"]}, None],
            pa.struct([("a", pa.binary(2)), ("b", pa.list_(pa.binary(2)))]),
        ),
        [{"a": b"ab", "b": [b"xy"]}, None],
    ),
    "empty struct": (pa.array([{}, None], pa.struct([])), [None, None]),
    "union": (
        pa.UnionArray.from_dense(
            pa.array([0, 1, 0], pa.int8()),
            pa.array([0, 0, 1], pa.int32()),
            [pa.array([1, 2]), pa.array(["x"])],
        ),
        ["1", "x", "2"],
    ),
    "dictionary of bytes": (
        pa.DictionaryArray.from_arrays(
            pa.array([0, None, 1], pa.int8()), pa.array([b"ab", b"cd"], pa.binary(2))
        ),
        [b"ab", None, b"cd"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_value_is_carried_and_the_type_has_a_place(name: str) -> None:
    array, values = CASES[name]
    plain = make_plain(array)
    plain.validate(full=True)
    assert plain.to_pylist() == values
    assert make_plain(plain) is plain
    Features.from_arrow_schema(pa.schema([("v", plain.type)]))  # raises for one without


@pytest.mark.parametrize("name", CASES)
def test_a_slice_gives_the_slice_of_the_values(name: str) -> None:
    array, values = CASES[name]
    assert make_plain(array.slice(1)).to_pylist() == values[1:]
    assert make_plain(array.slice(1, 1)).to_pylist() == values[1:2]
    assert make_plain(array.slice(0, 0)).to_pylist() == []
