"""Likeness of columns and pairs: the numbers that SDMetrics 0.32.0 gives for the same rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dreambolt_steps.assessment.encode import encode_columns
from dreambolt_steps.assessment.fidelity import score_columns, score_coverage, score_pairs
from dreambolt_steps.assessment.samples import Samples


def make_rows(seed: int, shift: float) -> pa.Table:
    at = np.arange(40)
    a = ((at * 7 + seed) % 13) / 2.0 + shift
    b = ((at * at + seed) % 11).astype(float) + at / 40
    c = np.array(["x", "y", "z", "w"])[(at * at + at // 3 * seed) % (4 if seed == 1 else 3)]
    d = [["p", "q", None][one] for one in (at // 2 + seed) % 3]
    nulls = at % 9 == seed % 3
    return pa.table({"a": pa.array(a, mask=nulls), "b": b, "c": c, "d": d})


def test_measures_are_those_of_sdmetrics() -> None:
    real, made = make_rows(1, 0.0), make_rows(2, 1.0)
    columns = encode_columns(Samples(real, real, made, 40, 40))
    pairs, missed = score_pairs(columns)
    scores = [*score_columns(columns), *pairs, *score_coverage(columns)]
    found = {(one.measure, one.column, one.other_column): one for one in scores}
    # SDMetrics adds 0.000001 of a row to a category that the real rows lack; hence 1e-6
    for (measure, column, other), value in {
        ("KSComplement", "a", None): 0.8285714285714285,
        ("KSComplement", "b", None): 0.825,
        ("TVComplement", "c", None): 0.825,
        ("TVComplement", "d", None): 0.9230769230769231,
        ("RangeCoverage", "a", None): 0.8333333333333334,
        ("CategoryCoverage", "c", None): 0.75,
        ("MissingValueSimilarity", "a", None): 1.0,
        ("CorrelationSimilarity", "a", "b"): 0.8529934001621741,
        ("ContingencySimilarity", "c", "d"): 0.7250000000000001,
        ("ContingencySimilarity", "b", "c"): 0.3749999999999999,
    }.items():
        assert found[(measure, column, other)].value == pytest.approx(value, abs=1e-6), measure
    assert missed == 0
    # rows held back that are those of the reference are as good as can be
    assert {one.holdout for one in scores} == {1.0}


def test_columns_that_say_nothing_are_left_out_without_failing() -> None:
    real = pa.table({"a": pa.nulls(30, pa.float64()), "b": [1] * 30, "c": ["x"] * 30})
    made = pa.table({"a": [1.0] * 30, "b": [1] * 30, "c": ["y"] * 30})
    columns = encode_columns(Samples(real, real, made, 30, 30))
    scores = [*score_columns(columns), *score_pairs(columns)[0], *score_coverage(columns)]
    values = {(one.measure, one.column): one.value for one in scores if one.other_column is None}
    assert values == {
        ("MissingValueSimilarity", "a"): 0.0,
        ("KSComplement", "b"): 1.0,
        ("TVComplement", "c"): 0.0,
        ("CategoryCoverage", "c"): 0.0,
    }
