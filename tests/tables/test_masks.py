"""Masks: equal values stay equal, values are not found again, NULL stays NULL."""

from __future__ import annotations

import datetime as dt
import hmac
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import CredentialError
from dreambolt_steps.tables.cleaning.masks import Masker, identify_key, read_mask_key

KEY = b"sixteen bytes or more"


@pytest.mark.parametrize("key", [KEY, b"k" * 64, b"k" * 65])
def test_hashes_are_hmac_sha256(key: bytes) -> None:
    values = ["ann@example.com", "", "é\x00x", None, "ann@example.com"]
    masked = Masker(key).mask(pa.array(values), "hash").to_pylist()
    assert masked == [
        None if value is None else hmac.new(key, value.encode(), "sha256").hexdigest()
        for value in values
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ann@example.com", "a***@example.com"),
        ("a@b.co", "a***@b.co"),
        ("Annabelle", "A***e"),
        ("Äß東x🙂", "Ä***🙂"),
        ("Anna", "***"),
        ("", "***"),
        ("two\nlines", "t***s"),
        ("not@mail", "n***l"),
    ],
)
def test_partial_shows_little(value: str, shown: str) -> None:
    assert Masker().mask(pa.array([value, None]), "partial").to_pylist() == [shown, None]


@pytest.mark.parametrize(
    "values",
    [
        [1, None, 2],
        [1.5, None],
        [Decimal("1.50"), None],
        [True, None],
        [dt.date(2024, 2, 29), None],
        [dt.datetime(2024, 2, 29, 10), None],
        [dt.time(10, 30), None],
    ],
)
@pytest.mark.parametrize("mask", ["hash", "partial", "redact"])
def test_values_of_every_plain_type_are_masked(values: list[Any], mask: Any) -> None:
    masked = Masker(KEY).mask(pa.array(values), mask)
    assert masked.type == pa.string()
    assert [value is None for value in masked.to_pylist()] == [value is None for value in values]


@settings(max_examples=60)
@given(st.lists(st.text(min_size=6) | st.none(), max_size=6), st.binary(min_size=16, max_size=80))
def test_hashes_keep_equality_and_hide_values(values: list[str | None], key: bytes) -> None:
    masked = Masker(key).mask(pa.array(values, pa.string()), "hash").to_pylist()
    for one, hidden in zip(values, masked, strict=True):
        assert (one is None) == (hidden is None)
        assert one is None or one not in hidden
        for other, other_hidden in zip(values, masked, strict=True):
            assert (one == other) == (hidden == other_hidden)


def test_a_number_and_its_text_have_one_hash() -> None:
    masker = Masker(KEY)
    assert masker.mask(pa.array([7]), "hash") == masker.mask(pa.array(["7"]), "hash")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "masks: DREAMBOLT_MASK_KEY not set; set it in the environment or in .env"),
        ({"DREAMBOLT_MASK_KEY": ""}, "DREAMBOLT_MASK_KEY not set"),
        ({"DREAMBOLT_MASK_KEY": "short"}, "DREAMBOLT_MASK_KEY is shorter than 16 bytes"),
    ],
)
def test_no_hash_without_a_secret(environment: dict[str, str], message: str) -> None:
    with pytest.raises(CredentialError, match=message):
        read_mask_key(environment)


def test_keys_are_told_apart_and_not_told() -> None:
    assert read_mask_key({"DREAMBOLT_MASK_KEY": KEY.decode()}) == KEY
    assert identify_key(KEY) != identify_key(KEY + b"x")
    assert KEY.decode() not in identify_key(KEY)
