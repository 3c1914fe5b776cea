"""SynthesizeRows and CompleteColumns in sessions, with ChatModel and a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dreambolt_steps import (
    AssessSynthesis,
    ChatModel,
    CleanTable,
    CompleteColumns,
    LoadTable,
    MiniLMEmbedder,
    SynthesizeRows,
    columns,
    limit_spending,
)
from dreambolt_steps.dry_run import rehearse
from dreambolt_steps.errors import CostLimitError, CredentialError, ModelError, UsageError
from tests.standins.chat_server import ChatServer, Reply, read_prompt, refuse

TEAMS = {"Brazil": "BRA", "Italy": "ITA", "Peru": "PER"}


@pytest.fixture
def matches(tmp_path: Path) -> Path:
    """60 matches: an id, a date, a team and its code, goals of a half and of the match."""
    lines = ["Match Id,Day,Team,Code,Half,Goals"]
    for at in range(60):
        team = list(TEAMS)[at % 3]
        lines.append(
            f"{at + 1},19{30 + at}-07-{at % 28 + 1:02},{team},{TEAMS[team]},1,{1 + at % 4}"
        )
    path = tmp_path / "matches.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_rows(body: dict[str, Any], number: int) -> str:
    """A model: rows that fit, other ones in every batch; given values are kept."""
    prompt = read_prompt(body)
    batch = int(re.search(r"\(batch (\d+)", prompt)[1])  # type: ignore[index]
    count = int(re.search(r"Write (\d+) rows", prompt)[1])  # type: ignore[index]
    given = [json.loads(line) for line in re.findall(r"^\{\"team\": \"\w+\"\}$", prompt, re.M)]
    rows = []
    for at in range(count):
        team = given[at]["team"] if given else list(TEAMS)[(batch + at) % 3]
        day = f"19{30 + batch % 60:02}-08-{at + 1:02}"
        row = {"day": day, "team": team, "code": TEAMS.get(team, "XXX"), "half": 1, "goals": 2}
        rows.append({name: value for name, value in row.items() if name in read_schema(body)})
    return json.dumps({"rows": rows})


def read_schema(body: dict[str, Any]) -> dict[str, Any]:
    """The properties of a row, as the server was told."""
    schema = body["response_format"]["json_schema"]["schema"]
    found: dict[str, Any] = schema["properties"]["rows"]["items"]["properties"]
    return found


def clean(source: Path) -> Any:
    load = LoadTable("load", args={"source": str(source)})
    return CleanTable("clean", inputs=columns(load))


def made(step: Any) -> list[dict[str, Any]]:
    return [row for row in step.output.dataset.to_list() if row["_synthetic"]]


def test_rows_are_made_once_also_when_more_are_wanted(
    matches: Path, session: Callable[..., Any]
) -> None:
    def run(rows: int) -> tuple[list[dict[str, Any]], Any]:
        with session():
            args = {"llm": ChatModel("m", server.url), "rows": rows}
            step = SynthesizeRows("more", inputs=columns(clean(matches)), args=args)
            return made(step), step.receipt

    with ChatServer(write_rows) as server:
        few, receipt = run(20)
        assert len(server.bodies) == 4
        assert [row["match_id"] for row in few] == list(range(61, 81))
        assert {row["_synthetic_model"] for row in few} == {"m"}
        assert {row["_synthetic_prompt"] for row in few} == {"rows 3"}
        assert len({row["_synthetic_call"] for row in few}) == 4
        assert (receipt.rows_in, receipt.rows_made, receipt.rows_out) == (60, 20, 80)
        many, receipt = run(50)
        assert len(server.bodies) == 10
        assert many[:20] == few
        assert receipt.report["calls known"] == 4
        assert run(50)[0] == many
        assert len(server.bodies) == 10
        row = read_schema(server.bodies[0])
        assert row["team"] == {"type": "string", "enum": ["Brazil", "Italy", "Peru"]}
        assert (row["goals"]["minimum"], row["goals"]["maximum"]) == (1, 4)
        assert list(row) == ["day", "team", "half", "goals"]  # the id is counted, the code follows
        assert all(row["code"] == TEAMS[row["team"]] for row in many)
        assert server.bodies[0]["messages"][0]["role"] == "system"


def test_an_accepted_row_costs_what_all_calls_cost_also_those_in_vain(
    matches: Path, session: Callable[..., Any]
) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        if number == 1:
            return refuse(500, "busy")
        is_repair = "Wrong: " in read_prompt(body)
        text = "I would rather not." if number == 2 or is_repair else write_rows(body, number)
        return Reply(text, tokens=(1000, 500))

    def run(rows: int) -> float:
        with session():
            llm = ChatModel("m", server.url, price=(1, 2), max_in_flight=1)
            args = {"llm": llm, "rows": rows}
            step = SynthesizeRows("more", inputs=columns(clean(matches)), args=args)
            assert step.receipt.rows_made == rows
            scores = AssessSynthesis("assess", inputs=columns(step)).output.dataset.to_list()
        [cost] = [one["value"] for one in scores if one["measure"] == "USD per accepted row"]
        return float(cost)

    with ChatServer(answer) as server:
        assert run(20) == pytest.approx((len(server.bodies) - 1) * 0.002 / 20)
        assert len(server.bodies) == 7  # four, one more for a busy server, two for a bad answer
        assert run(40) == pytest.approx((len(server.bodies) - 1) * 0.002 / 40)
        assert len(server.bodies) == 11


def test_relations_dependencies_and_contract_are_kept(
    matches: Path, session: Callable[..., Any]
) -> None:
    changes: list[dict[str, Any]] = [
        {"code": "ITA", "team": "Brazil"},
        {"half": 1, "goals": 1, "team": "Peru", "code": "PER"},
        {"goals": 4, "team": "Peru", "code": "PER"},
    ]

    def answer(body: dict[str, Any], number: int) -> str:
        prompt = read_prompt(body)
        if "Wrong: " in prompt:
            told.extend(re.findall(r"Wrong: (.*)", prompt))
            return '{"rows": []}'
        rows = json.loads(write_rows(body, number))["rows"]
        for row, change in zip(rows, changes, strict=False):
            row.update(change)
        return json.dumps({"rows": rows})

    told: list[str] = []
    with ChatServer(answer) as server, session():
        contract = {"contract": 1, "columns": {"goals": {"type": "int64", "max": 3}}}
        args = {
            "llm": ChatModel("m", server.url, max_in_flight=1),
            "rows": 5,
            "keep_ranges": False,
            "relations": ["goals > half"],
            "contract": contract,
        }
        step = SynthesizeRows("more", inputs=columns(clean(matches)), args=args)
        assert len(made(step)) < 5
    assert told[0].startswith("code: code is 'BRA' wherever team is 'Brazil'")
    assert told[1] == "breaks the relation goals > half"
    assert told[2] == "goals: 4 is greater than the maximum of 3"
    assert "code follows from team" in server.bodies[0]["messages"][0]["content"]
    assert "rows are missing: every row was tried 3 times" in step.receipt.notes[1]
    assert step.receipt.rejects is not None


def test_categories_are_balanced_and_quotas_kept(
    matches: Path, session: Callable[..., Any]
) -> None:
    with ChatServer(write_rows) as server, session():
        source = columns(clean(matches))
        args = {"llm": ChatModel("m", server.url), "rows": 9, "where": {"team": ["Peru", "Chile"]}}
        teams = [row["team"] for row in made(SynthesizeRows("a", inputs=source, args=args))]
        assert teams == ["Peru", "Chile"] * 4 + ["Peru"]
        args |= {"rows": 100, "where": {"team": {"Italy": 1, "Peru": 3}}}
        teams = [row["team"] for row in made(SynthesizeRows("b", inputs=source, args=args))]
        assert sorted(teams) == ["Italy", "Peru", "Peru", "Peru"]
        args = {"llm": ChatModel("m", server.url), "rows": 1, "fixed": {"club": 1}}
        with pytest.raises(UsageError, match="no column 'club'; there are match_id"):
            SynthesizeRows("c", inputs=source, args=args)
        args = {"llm": ChatModel("m", server.url), "rows": 1, "relations": ["gaols > 1"]}
        with pytest.raises(UsageError, match="relation 'gaols > 1' is no condition"):
            SynthesizeRows("d", inputs=source, args=args)


def read_given(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that a call to complete asks about."""
    given = re.split(r"^The \d+ .*:$", read_prompt(body), flags=re.MULTILINE)[-1]
    return [json.loads(line) for line in given.split("\n") if line.startswith("{")]


def test_rows_to_vary_are_shown_in_turn_and_new_ones_pay_only_for_themselves(
    matches: Path, session: Callable[..., Any]
) -> None:
    seeds = [{"team": "Peru", "goals": 4}, {"team": "Italy", "day": "1990-07-08"}]
    with ChatServer(write_rows) as server, session():
        source = columns(clean(matches))
        args = {"llm": ChatModel("m", server.url, max_in_flight=1), "rows": 8, "seed_rows": seeds}
        assert len(made(SynthesizeRows("vary", inputs=source, args=args))) == 8
        shown = [
            re.findall(
                r"^(\{.*\})$", read_prompt(body).split("a variation of each")[1], re.MULTILINE
            )
            for body in server.bodies
        ]
        peru, italy = (json.dumps(seed) for seed in seeds)
        assert shown == [[peru, italy, peru, italy, peru], [italy, peru, italy]]
        assert len(made(SynthesizeRows("again", inputs=source, args=args))) == 8
        assert len(server.bodies) == 2
        args["seed_rows"] = seeds[:1]
        SynthesizeRows("other", inputs=source, args=args)
        assert len(server.bodies) == 4


def test_a_column_is_completed_with_one_question_for_each_distinct_value(
    matches: Path, session: Callable[..., Any]
) -> None:
    def translate(body: dict[str, Any], _: int) -> str:
        names = {"Brazil": "Brasilien", "Italy": "Italien", "Peru": "Peru"}
        given = read_given(body)
        rows = [{"_row": row["_row"], "mannschaft": names[row["team"]]} for row in given]
        return json.dumps({"rows": rows[::-1]})

    with ChatServer(translate) as server, session():
        args = {"llm": ChatModel("m", server.url), "columns": {"mannschaft": "text"}}
        args |= {"using": ["team"], "template": "translate", "instruction": "to German"}
        step = CompleteColumns("translate", inputs=columns(clean(matches)), args=args)
        rows = step.output.dataset.to_list()
    assert len(server.bodies) == 1
    assert [row["mannschaft"] for row in rows[:3]] == ["Brasilien", "Italien", "Peru"]
    assert [row["match_id"] for row in rows] == list(range(1, 61))
    assert all(row["_synthetic"] and row["_synthetic_prompt"] == "translate 1" for row in rows)


def test_a_model_that_leaves_rows_out_shifts_none_and_is_asked_for_them_again(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    path = tmp_path / "words.csv"
    path.write_text("word\n" + "".join(f"{word}\n" for word in "abcde"))

    def leave_out(body: dict[str, Any], number: int) -> str:
        rows = [row | {"loud": row["word"].upper()} for row in read_given(body)]
        return json.dumps({"rows": rows[:0:-1] or rows})

    with ChatServer(leave_out) as server, session():
        args = {"llm": ChatModel("m", server.url), "columns": {"loud": "text"}}
        step = CompleteColumns("shout", inputs=columns(clean(path)), args=args)
        rows = step.output.dataset.to_list()
    assert [(row["word"], row["loud"]) for row in rows] == list(zip("abcde", "ABCDE", strict=True))
    asked = [[row["word"] for row in read_given(body)] for body in server.bodies]
    assert asked == [list("abcde"), ["a"]]
    schema = server.bodies[0]["response_format"]["json_schema"]["schema"]
    row_schema = schema["properties"]["rows"]["items"]
    assert row_schema["required"] == ["_row", "loud"]
    assert row_schema["properties"]["_row"]["enum"] == [1, 2, 3, 4, 5]


def test_only_what_is_missing_is_filled(tmp_path: Path, session: Callable[..., Any]) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,city\nAda,London\nGrace,\nAlan,\nGrace,Paris\n")
    answer = '{"rows": [{"_row": 1, "city": "Rome"}, {"_row": 2, "city": null}]}'
    with ChatServer(lambda body, _: answer) as server:
        with session():
            args = {"llm": ChatModel("m", server.url), "columns": ["city"]}
            step = CompleteColumns("fill", inputs=columns(clean(path)), args=args)
            rows = step.output.dataset.to_list()
        assert '"name": "Ada"' not in read_prompt(server.bodies[0]).split("rows to complete")[1]
    assert [row["city"] for row in rows] == ["London", "Rome", None, "Paris"]
    assert [row["_synthetic"] for row in rows] == [False, True, True, False]


def test_a_rehearsal_checks_the_model_and_estimates_without_asking(
    matches: Path, session: Callable[..., Any]
) -> None:
    with ChatServer(write_rows) as server, session(), rehearse():
        source = columns(clean(matches))
        llm = ChatModel("m", server.url, price=(1, 1))
        step = SynthesizeRows("more", inputs=source, args={"llm": llm, "rows": 200})
        [note] = step.receipt.notes
        assert re.fullmatch(
            r"would ask for 200 rows in 40 calls: about [\d,]+ tokens in, [\d,]+ out, "
            r"about \$0\.0\d+ \(given\)",
            note,
        )
        assert server.bodies == []
        server.models = ["other"]
        with pytest.raises(ModelError, match="has no model m; it has other"):
            SynthesizeRows("less", inputs=source, args={"llm": llm, "rows": 2})


def test_a_bad_model_is_told_in_one_line(
    tmp_path: Path, session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n,\n")
    too_long = refuse(400, "maximum context length is 8192 tokens", "context_length_exceeded")
    for reply, error, words in [
        (refuse(401, "bad key"), CredentialError, "refused the key in OPENAI_API_KEY"),
        (too_long, ModelError, "2 of 2 rows are missing.* maximum context length is 8192 tokens"),
        (Reply("no"), ModelError, "2 of 2 rows are missing.* holds no JSON"),
    ]:
        with ChatServer(lambda body, _, reply=reply: reply) as server, session():
            args = {"llm": ChatModel("m", server.url), "rows": 2}
            with pytest.raises(error, match=words):
                SynthesizeRows(
                    "more", inputs=columns(LoadTable("load", args={"source": str(path)})), args=args
                )


def test_empty_tables_and_columns_of_nulls_can_be_added_to(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    (tmp_path / "empty.csv").write_text("name,age\n")
    (tmp_path / "nulls.csv").write_text("name,age\nAda,\nAlan,\n")
    answer = '{"rows": [{"name": "Grace", "age": null}]}'
    with ChatServer(lambda body, _: answer) as server, session():
        for name in ("empty", "nulls"):
            load = LoadTable(name, args={"source": str(tmp_path / f"{name}.csv")})
            args = {"llm": ChatModel("m", server.url), "rows": 1}
            step = SynthesizeRows(f"more {name}", inputs=columns(load), args=args)
            assert [row["name"] for row in made(step)] == ["Grace"]


@pytest.mark.parametrize(("answer", "most"), [("I can't help.", 3), ('{"rows": [{"x": 1}]}', 3)])
def test_a_model_that_never_fits_is_stopped_after_three_answers_and_one_is_shown(
    matches: Path, session: Callable[..., Any], answer: str, most: int
) -> None:
    with ChatServer(lambda body, _: answer) as server, session():
        args = {"llm": ChatModel("m", server.url), "rows": 60}
        with pytest.raises(ModelError) as caught:
            SynthesizeRows("more", inputs=columns(clean(matches)), args=args)
    assert len(server.bodies) == most
    words = f"none of the first 3 answers holds a row that fits; the last one: {answer!r}"
    assert words in str(caught.value)


def test_once_a_row_fits_later_answers_may_fail(matches: Path, session: Callable[..., Any]) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        fits = "(batch" in read_prompt(body) and number not in (0, 5)
        return write_rows(body, number) if fits else "no"

    with ChatServer(answer) as server, session():
        args = {"llm": ChatModel("m", server.url), "rows": 40}
        assert len(made(SynthesizeRows("m", inputs=columns(clean(matches)), args=args))) == 40
    assert 8 + 2 <= len(server.bodies) <= 8 + 2 * 2  # each of the two is asked again


def test_examples_are_fitted_to_what_the_model_reads(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("id,note\n" + "".join(f"{at},{'word ' * 400}{at}\n" for at in range(9)))

    def answer(body: dict[str, Any], number: int) -> str:
        rows = [{"id": 100 + 9 * number + at, "note": f"new {number} {at}"} for at in range(2)]
        return json.dumps({"rows": rows})

    with ChatServer(answer) as server, session():
        source = columns(clean(path))
        args = {"llm": ChatModel("m", server.url, context_length=2_000), "rows": 2}
        args |= {"rows_per_call": 2, "max_new_tokens": 200}
        assert len(made(SynthesizeRows("fits", inputs=source, args=args))) == 2
        (body,) = server.bodies
        assert 400 < sum(len(message["content"]) for message in body["messages"]) // 4 < 1_800
        args = {"llm": ChatModel("m", server.url, context_length=600), "columns": {"t": "text"}}
        with pytest.raises(ModelError, match=r"has about [\d,]+ tokens, and the model reads 3"):
            CompleteColumns("too long", inputs=source, args=args)
        assert len(server.bodies) == 1


def test_tokens_that_a_server_does_not_report_are_estimated_and_limit_the_cost(
    matches: Path, session: Callable[..., Any]
) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        return Reply(write_rows(body, number), tokens=(0, 0))

    with ChatServer(answer) as server, session(), limit_spending(0.02):
        args = {"llm": ChatModel("m", server.url, price=(10, 10), max_in_flight=1), "rows": 400}
        with pytest.raises(CostLimitError, match="has spent"):
            SynthesizeRows("more", inputs=columns(clean(matches)), args=args)
        assert 0 < len(server.bodies) < 20


def test_rows_of_nearly_the_same_meaning_are_rejected_with_an_embedder(
    tmp_path: Path, session: Callable[..., Any]
) -> None:
    stories = [
        "The keeper saved a penalty in the last minute and carried his side into the final.",
        "Rain fell for ninety minutes, and the pitch was a lake before the second half began.",
        "A boy of seventeen scored twice against the hosts while the whole stadium fell silent.",
    ]
    path = tmp_path / "stories.csv"
    path.write_text("story\n" + "".join(f'"{story}"\n' for story in stories))
    near = stories[0].replace("saved a penalty", "saved one penalty")
    other = "The trainer left in spring, and nobody could say who chose the players that summer."

    def answer(body: dict[str, Any], number: int) -> str:
        return json.dumps({"rows": [{"story": near}, {"story": other}]})

    with ChatServer(answer) as server, session():
        load = LoadTable("load", args={"source": str(path)})
        args = {
            "llm": ChatModel("m", server.url, max_in_flight=1),
            "rows": 2,
            "near": None,
            "embedder": MiniLMEmbedder(),
        }
        step = SynthesizeRows("more", inputs=columns(load), args=args)
        assert [row["story"] for row in made(step)] == [other]
        assert "a row of nearly the same meaning exists" in step.receipt.report["rejected"]
