"""Groups, assignment, clusters, letters: small cases by hand, others against brute force."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import SchemaError
from dreambolt_steps.matching.assignment import assign_pairs
from dreambolt_steps.matching.candidates import Side, find_candidates
from dreambolt_steps.matching.clusters import cluster_near
from dreambolt_steps.matching.groups import number_groups, split_by
from dreambolt_steps.matching.joined import Matches, join_matches
from dreambolt_steps.matching.lexical import compare_letters
from dreambolt_steps.matching.merging import merge_near
from dreambolt_steps.matching.nearest import ArrayVectors


@settings(max_examples=60)
@given(
    left=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 2)), max_size=8),
    right=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 2)), max_size=8),
)
def test_rows_are_in_one_group_when_all_values_are_equal(left, right):
    tables = [
        pa.table({"s": pa.array([s for s, _ in side], pa.string()), "n": [n for _, n in side]},
                 schema=pa.schema([("s", pa.string()), ("n", pa.int64())]))
        for side in (left, right)
    ]  # fmt: skip
    numbers = number_groups(*((table, ["s", "n"]) for table in tables))
    for one, its in zip(left, numbers[0], strict=True):
        assert (its == -1) == (one[0] is None)
        for other, theirs in zip(right, numbers[1], strict=True):
            assert (its == theirs and its >= 0) == (one == other and one[0] is not None)


def test_columns_to_block_by_must_fit():
    table = pa.table({"a": ["x"], "n": [1]})
    with pytest.raises(SchemaError, match="no column 'b' to block by; there are a, n"):
        number_groups((table, ["a"]), (table, ["b"]))
    with pytest.raises(SchemaError, match="'a' and 'n' to block by are of types int64 and string"):
        number_groups((table, ["a"]), (table, ["n"]))


def test_groups_are_split_in_order():
    found = [(group, rows.tolist()) for group, rows in split_by(np.array([2, -1, 0, 2, 0]))]
    assert found == [(0, [2, 4]), (2, [0, 3])]


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(0, 100), min_size=4, max_size=4), min_size=1, max_size=4))
def test_the_assignment_is_the_best_there_is(rows):
    scores = np.array(rows) / 100
    pairs = [(i, j) for i in range(len(rows)) for j in range(4) if rows[i][j]]
    left, right = np.array([i for i, _ in pairs], int), np.array([j for _, j in pairs], int)
    chosen = assign_pairs(left, right, scores[left, right])
    assert len(set(left[chosen])) == len(set(right[chosen])) == len(chosen)
    best = max(
        sum(scores[i, j] for i, j in enumerate(order[: len(rows)]))
        for order in permutations(range(4))
    )
    assert scores[left[chosen], right[chosen]].sum() == pytest.approx(best)


def test_no_pairs_are_no_assignment():
    assert assign_pairs(*(np.empty(0, int),) * 3).tolist() == []


@settings(max_examples=30)
@given(count=st.integers(1, 60), threshold=st.floats(0.3, 0.99), seed=st.integers(0, 99))
def test_every_member_is_near_its_representative_and_those_are_apart(count, threshold, seed):
    values = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    vectors = ArrayVectors(values)
    owner, cosine = cluster_near(vectors, threshold)
    unit = vectors.read(0, count)
    every = unit @ unit.T
    leaders = np.flatnonzero(owner == np.arange(count))
    assert (owner[owner] == owner).all()
    assert (owner <= np.arange(count)).all()
    gone = np.flatnonzero(owner != np.arange(count))
    assert (every[gone, owner[gone]] >= threshold - 1e-5).all()
    np.testing.assert_allclose(cosine[gone], every[gone, owner[gone]], atol=1e-5)
    apart = every[np.ix_(leaders, leaders)] - 2 * np.eye(len(leaders))
    assert (apart < threshold + 1e-5).all()


def test_many_blocks_of_vectors_are_clustered_like_one(monkeypatch):
    from dreambolt_steps.matching import clusters

    values = np.random.default_rng(5).normal(size=(300, 4))
    whole = cluster_near(ArrayVectors(values), 0.8)
    monkeypatch.setattr(clusters, "_BLOCK", 7)
    parts = cluster_near(ArrayVectors(values), 0.8)
    assert whole[0].tolist() == parts[0].tolist()
    np.testing.assert_allclose(whole[1], parts[1], atol=1e-6)


def test_a_further_condition_keeps_rows_apart():
    values = np.array([[1, 0], [1, 0.01], [1, 0.02]])
    accept = lambda one, other: one != 1  # noqa: E731
    assert cluster_near(ArrayVectors(values), 0.9, accept)[0].tolist() == [0, 1, 1]


def open_flat(places: np.ndarray) -> ArrayVectors:
    """Places are angles in degrees."""
    turned = np.deg2rad(places)
    return ArrayVectors(np.stack([np.cos(turned), np.sin(turned)], axis=1))


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("frequent", {0: 1, 3: 1, 4: 1, 6: 1}),
        ("first", {1: 0, 3: 0, 4: 0, 6: 0}),
        ("longest", {1: 0, 3: 0, 4: 0, 6: 0}),
    ],
)
def test_which_row_stays(keep, expected):
    places = np.array([10, 12, -1, 12, 10, 90, 12])
    sizes = np.array([6, 5, 0, 5, 6, 4, 5])
    found = merge_near(places, np.zeros(7, int), sizes, 0.99, keep, open_flat)
    assert dict(zip(found.rows.tolist(), found.kept.tolist(), strict=True)) == expected


def test_groups_keep_rows_apart():
    places = np.array([10, 10, 10, 10])
    found = merge_near(places, np.array([0, 1, 0, -1]), np.ones(4), 0.9, "first", open_flat)
    assert (found.rows.tolist(), found.kept.tolist()) == ([2], [0])


def test_candidates_of_each_text_within_groups():
    left = Side(np.array([10, 40, 10, -1, 40]), np.array([0, 0, 0, 0, 1]), open_flat)
    right = Side(np.array([12, 41, 300, -1]), np.array([0, 0, 0, 0]), open_flat)
    found = find_candidates(left, right, 2)
    ranks, leads = found.rank()
    assert ranks.tolist() == [1, 2, 1, 2]
    rows, pairs = found.spread(np.flatnonzero(ranks == 1))
    assert list(zip(rows.tolist(), found.references[pairs].tolist(), strict=True)) == [
        (0, 0), (1, 1), (2, 0),
    ]  # fmt: skip
    np.testing.assert_allclose(leads[0], np.cos(np.deg2rad(2)) - np.cos(np.deg2rad(31)), atol=1e-5)
    assert np.isnan(leads[1])


def test_letters_change_the_order():
    left = Side(np.array([10]), np.array([0]), open_flat)
    right = Side(np.array([10, 20]), np.array([0, 0]), open_flat)
    found = find_candidates(left, right, 2)
    assert found.references.tolist() == [0, 1]
    assert found.score(np.array([0.1, 0.9]), 0.5).references.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Diego MARADONA", "maradona, diego", 1),
        ("abc", "xyz", 0),
        (None, "x", 0),
        ("\ufffd", "", 0),
    ],
)
def test_letters_are_compared_whatever_the_case_and_order(one, other, expected):
    assert compare_letters([one], [other]).tolist() == [expected]


def test_rows_beside_their_matches():
    table = pa.table({"id": [1, 2, 3], "name": ["a", "b", "c"]})
    reference = pa.table({"id": [7, 8], "tags": [["x"], None]})
    one = np.array([0.5, 0.25], np.float32)
    facts = dict.fromkeys(("rank", "score", "similarity", "margin"), one)
    facts |= {"rank": np.array([1, 1]), "lexical": np.array([np.nan, 0.25])}
    matches = Matches(np.array([0, 2]), np.array([1, 0]), facts)
    rows = join_matches(table.to_reader(max_chunksize=2), reference, matches).read_all()
    assert rows["id"].to_pylist() == [1, 2, 3]
    assert rows["match_id"].to_pylist() == [8, None, 7]
    assert rows["match_tags"].to_pylist() == [None, None, ["x"]]
    assert rows["match_rank"].to_pylist() == [1, None, 1]
    assert rows["match_lexical"].to_pylist() == [None, None, 0.25]
    some = join_matches(table.to_reader(), reference, matches, keep_unmatched=False).read_all()
    assert some["id"].to_pylist() == [1, 3]
    none = Matches(*(np.empty(0, np.int64),) * 2, {name: np.empty(0) for name in facts})
    alone = join_matches(table.to_reader(), reference.slice(0, 0), none).read_all()
    assert alone["match_id"].to_pylist() == [None] * 3
    with pytest.raises(SchemaError, match="'match_id' is there twice"):
        join_matches(table.rename_columns(["match_id", "name"]).to_reader(), reference, matches)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.int8(), pa.int64()),
        (pa.int32(), pa.uint64()),
        (pa.uint16(), pa.int16()),
        (pa.string(), pa.large_string()),
        (pa.int16(), pa.dictionary(pa.int32(), pa.int64())),
    ],
)
def test_equal_values_are_in_one_group_whatever_their_width(one, other):
    values = ["1", "2", None, "3"] if pa.types.is_string(one) else [1, 2, None, 3]
    left = pa.table({"a": pa.array(values, one)})
    right = pa.table({"a": pa.array(values[::-1], other)})
    numbers = number_groups((left, ["a"]), (right, ["a"]))
    assert numbers[0].tolist() == numbers[1].tolist()[::-1]
    assert numbers[0].tolist().count(-1) == 1


@pytest.mark.parametrize("seed", range(5))
def test_equal_texts_are_1_and_no_cosine_is_more(seed):
    values = np.random.default_rng(seed).normal(size=(200, 384)).astype(np.float32)

    def read(places):
        return ArrayVectors(values[places])

    groups, places = np.zeros(200, np.int64), np.arange(200)
    found = find_candidates(Side(places, groups, read), Side(places[::-1], groups, read), 3)
    ranks, _ = found.rank()
    assert (found.scores[ranks == 1] == 1).all()
    assert (found.references[ranks == 1] == 199 - found.units[ranks == 1]).all()
    assert found.scores.max() == 1


@pytest.mark.parametrize(("left", "right"), [(0, 3), (3, 0), (0, 0)])
def test_no_rows_on_either_side_are_no_candidates(left, right):
    vectors = np.eye(3, dtype=np.float32)

    def side(rows):
        place = np.arange(rows)
        return Side(place, np.zeros(rows, np.int64), lambda places: ArrayVectors(vectors[places]))

    found = find_candidates(side(left), side(right), 2)
    assert len(found.units) == len(found.scores) == 0
    assert found.spread(np.empty(0, np.int64))[0].tolist() == []
