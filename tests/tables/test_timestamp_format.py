from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dreambolt_steps.cli.step_arguments import parse_columns
from dreambolt_steps.contracts.contract_file import read_contract
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tables.clean import apply_plan, plan_cleaning
from dreambolt_steps.tables.column_types import TIMESTAMP, read_type
from dreambolt_steps.tables.inference.infer import infer_types


def clean(values: list[str | None], word: str, **args: Any) -> tuple[list[Any], list[str]]:
    """The values that are kept, and those that are rejected."""
    table = pa.table({"day": pa.array(values, pa.string())})
    plan = plan_cleaning(table.to_reader, types={"day": word}, **args)
    cleaned = apply_plan(table.to_reader(), plan)
    kept = cleaned.reader.read_all()["day"].to_pylist()
    rejects = cleaned.report().rejects["value"].to_pylist()
    return kept, rejects


@pytest.mark.parametrize(
    ("word", "text", "value"),
    [
        ("timestamp(%d %b %Y - %H:%M)", "13 Jul 1930 - 15:00", datetime(1930, 7, 13, 15)),
        ("date(%d.%m.%y)", "13.07.69", date(1969, 7, 13)),
        ("date(%d.%m.%y)", "1.2.68", date(2068, 2, 1)),
        ("date(%m/%d/%Y)", "02/01/2024", date(2024, 2, 1)),
        ("date(%Y%j)", "2024060", date(2024, 2, 29)),
        ("DATE(%d de %B de %Y)", "3 de July de 2020", date(2020, 7, 3)),
        ("time(%I.%M %p)", "5.30 pm", time(17, 30)),
        (
            "timestamp(%Y=%m=%d %H:%M:%S.%f)",
            "2024=01=02 3:04:05.000006",
            datetime(2024, 1, 2, 3, 4, 5, 6),
        ),
        (
            "timestamptz(%d.%m.%Y %H:%M %z)",
            "01.01.2020 10:00 +0200",
            datetime(2020, 1, 1, 8, tzinfo=UTC),
        ),
    ],
)
def test_values_are_read_in_the_format_that_was_told(word: str, text: str, value: Any) -> None:
    assert clean([text, None, f" {text} ", "x"], word) == ([value, None, value], ["x"])


def test_what_is_written_otherwise_or_is_no_day_is_rejected() -> None:
    values = ["31.02.2020", "1/2/2020", "2020-01-01", "01.01.2020 x", "01.01.0000", "1.1.20200"]
    assert clean([*values, "29.02.2020"], "date(%d.%m.%Y)") == ([date(2020, 2, 29)], values)
    assert clean(values, "date(%d.%m.%Y)", on_mismatch="null")[0] == [None] * 6


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("date(%d.%m.%Q)", "no date format; it may hold"),
        ("date(%d.%m)", "names no day; it needs a year, a month and a day"),
        ("date(%d.%m.%Y %H:%M)", "a date has no time of day; write timestamp"),
        ("time(%d.%m.%Y)", "a time of day is %H:%M"),
        ("timestamptz(%Y-%m-%d %H:%M)", "%z, is for timestamptz; write timestamp"),
        ("timestamp(%Y-%m-%d %H:%M %z)", "%z, is for timestamptz; write timestamptz"),
        ("timestamp(%Y-%m-%d %H:%M:%S.%n)", "six decimals at most"),
        ("datetime(%Y)", "unknown type"),
    ],
)
def test_formats_that_can_t_give_the_type_are_refused(word: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_type(word)


def test_formats_are_given_on_the_command_line() -> None:
    assert parse_columns(["a=b=timestamp(%d=%m=%Y %H:%M)", "c=text"]) == {
        "a=b": "timestamp(%d=%m=%Y %H:%M)",
        "c": "text",
    }


def test_a_contract_promises_a_type_and_no_format(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text('contract: 1\ncolumns: {day: {type: "date(%d.%m.%y)"}}\n')
    with pytest.raises(UsageError, match=r"line 2: columns.day.type: .*give the format"):
        read_contract(path)


@pytest.mark.parametrize(
    "text",
    [
        "13 Jul 1930 - 15:00",
        "13 Jul 1930 – 15:00",
        "13 Jul 1930 at 15:00",
        "13 Jul 1930 @ 3:00 PM",
        "1930-07-13 - 15:00",
        "13.7.1930 - 15:00",
        "July 13, 1930 at 3:00 pm",
    ],
)
def test_a_dash_or_at_between_day_and_time_is_read_without_being_told(text: str) -> None:
    table = pa.table({"day": [f"{text} ", None]})
    (decision,) = infer_types(table.to_reader)
    assert decision.type == TIMESTAMP
    plan = plan_cleaning(table.to_reader)
    kept = apply_plan(table.to_reader(), plan).reader.read_all()["day"].to_pylist()
    assert kept == [datetime(1930, 7, 13, 15), None]


@pytest.mark.parametrize("text", ["13 Jul 1930 -15:00", "13 Jul 1930 - 25:00", "13 Jul 1930 -"])
def test_what_is_no_moment_stays_text(text: str) -> None:
    (decision,) = infer_types(pa.table({"day": [text]}).to_reader)
    assert decision.type == pa.string()


def test_the_kick_offs_of_the_world_cups_are_found(shared_data: Path) -> None:
    import pyarrow.csv

    table = pyarrow.csv.read_csv(shared_data / "worldcup_matches.csv").select(["Datetime"])
    (decision,) = infer_types(table.to_reader)
    assert decision.type == TIMESTAMP
