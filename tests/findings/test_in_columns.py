"""What deserves a look in columns: each alarm where it is due, and none elsewhere."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps.findings.in_columns import find_in_columns
from dreambolt_steps.findings.in_decisions import find_in_decisions
from dreambolt_steps.findings.in_tables import find_in_table
from dreambolt_steps.profiling.history_facts import TableFacts, gather_facts
from dreambolt_steps.tables.clean import plan_cleaning


def gather(**columns: Any) -> TableFacts:
    table = pa.table(columns)
    return gather_facts(table.to_reader(max_chunksize=7), table.num_rows)


def kinds(**columns: Any) -> list[str]:
    return [one.kind for one in find_in_columns(gather(**columns))]


def test_a_sound_table_raises_no_alarm() -> None:
    draw = random.Random(0)
    facts = gather(
        id=range(1, 201),
        name=[f"Name {n}" for n in range(200)],
        team=[draw.choice(["Ajax", "Bayern", "Porto"]) for _ in range(200)],
        age=[draw.randint(17, 41) for _ in range(200)],
        amount=[round(draw.lognormvariate(3, 2), 2) for _ in range(200)],
        born=[dt.date(1990, 1, 1) + dt.timedelta(days=9 * n) for n in range(200)],
        note=[None if n % 3 else "ok" for n in range(0, 100)] + ["fine"] * 100,
    )
    assert [*find_in_columns(facts), *find_in_table(facts)] == []


@pytest.mark.parametrize(
    ("values", "kind", "count"),
    [
        (["a\ufffdb", "x", "\ufffd", None] * 5, "lost_characters", 10),
        (["JosÃ©", "Jose", "x", "y"] * 5, "wrong_encoding", 5),
        (["a\x01", "b", "c", "d"] * 5, "control_characters", 5),
        (["a\u200bb", "ab", "c", "d"] * 5, "invisible_characters", 5),
        (["a &amp; b", "a", "b &#39; c", "R&D"] * 5, "html_entities", 10),
        ([" a", "b ", "c", "\u00a0d"] * 5, "outer_blanks", 15),
        (['"a"', '"b"', '"c"', "d"] * 5, "outer_quotes", 15),
        ([dt.date(2999, 1, 1), dt.date(2000, 1, 1)] * 10, "future", 10),
        ([dt.datetime(2999, 1, 1), dt.datetime(2000, 1, 1)] * 10, "future", 10),
    ],
)
def test_odd_values_are_counted_with_the_first_of_them(
    values: list[Any], kind: str, count: int
) -> None:
    found = [one for one in find_in_columns(gather(c=values)) if one.kind == kind]
    assert [(one.count, one.columns) for one in found] == [(count, ("c",))]
    first = next(value for value in values if value is not None)
    assert f"{str(first)!r} in row 1" in found[0].place


@pytest.mark.parametrize(
    "values",
    [
        ["R&D", "a & b", "'tis", 'he said "no"'] * 5,
        ["Zoë", "Ærø", "naïve", "日本"] * 5,
        ["a\tb", "c\nd", "", "e"] * 5,
        ['"a"', "b", "c", "d"] * 5,
        [dt.datetime.now() - dt.timedelta(days=1)] * 20 + [dt.datetime(2001, 1, 1)],
    ],
)
def test_ordinary_values_are_not_odd(values: list[Any]) -> None:
    assert kinds(c=values) == []


def test_columns_without_values() -> None:
    none, few, most = [None] * 40, [1] + [None] * 39, [1, 2] + [None] * 38
    assert kinds(a=none) == ["all_null"]
    assert kinds(a=few) == ["mostly_null"]
    levels = [one.level for one in find_in_columns(gather(a=few, b=[*range(18), *[None] * 22]))]
    assert levels == ["moderate", "note"]
    assert [one.level for one in find_in_columns(gather(a=none), ["a"])] == ["note"]
    assert [*find_in_columns(gather(a=most), ["a"])] == []
    assert kinds(a=[1, None, None]) == []  # too few rows to say anything
    assert kinds(a=pa.array([], pa.int8())) == []
    found = next(find_in_columns(gather(a=[*range(10), *[None] * 990])))
    assert found.what == "99 % of the rows have no value (990 of 1,000)"


def test_a_column_that_never_changes() -> None:
    assert kinds(a=["x"] * 30) == ["constant"]
    assert kinds(a=["x"] * 29 + ["y"]) == []
    assert kinds(a=["x"] * 5) == []
    assert kinds(a=["x"] * 29 + [None]) == []


def test_nobody_is_born_in_the_future() -> None:
    days = [dt.date(2999, 1, 1), dt.date(2000, 1, 1)]
    (born,) = find_in_columns(gather(date_of_birth=days, due=days[1:] * 2))
    assert (born.columns, born.level) == (("date_of_birth",), "moderate")


def test_ids_that_come_again() -> None:
    (found,) = find_in_columns(gather(player_id=[*range(99), 5], goals=[*range(99), 5]))
    assert (found.kind, found.columns, found.count) == ("repeated_keys", ("player_id",), 1)
    assert kinds(player_id=[1, 2] * 50) == []  # a key of another table


def test_one_word_in_several_spellings() -> None:
    (found,) = find_in_columns(gather(country=["USA", "usa", "Côte d'Ivoire", "Cote d’Ivoire"] * 6))
    assert found.kind == "spellings"
    assert "'USA' and 'usa'" in found.what
    assert kinds(mark=["+", "-"] * 20) == []
    assert kinds(grade=["A", "A+", "A-"] * 20) == []
    assert kinds(version=["v1.5", "v15"] * 20, size=["1.5", "15"] * 20) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([*range(20, 90), *[999] * 4], True),
        ([*range(5, 90), *[-1] * 4], True),
        ([*range(-20, 90), *[-1] * 4], False),
        ([*range(1, 200), *[99] * 4], False),
        ([*range(20, 90), 999], False),  # once is a value
        ([dt.date(1970, 1, 1)] * 4 + [dt.date(2024, 1, n) for n in range(1, 31)], True),
        ([dt.date(1970, 1, n) for n in range(1, 31)] * 2, False),
    ],
)
def test_numbers_and_days_that_stand_for_not_known(values: list[Any], told: bool) -> None:
    assert ("filler" in kinds(c=values)) == told


def test_numbers_far_from_all_others() -> None:
    near = [*range(100)]
    assert kinds(c=[*near, 1_000_000]) == ["far_value"]
    assert kinds(c=[*near, 300]) == []
    assert kinds(c=[10**n for n in range(0, 12) for _ in range(9)]) == []


def test_repeated_rows_are_counted_unless_somebody_decided() -> None:
    facts = gather(a=[1, 2, 1, None, None], b=["x", "y", "x", None, None])
    assert facts.repeated == 2
    (found,) = find_in_table(facts)
    assert (found.kind, found.count, found.total) == ("repeated_rows", 2, 5)
    assert [*find_in_table(facts, keeps_repeats=False)] == []
    unknown = gather_facts(pa.table({"a": [1, 1]}).to_reader())
    assert unknown.repeated is None
    assert [*find_in_table(unknown)] == []


def decide(**columns: list[str]) -> list[Any]:
    table = pa.table(columns)
    return [*find_in_decisions(plan_cleaning(table.to_reader).columns)]


def test_a_few_values_that_keep_a_column_from_its_type() -> None:
    (found,) = decide(goals=[*map(str, range(200)), "2 or 3", "4 or 5", "6?", "7?", "8?", "9?"])
    assert found.kind == "mixed_types"
    assert found.tell() == (
        "goals: 6 of 206 values are no number, so the column stays text (the first '2 or 3' in row "
        "201). Rows with them are rejected, and all others typed, with: --columns goals=decimal"
    )
    assert decide(goals=[*map(str, range(40)), *map("{}x".format, range(40))]) == []
    assert decide(names=[f"n{n}" for n in range(40)]) == []


def test_words_that_became_null_or_were_kept_are_told_by_count() -> None:
    (became,) = decide(goals=[*map(str, range(40)), "NA", "NA", "NULL"])
    assert (became.kind, became.count, became.total) == ("read_as_null", 3, 43)
    assert became.what == "read as NULL: 'NA' 2 times, 'NULL' 1 time"
    assert became.tell_advice() == (
        'They stay what they are with: --clean \'null_tokens={"goals": [""]}\''
    )
    (kept,) = decide(goals=[*map(str, range(40)), "n.b.", "n.b."])
    assert kept.kind == "null_words"
    assert "'n.b.' 2 times" in kept.what
    assert "null_tokens" in kept.tell_advice()


def test_open_questions_come_with_the_argument_that_answers_them() -> None:
    (found,) = decide(joined=["01/02/2024", "03/04/2024"])
    assert (found.kind, found.level, found.columns) == ("open_day_order", "moderate", ("joined",))
    assert "day_first" in found.tell()
    (broken,) = decide(name=["JosÃ©", "x"])
    assert broken.tell_advice() == "This settles it: --clean repair=yes"
