from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dreambolt_steps.cli.app import app
from dreambolt_steps.cli.explicit_arguments import find_arguments
from dreambolt_steps.cli.inspect import show_table
from dreambolt_steps.cli.inspection import inspect_source
from dreambolt_steps.cli.open_questions import read_argument
from dreambolt_steps.cli.write_arguments import write_option

Screen = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def small_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str, encoding: str = "utf-8") -> str:
    Path(name).write_bytes(text.encode(encoding))
    return name


def inspect(source: str, capsys: Screen, **options: Any) -> list[str]:
    show_table(source, **options)
    return capsys.readouterr().out.split("\n")


def find_row(lines: list[str], name: str) -> str:
    (row,) = [line for line in lines if line.startswith(f"{name} ")]
    return " ".join(row.split())


def find_fact(lines: list[str], name: str) -> str:
    facts = [line[13:] for line in lines if line.startswith(f"  {name} ")]
    return facts[0]


def test_dialect_types_evidence_and_values_are_told(capsys: Screen) -> None:
    codes = ["101", "102", "103", "104", "105", "106", "107", "008"]
    names = ["name 1", "name 2", "", "name 4", "name 5", "name 6", "name 7", "name 8"]
    parts = enumerate(zip(codes, names, strict=True), start=1)
    rows = "".join(f"{i};{code};{i / 4};{name}\n" for i, (code, name) in parts)
    lines = inspect(write("s.csv", f"Id;Zip Code;Größe;Name\n{rows}", "cp1252"), capsys)
    assert lines[0].startswith("s.csv  ")
    assert lines[0].endswith(", 8 rows")
    assert find_fact(lines, "delimiter") == "semicolon (;)"
    assert find_fact(lines, "encoding").startswith("cp1252")
    assert find_fact(lines, "header") == "1 row"
    assert "8 rows, 0 rejected, 4 columns" in lines
    assert find_row(lines, "id") == "id int8 0 8 1 .. 8"
    assert find_row(lines, "zip_code").startswith("zip_code text 0 8 101, 102, 103")
    why = lines[lines.index(next(line for line in lines if line.startswith("zip_code"))) + 1]
    assert "'008' in row 8" in why
    assert find_row(lines, "grosse").split()[1].startswith("decimal(")
    assert "    from 'Größe'" in lines
    assert find_row(lines, "name").startswith("name text 1 7 name 1, name 2")


def test_rejected_rows_are_shown_with_their_line_and_reason(capsys: Screen) -> None:
    lines = inspect(write("ragged.csv", "a,b\n1,2\n3,4,[5]\n6,7\n8,9\n"), capsys)
    assert "4 rows, 1 rejected, 2 columns" in lines
    at = lines.index("rejected: 1")
    assert lines[at + 1].startswith("ragged.csv line 3: ")
    assert lines[at + 2] == "  3,4,[5]"


def test_rows_rejected_by_a_type_asked_for_are_shown(capsys: Screen) -> None:
    lines = inspect(write("n.csv", "a,b\n1,x\ntwo,y\n3,z\n"), capsys, columns=["a=int8"])
    at = lines.index("rejected: 1")
    assert lines[at + 1] == "row 2: not a value of type int8 in a: two"
    assert "    type as asked" in "\n".join(lines)


def test_parquet_keeps_its_own_types_and_needs_no_arguments(capsys: Screen) -> None:
    pq.write_table(pa.table({"Big Id": pa.array([1, 2, None], pa.int64())}), "typed.parquet")
    lines = inspect("typed.parquet", capsys)
    assert find_fact(lines, "format") == "parquet"
    assert find_row(lines, "big_id") == "big_id int64 1 2 1 .. 2"
    assert 'clean = CleanTable("clean", inputs=columns(raw))' in lines


def test_distinct_counts_never_exceed_the_rows(capsys: Screen) -> None:
    write("many.csv", "n\n" + "".join(f"{i * 7919}\n" for i in range(5000)))
    row = find_row(inspect("many.csv", capsys), "n")
    assert int(row.split()[3].replace(",", "")) in range(4500, 5001)


def test_a_table_without_rows_has_columns(capsys: Screen) -> None:
    lines = inspect(write("header.csv", "a,[b]\n"), capsys)
    assert "0 rows, 0 rejected, 2 columns" in lines
    assert find_row(lines, "a").startswith("a text 0 0")


def test_files_written_alike_are_grouped_and_counted(capsys: Screen) -> None:
    for at in range(12):
        write(f"part{at:02}.csv", f"a,b\n{at},x\n")
    write("zz.csv", "a;b\n1;x\n2;y\n")
    lines = inspect("*.csv", capsys)
    assert [line for line in lines if line.startswith("part")][9].startswith("part09.csv")
    assert "and 2 more files like these, 18 bytes" in lines
    facts = [line[13:] for line in lines if line.startswith("  delimiter")]
    assert facts == ["comma (,)", "semicolon (;)"]
    assert "13 files, 14 rows, 0 rejected, 2 columns" in lines
    assert any("delimiter differs between files (',', ';')" in line for line in lines)


WIDE = "id,a very long column name that goes on and on,text\n1,2," + "long text " * 40 + "\n"


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_but_those_to_copy_is_wider_than_the_screen(
    width: int, capsys: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = inspect(write("wide.csv", WIDE + "3,4,5,6\n" * 3), capsys)
    told = lines[: lines.index("the same by hand")]
    assert max(map(len, told)) <= width
    assert not [line for line in lines if line != line.rstrip()]


def test_nothing_in_a_file_reaches_the_screen_as_a_command_to_it(capsys: Screen) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\u202e"
    lines = inspect(write("evil.csv", f"a,{evil}b\n1,{evil}\n2,{evil},{evil}\n"), capsys)
    printed = "\n".join(lines)
    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "\\x1b[2J" in printed


MESSY = {
    "plain": "id,name\n1,Ann\n2,Bob\n",
    "semicolons": "id;price;name\n1;2.50;Ann\n2;3.25;Bob\n",
    "tabs": "id\tname\n1\tAnn\n2\tBob\n",
    "bars and single quotes": "id|name\n1|'a|b'\n2|'it''s'\n3|'x'\n",
    "codes and blanks": "code , n\n007 , 1\n 008, 2\nN/A, \n",
    "preamble": "Report of 2024\n\nid,name\n1,Ann\n2,Bob\n3,Cid\n4,Dan\n",
    "no header": "1,2.5,2024-01-01\n2,3.5,2024-02-01\n3,4.5,2024-03-01\n",
    "ragged": "a,b\n1,2\n3,4,5\n6\n7,8\n",
    "dates": "day,at\n2024-01-31,2024-01-31 10:00:00\n2024-02-01,2024-02-01T11:30:00\n",
    "thousands": "n\n1.234.567\n2.345.678\n12.345\n",
    "yes and no": "paid,note\nyes,a\nno,b\nyes,\n",
    "names that clash": "a b,a_b,A-B,\n1,x,2,3\n4,y,5,6\n",
    "quotes in names": '"a=b,c","say ""hi""",$x\n1,2,y\n3,4,z\n',
    "all null": "a,b\n1,\n2,NULL\n",
    "decimal commas": 'n,m\n"1.234,50","1,5"\n"2.345,75","2,25"\n',
    "day first": "day\n31/01/2024\n01/02/2024\n",
    "month first": "day,n\n01/31/2024,1\n02/01/2024,2\n",
    "times": "t,at\n10:00:00,2024-01-31T10:00:00Z\n11:30:00,2024-02-01T00:00:00+02:00\n",
    "semantics": 'id,doc\n8f14e45f-ceea-467f-9c5f-0123456789ab,"{""a"": 1}"\n'
    '8f14e45f-ceea-467f-9c5f-0123456789ac,"[1, 2]"\n',
    "open": "day,code\n01/02/2024,1 234\n03/04/2024,5 678\n",
}


@pytest.mark.parametrize("name", MESSY)
def test_a_run_with_the_arguments_by_hand_gives_the_same_table(name: str) -> None:
    source = write("messy.csv", MESSY[name])
    with inspect_source(source, {}, {}) as found:
        arguments = find_arguments(found)
        expected = found.open_clean().read_all()
        with inspect_source(source, arguments.load, arguments.clean) as again:
            assert again.open_clean().read_all().equals(expected)
            assert again.read.files[0].dialect == found.read.files[0].dialect
            told = [column.is_explicit for column in again.plan.columns]
            is_open = [bool(column.decision.warnings) for column in found.plan.columns]
            assert told == [not one for one in is_open]
            assert find_arguments(again).load == arguments.load


def test_a_sheet_and_a_record_that_were_found_can_be_told_by_hand() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Cups", 0)
    for row in (["Report of the year"], [], [None, "Year", "Winner"], [None, 1930, "Uruguay"]):
        book["Cups"].append(row)
    book["Sheet"].append(["x"])
    book.save("cups.xlsx")
    Path("cups.xml").write_text("<r><cup y='1930'/><cup y='1934'/><x>1</x></r>")
    expected: dict[str, dict[str, object]] = {
        "cups.xlsx": {"sheet": "Cups", "cells": "B3:C4", "header": True},
        "cups.xml": {"record": "r/cup"},
    }
    for source, arguments in expected.items():
        with inspect_source(source, {}, {}) as found:
            told = find_arguments(found).load
            assert {name: told.get(name) for name in arguments} == arguments
            with inspect_source(source, told, {}) as again:
                assert again.open_clean().read_all().equals(found.open_clean().read_all())


def test_a_contract_is_not_passed_over_in_silence() -> None:
    write("a.csv", "a,b\n1,2\n")
    done = CliRunner().invoke(app, ["inspect", "a.csv", "--clean", "contract=c.yaml"])
    assert done.exit_code == 2
    assert "checks no contract; `ingest SOURCE --contract FILE` does" in done.stderr


def test_the_printed_command_loads_the_same_table(capsys: Screen) -> None:
    source = write("messy.csv", MESSY["quotes in names"] + MESSY["ragged"])
    lines = inspect(source, capsys)
    at = lines.index("the same by hand")
    command = "\n".join(lines[at + 1 : lines.index("", at)])
    words = shlex.split(command.replace("\\\n", ""), comments=True)  # as a shell reads it
    runner = CliRunner()
    target = ["--to", "t.duckdb", "--max-rejects", "100%"]
    plain = runner.invoke(app, ["ingest", source, "--table", "plain", *target])
    assert plain.exit_code == 0, plain.stderr
    told = runner.invoke(app, [*words[words.index("ingest") :], *target])
    assert told.exit_code == 0, told.stderr
    with duckdb.connect("t.duckdb", read_only=True) as connection:
        both = [
            (connection.sql(f"FROM {table}").fetchall(), connection.sql(f"DESCRIBE {table}"))
            for table in ("plain", "messy")
        ]
        assert both[0][0] == both[1][0]
        assert both[0][1].fetchall() == both[1][1].fetchall()


def test_the_printed_python_is_python_and_gives_the_same_table(
    capsys: Screen, session: Any
) -> None:
    from dreambolt_steps import CleanTable, LoadTable, columns

    source = write("messy.csv", MESSY["bars and single quotes"])
    lines = inspect(source, capsys)
    code = "\n".join(lines[lines.index('raw = LoadTable("load", args={') :])
    names: dict[str, Any] = {"CleanTable": CleanTable, "LoadTable": LoadTable, "columns": columns}
    with session():
        exec(code, names)
        raw = LoadTable("plain load", args={"source": source})
        plain = CleanTable("plain clean", inputs=columns(raw))
        assert names["clean"].output.dataset.to_list() == plain.output.dataset.to_list()
        assert names["clean"].output.dataset.features == plain.output.dataset.features


def test_what_was_told_by_hand_stays_in_the_arguments() -> None:
    source = write("a.csv", "x;y\n1;2\n")
    load, clean = {"delimiter": ";"}, {"types": {"x": "text"}, "trim": False}
    with inspect_source(source, load, clean) as inspection:
        arguments = find_arguments(inspection)
    assert arguments.load["delimiter"] == ";"
    assert arguments.clean == {"types": {"x": "text", "y": "int8"}, "trim": False}


OPEN = (
    "day,at,price\n01/02/2024,02/01/2024,$5.00\n03/04/2024,05/06/2024,$6.50\n"
    "05/05/2024,06/06/2024,$7.25\n"
)


def test_what_is_open_stands_in_the_snippets_as_comments(capsys: Screen) -> None:
    lines = inspect(write("open.csv", OPEN), capsys)
    code = "\n".join(lines[lines.index('raw = LoadTable("load", args={') :])
    compile(code, "snippet", "exec")
    assert "    # day: the day or the month may come first: '01/02/2024' in row 1" in lines
    assert '    # "day_first": {"day": True, "at": True},  # or False' in lines
    assert '        # "price": "currency",' in lines
    assert '#   --clean \'day_first={"day": true, "at": true}\'  # or False' in lines
    assert "#   --columns price=currency" in lines
    for name in ("day", "at", "price"):
        assert not [line for line in lines if f"--columns {name}=text" in line]
    told = ["--columns", "price=currency", "--clean", 'day_first={"day": true, "at": true}']
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["inspect", "open.csv", *told])
    assert done.exit_code == 0, done.stderr
    rows = {
        line.split()[0]: line.split()[1]
        for line in done.stdout.split("\n")
        if line[:1].isalpha() and len(line.split()) > 2
    }
    assert (rows["day"], rows["at"], rows["price"]) == ("date", "date", "decimal(18,2)")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("day_first={'a': True} or False", ("day_first", {"a": True}, "or False")),
        ("types={'a b': 'integer'}", ("types", {"a b": "integer"}, "")),
        ("decimal_separator={'x': '.'} or ','", ("decimal_separator", {"x": "."}, "or ','")),
        ("", None),
        ("trim", None),
        ("types={'a", None),
        ("types=[1]", None),
        ("types={'a': open('x')}", None),
    ],
)
def test_arguments_in_warnings_are_taken_apart(text: str, parsed: Any) -> None:
    assert read_argument(text) == parsed


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("delimiter", "\t", "--load 'delimiter=\\t'"),
        ("delimiter", "|", "--load 'delimiter=|'"),
        ("quote", "", "--load quote="),
        ("escape", "\\", "--load 'escape=\\'"),
        ("header", False, "--load header=no"),
        ("skip", 3, "--load skip=3"),
        ("null_tokens", ["", "a,b"], '--load \'null_tokens=["", "a,b"]\''),
    ],
)
def test_options_are_quoted_for_a_shell(name: str, value: Any, option: str) -> None:
    assert write_option("--load", name, value) == option


def test_the_json_document_holds_everything(capsys: Screen) -> None:
    source = write("messy.csv", MESSY["ragged"])
    document = json.loads("\n".join(inspect(source, capsys, as_json=True)))
    assert document["source"] == "messy.csv"
    assert (document["rows"], document["rejected"]) == (2, 2)
    (file,) = document["files"]
    assert file["dialect"]["delimiter"] == ","
    assert (file["rows"], file["rejected"], file["bytes"]) == (2, 2, 20)
    assert [column["name"] for column in document["columns"]] == ["a", "b"]
    assert document["columns"][0]["type"] == "int8"
    assert document["columns"][0]["low"] == "1"
    assert [reject["line"] for reject in document["rejects"]] == [3, 4]
    assert document["arguments"]["clean"] == {"types": {"a": "int8", "b": "int8"}}
    assert shlex.split(document["command"])[-4:] == _list_columns("a=int8", "b=int8")
    compile(document["python"], "snippet", "exec")


def _list_columns(*types: str) -> Sequence[str]:
    return [word for text in types for word in ("--columns", text)]


def test_real_files_fit_an_ordinary_screen(capsys: Screen, shared_data: Path) -> None:
    for name, rows in (("worldcup_players.csv", 37_784), ("worldcup_matches.csv", 852)):
        lines = inspect(str(shared_data / name), capsys)
        assert any(line.startswith(f"{rows:,} rows, 0 rejected") for line in lines)
        assert max(map(len, lines[2 : lines.index("the same by hand")])) <= 80
