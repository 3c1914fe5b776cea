"""SQL text for Firebolt: tables of (arguments, statement), and names and values of every kind that
an independent parser has to read as one statement with one effect."""

from __future__ import annotations

import doctest
import re
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from dreambolt_steps.errors import SchemaError, UsageError
from dreambolt_steps.warehouses import keyed_sql, statement
from dreambolt_steps.warehouses.firebolt.sql import copy, ledger, names, table, types, vectors
from dreambolt_steps.warehouses.firebolt.sql import plan as load_plan
from dreambolt_steps.warehouses.firebolt.sql.copy import (
    S3Access,
    render_copy,
    render_count,
    render_create_location,
    render_upload,
)
from dreambolt_steps.warehouses.firebolt.sql.names import (
    FILE_COLUMN,
    TableLayout,
    quote_table,
    render_create_table,
)
from dreambolt_steps.warehouses.firebolt.sql.plan import LoadPlan, plan_load
from dreambolt_steps.warehouses.firebolt.sql.table import FileFacts, Step, TableFacts
from dreambolt_steps.warehouses.firebolt.sql.types import (
    fits_type,
    is_vector,
    name_type,
    read_type,
)
from dreambolt_steps.warehouses.firebolt.sql.vectors import (
    name_vector_index,
    render_search,
    render_vector_index,
)
from dreambolt_steps.warehouses.load import KEYED, Load
from dreambolt_steps.warehouses.statement import Secret, Statement, quote_text
from tests.standins.firebolt_grammar import read_statement

KEYS = S3Access(
    key=Secret("AWS_ACCESS_KEY_ID", "AKIA-1"), secret=Secret("AWS_SECRET_ACCESS_KEY", "s'ecret")
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
NASTY = st.sampled_from(
    ['"; DROP TABLE t; --', "'; DELETE FROM t; --", "*/ x /*", "select", "NULL", "a.b", "?", "%s",
     "$1", "\\", "\\'", "''", '""', "Ω🙂", "--", "E'", "x" * 255, "\n", "\t;"]
)  # fmt: skip
NAMES = st.one_of(NASTY, TEXT.filter(bool))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.bool_(), "BOOLEAN"),
        (pa.int8(), "INTEGER"),
        (pa.uint16(), "INTEGER"),
        (pa.int32(), "INTEGER"),
        (pa.uint32(), "BIGINT"),
        (pa.int64(), "BIGINT"),
        (pa.uint64(), "NUMERIC(20, 0)"),
        (pa.float32(), "DOUBLE PRECISION"),
        (pa.float64(), "DOUBLE PRECISION"),
        (pa.decimal128(38, 9), "NUMERIC(38, 9)"),
        (pa.decimal128(5, 5), "NUMERIC(5, 5)"),
        (pa.string(), "TEXT"),
        (pa.large_string(), "TEXT"),
        (pa.binary(), "BYTEA"),
        (pa.binary(16), "BYTEA"),
        (pa.date32(), "DATE"),
        (pa.timestamp("us"), "TIMESTAMP"),
        (pa.timestamp("ms", "UTC"), "TIMESTAMPTZ"),
        (pa.timestamp("us", "Europe/Berlin"), "TIMESTAMPTZ"),
        (pa.null(), "TEXT"),
        (pa.dictionary(pa.int32(), pa.string()), "TEXT"),
        (pa.list_(pa.string()), "ARRAY(TEXT NULL)"),
        (pa.list_(pa.field("item", pa.int64(), nullable=False)), "ARRAY(BIGINT NOT NULL)"),
        (pa.list_(pa.float32(), 384), "ARRAY(DOUBLE PRECISION NULL)"),
        (pa.list_(pa.list_(pa.int8())), "ARRAY(ARRAY(INTEGER NULL) NULL)"),
        (
            pa.struct([("a b", pa.int64()), pa.field("c", pa.date32(), nullable=False)]),
            'STRUCT("a b" BIGINT NULL, "c" DATE NOT NULL)',
        ),
        (
            pa.list_(pa.struct([("x", pa.list_(pa.string()))])),
            'ARRAY(STRUCT("x" ARRAY(TEXT NULL) NULL) NULL)',
        ),
    ],
)
def test_types(kind: pa.DataType, expected: str) -> None:
    assert name_type(kind) == expected
    assert read_type(expected) == expected
    assert read_type(expected.lower()) == expected.replace("A B", "a b")
    assert fits_type(expected, read_type(expected.lower()))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (pa.time64("us"), "no time of day; make it text"),
        (pa.duration("s"), "no durations"),
        (pa.map_(pa.string(), pa.int64()), "no maps"),
        (pa.timestamp("ns"), "keeps microseconds"),
        (pa.decimal256(40, 2), "keeps 38 digits"),
        (pa.list_(pa.timestamp("ns")), "keeps microseconds"),
    ],
)
def test_types_that_firebolt_does_not_have(kind: pa.DataType, words: str) -> None:
    with pytest.raises(SchemaError, match=rf"column 'c' is .*{words}"):
        name_type(kind, "c")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("int", "INTEGER"),
        ("long", "BIGINT"),
        ("double", "DOUBLE PRECISION"),
        ("text null", "TEXT"),
        ("numeric(38,9)", "NUMERIC(38, 9)"),
        ("Decimal(38, 9)", "NUMERIC(38, 9)"),
        ("array(int)", "ARRAY(INTEGER)"),
        ("array(double null) null", "ARRAY(DOUBLE PRECISION NULL)"),
        ("timestampntz", "TIMESTAMP"),
        ('struct("Int" int null)', 'STRUCT("Int" INTEGER NULL)'),
    ],
)
def test_types_as_the_catalog_tells_them(told: str, expected: str) -> None:
    assert read_type(told) == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("INTEGER", "BIGINT", True),
        ("BIGINT", "INTEGER", False),
        ("INTEGER", "DOUBLE PRECISION", True),
        ("BIGINT", "DOUBLE PRECISION", False),
        ("BIGINT", "NUMERIC(20, 0)", True),
        ("BIGINT", "NUMERIC(20, 2)", False),
        ("NUMERIC(5, 2)", "NUMERIC(8, 3)", True),
        ("NUMERIC(5, 2)", "NUMERIC(5, 3)", False),
        ("DATE", "TIMESTAMP", False),
        ("TIMESTAMP", "TIMESTAMPTZ", False),
        ("ARRAY(DOUBLE PRECISION NULL)", "ARRAY(DOUBLE PRECISION)", True),
        ("BIGINT", "TEXT", False),
    ],
)
def test_types_that_fit(source: str, target: str, expected: bool) -> None:
    assert fits_type(source, target) is expected


def test_vectors_are_known_by_their_type() -> None:
    assert is_vector("ARRAY(DOUBLE PRECISION)")
    assert not is_vector("ARRAY(BIGINT NULL)")


def test_create_table() -> None:
    layout = TableLayout(
        primary_index=("id",),
        partition_by=("day",),
        table_type="dimension",
        descriptions={"a": "it's text"},
    )
    columns = {"id": "BIGINT", "day": "DATE", "a": "TEXT"}
    assert render_create_table("s.t", columns, layout=layout) == (
        'CREATE DIMENSION TABLE "s"."t" ("id" BIGINT NOT NULL, "day" DATE NOT NULL,'
        ' "a" TEXT NULL DESCRIPTION = \'it\'\'s text\') PRIMARY INDEX "id" PARTITION BY "day"'
    )


@pytest.mark.parametrize(
    ("access", "url", "expected"),
    [
        (
            S3Access(),
            "s3://b/p/id/",
            'COPY INTO "t" ("a", "_dreambolt_file" $source_file_name) FROM \'s3://b/p/id/\' WITH ('
            "TYPE = PARQUET, AUTO_CREATE = FALSE, ALLOW_COLUMN_MISMATCH = FALSE,"
            " MAX_ERRORS_PER_FILE = 0)",
        ),
        (
            KEYS,
            "s3://b/p/id/",
            'COPY INTO "t" ("a", "_dreambolt_file" $source_file_name) FROM \'s3://b/p/id/\' WITH ('
            "TYPE = PARQUET, AUTO_CREATE = FALSE, ALLOW_COLUMN_MISMATCH = FALSE,"
            " MAX_ERRORS_PER_FILE = 0, CREDENTIALS = (AWS_ACCESS_KEY_ID = <AWS_ACCESS_KEY_ID>"
            " AWS_SECRET_ACCESS_KEY = <AWS_SECRET_ACCESS_KEY>))",
        ),
        (
            S3Access(role_arn="arn:aws:iam::1:role/x", external_id="7"),
            "s3://b/x.parquet",
            'COPY INTO "t" ("a", "_dreambolt_file" $source_file_name) FROM \'s3://b/x.parquet\''
            " WITH (TYPE = PARQUET, AUTO_CREATE = FALSE, ALLOW_COLUMN_MISMATCH = FALSE,"
            " MAX_ERRORS_PER_FILE = 0, CREDENTIALS = (AWS_ROLE_ARN = 'arn:aws:iam::1:role/x'"
            " AWS_ROLE_EXTERNAL_ID = '7'))",
        ),
        (
            S3Access(location="lake", location_url="s3://b/p"),
            "s3://b/p/id/",
            'COPY INTO "t" ("a", "_dreambolt_file" $source_file_name) FROM "lake" WITH ('
            "TYPE = PARQUET, AUTO_CREATE = FALSE, ALLOW_COLUMN_MISMATCH = FALSE,"
            " MAX_ERRORS_PER_FILE = 0, PATTERN = 'id/part.*')",
        ),
    ],
)
def test_copy(access: S3Access, url: str, expected: str) -> None:
    copy = render_copy("t", ["a"], url, access, file_column=FILE_COLUMN)
    assert str(copy) == expected


def test_secrets_are_only_in_what_is_sent() -> None:
    copy = render_copy("t", ["a"], "s3://b/p/", KEYS)
    location = render_create_location("lake", "s3://b/p/", KEYS)
    for masked in (copy, location):
        for text in (str(masked), repr(masked), f"{masked}"):
            assert "AKIA" not in text
            assert "ecret'" not in text
        assert "AWS_SECRET_ACCESS_KEY = 's''ecret'" in masked.reveal()
    assert str(location) == (
        'CREATE LOCATION IF NOT EXISTS "lake" WITH SOURCE = AMAZON_S3 CREDENTIALS ='
        " (AWS_ACCESS_KEY_ID = <AWS_ACCESS_KEY_ID> AWS_SECRET_ACCESS_KEY ="
        " <AWS_SECRET_ACCESS_KEY>) URL = 's3://b/p/'"
    )


def test_rows_that_may_be_left_out_go_to_a_folder() -> None:
    copy = render_copy("t", ["a"], "s3://b/p/", KEYS, max_errors=5, error_url="s3://b/e/")
    assert "MAX_ERRORS_PER_FILE = 5" in str(copy)
    assert "ERROR_FILE = 's3://b/e/', ERROR_FILE_CREDENTIALS = (AWS_ACCESS_KEY_ID = <" in str(copy)


@pytest.mark.parametrize(
    "url", ["s3://other/id/", "s3://b/p/a b/", "s3://b/p/x*/", "s3://b/p/it's"]
)
def test_what_a_location_can_not_name(url: str) -> None:
    with pytest.raises(UsageError):
        render_copy("t", ["a"], url, S3Access(location="lake", location_url="s3://b/p/"))


def test_the_pattern_of_a_folder_means_the_same_as_glob_and_as_regular_expression() -> None:
    import fnmatch

    access = S3Access(location="lake", location_url="s3://b/p/")
    copy = str(render_copy("t", ["a"], "s3://b/p/0f/", access))
    pattern = re.findall(r"PATTERN = '(.*?)'", copy)[0]
    for name, expected in (
        ("0f/part.00000.parquet", True),
        ("0f/part.99999.parquet", True),
        ("0e/part.00000.parquet", False),
        ("0f/other", False),
    ):
        assert bool(re.fullmatch(pattern, name)) is expected
        assert fnmatch.fnmatchcase(name, pattern) is expected


def test_search_by_index_and_over_all_rows() -> None:
    assert render_search("t", ["a"], "v", [1, 0.5], 3, index="i") == (
        'SELECT * FROM (SELECT "a", VECTOR_COSINE_SIMILARITY("v", [1.0, 0.5]) AS "similarity" FROM'
        ' VECTOR_SEARCH(INDEX "i", target_vector => [1.0, 0.5], top_k => 3)) AS found'
        ' WHERE "similarity" <= 2 ORDER BY "similarity" DESC LIMIT 3'
    )
    assert 'FROM "t" WHERE "v" IS NOT NULL' in render_search("t", ["a"], "v", [1.0], 3)


def test_names_of_indexes_stay_short_and_apart() -> None:
    names = {name_vector_index("t" * 250, f"v{at}") for at in range(3)}
    assert len(names) == 3
    assert max(map(len, names)) <= 255


@pytest.mark.parametrize("name", ["x" * 256, "a\0b"])
def test_names_that_firebolt_refuses_are_told_before(name: str) -> None:
    with pytest.raises((SchemaError, UsageError)):
        render_create_table("t", {name: "TEXT"})
    with pytest.raises((SchemaError, UsageError)):
        quote_table(name)


FILES = FileFacts(
    columns={"id": "BIGINT", "a": "TEXT", "v": "ARRAY(DOUBLE PRECISION NULL)"},
    dims={"v": 2},
    rows={"p/id/part.0": 3},
    prefix="p/id/",
    metadata={"embedding_model": "mini"},
)


def deliver(table: str, tracks: bool) -> list[Step]:
    return [Step("bring", Statement(("COPY ..",)))]


THERE = TableFacts({**FILES.columns, "v": "ARRAY(DOUBLE PRECISION)", FILE_COLUMN: "TEXT"})
HISTORY = {"valid_from": "TIMESTAMPTZ", "valid_to": "TIMESTAMPTZ"}


def plan(mode: str, table: TableFacts | None = None, **options: Any) -> LoadPlan:
    key = ("id",) if mode in ("merge", "snapshot") else ()
    load = Load("t", "one", mode=mode, key=key, evolve=options.pop("evolve", False))
    options.setdefault("layout", TableLayout())
    return plan_load(load, options.pop("files", FILES), table, deliver, **options)


def tell(steps: tuple) -> list[str]:
    """The first words of each statement, for a look at the order."""
    return [f"{step.kind}: {' '.join(str(step.sql).split()[:4])}" for step in steps]


def test_create_is_one_copy_into_the_table_itself() -> None:
    found = plan("create", layout=TableLayout(vector_index=("v",)))
    assert found.ahead == ()
    assert tell(found.inside) == [
        'run: CREATE FACT TABLE "t"',
        'run: CREATE INDEX "t_v_hnsw" ON',
        "bring: COPY ..",
        'after: SELECT "_dreambolt_file", count(*) FROM',
        'run: UPDATE "_dreambolt_loads" SET "superseded_at"',
        'write: UPDATE "_dreambolt_loads" SET "mode"',
        'record: SELECT count(*) FROM "_dreambolt_loads"',
    ]


def test_replace_keeps_a_table_of_the_same_schema_and_drops_another() -> None:
    assert str(plan("replace", THERE).inside[0].sql) == 'DELETE FROM "t" WHERE 1 = 1'
    other = plan("replace", TableFacts({"id": "TEXT"}))
    assert tell(other.inside)[:2] == ['run: DROP TABLE "t"', 'run: CREATE FACT TABLE "t"']


def test_merge_waits_in_a_table_of_its_own() -> None:
    found = plan("merge", THERE)
    kinds = [step.kind for step in found.inside]
    assert kinds == [
        "run", "run", "bring", "after", "key", "run", "run", "write", "record"
    ]  # fmt: skip
    assert tell(found.inside)[5].startswith('run: MERGE INTO "t" AS')
    assert not found.ahead  # the table is made and dropped in the transaction


@pytest.mark.parametrize("mode", ["append", "replace", "merge", "snapshot"])
def test_a_long_load_brings_its_rows_ahead_of_the_transaction(mode: str) -> None:
    found = plan(mode, apart=True, attempt="_2")
    assert [step.kind for step in found.ahead][:3] == ["run", "run", "bring"]
    assert "bring" not in [step.kind for step in found.inside]
    dropped = str(found.ahead[0].sql).removeprefix("DROP TABLE IF EXISTS ")
    assert dropped.endswith('_2"')
    assert f"DROP TABLE {dropped}" in [str(step.sql) for step in found.inside]


def test_a_table_without_the_column_of_files_is_counted_before_and_after() -> None:
    own = {name: kind for name, kind in THERE.columns.items() if name != FILE_COLUMN}
    found = plan("append", TableFacts(own))
    assert [step.kind for step in found.inside] == ["before", "bring", "after", "write", "record"]
    assert str(found.inside[0].sql) == 'SELECT count(*) FROM "t"'


def test_a_table_evolves() -> None:
    table = TableFacts({"id": "INTEGER", "gone": "DATE", FILE_COLUMN: "TEXT"})
    with pytest.raises(SchemaError, match="'gone' is only in the table"):
        plan("append", table)
    found = plan("append", table, evolve=True)
    texts = [str(step.sql) for step in found.inside]
    assert texts[:2] == [
        'ALTER TABLE "t" ADD COLUMN "a" TEXT NULL',
        'ALTER TABLE "t" ADD COLUMN "v" ARRAY(DOUBLE PRECISION NULL) NULL',
    ]
    wide = next(text for text in texts if text.startswith("INSERT INTO"))
    assert 'CAST("id" AS BIGINT)' in wide
    assert any(
        re.fullmatch(r'ALTER TABLE "_dreambolt_rows_\w+_wide" RENAME TO "t"', t) for t in texts
    )


def test_a_table_with_indexes_is_not_made_anew() -> None:
    table = TableFacts({"id": "INTEGER", FILE_COLUMN: "TEXT"}, indexes=frozenset({"t_hnsw"}))
    with pytest.raises(SchemaError, match=r"anew to widen 'id', and with it its indexes t_hnsw"):
        plan("append", table, evolve=True)


@pytest.mark.parametrize(
    "layout",
    [
        TableLayout(primary_index=("x",)),
        TableLayout(partition_by=("x",)),
        TableLayout(vector_index=("a",)),
    ],
)
def test_layouts_that_do_not_fit(layout: TableLayout) -> None:
    with pytest.raises(SchemaError):
        plan("create", layout=layout)


def parse_one(sql: str) -> exp.Expression:
    """Parse with sqlglot, which knows nothing of Firebolt: what is its own is spelled otherwise."""
    standard = re.sub(r"^CREATE (FACT|DIMENSION) TABLE", "CREATE TABLE", sql)
    found = sqlglot.parse(standard, dialect="postgres")
    assert len(found) == 1
    assert found[0] is not None
    return found[0]


EFFECTS = {
    "CREATE": exp.Create, "DROP": exp.Drop, "INSERT": exp.Insert, "MERGE": exp.Merge,
    "SELECT": exp.Select, "UPDATE": exp.Update, "DELETE": exp.Delete, "ALTER": exp.Alter,
}  # fmt: skip


def check_effect(sql: str) -> None:
    """One statement of the kind its first word says, with no other inside."""
    parsed = parse_one(sql)
    root = EFFECTS[sql.split()[0]]
    assert type(parsed) is root, sql
    inner = [exp.Create, exp.Drop, exp.Merge, exp.Delete, exp.Alter]
    inner += [] if root is exp.Merge else [exp.Insert, exp.Update]  # branches of a MERGE
    assert [node for kind in inner for node in parsed.find_all(kind) if node is not parsed] == []


@settings(max_examples=100)
@given(table=NAMES, column=NAMES, other=NAMES, load_id=TEXT.filter(bool), value=TEXT)
def test_no_name_or_value_has_effects_of_its_own(
    table: str, column: str, other: str, load_id: str, value: str
) -> None:
    table = table.replace(".", "_")
    assume(table.lower() != "_dreambolt_loads")
    assume(column != other)
    assume(not {*HISTORY, FILE_COLUMN} & {column, other})
    columns = {column: "BIGINT", other: "TEXT"}
    files = FileFacts(columns, {}, {f"p/{value}": 1}, "p/", metadata={"source": value})
    there = TableFacts({**columns, FILE_COLUMN: "TEXT"})
    history = TableFacts({**there.columns, **HISTORY})
    for mode in ("append", "replace", "merge", "snapshot"):
        load = Load(table, load_id, mode=mode, key=(column,) if mode in KEYED else ())
        for table_there in (None, history if mode == "snapshot" else there):
            plan = plan_load(load, files, table_there, deliver, layout=TableLayout())
            for step in plan.inside:
                if step.kind != "bring":
                    check_effect(str(step.sql))


@settings(max_examples=200)
@given(value=st.one_of(NASTY, TEXT))
def test_a_text_is_read_back_as_itself(value: str) -> None:
    import duckdb

    assert duckdb.execute(f"SELECT {quote_text(value)}").fetchall() == [(value,)]
    parsed = sqlglot.parse_one(f"SELECT {quote_text(value)}", dialect="postgres")
    assert isinstance(parsed, exp.Select)
    assert len(parsed.expressions) == 1


@settings(max_examples=100)
@given(name=NAMES.filter(lambda name: len(name) <= 255), file=TEXT)
def test_statements_of_firebolt_alone_keep_names_apart(name: str, file: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    copy = str(render_copy("t", [name], "s3://b/p/", KEYS, file_column=FILE_COLUMN))
    assert copy.startswith(f'COPY INTO "t" ({quoted}, "_dreambolt_file" $source_file_name) FROM ')
    upload = parse_one(render_upload("t", [name], "part0", FILE_COLUMN, file))
    assert isinstance(upload, exp.Insert)
    assert name in render_vector_index("t", name, 3).replace('""', '"')
    assert isinstance(parse_one(render_count("t", name, "p/")), exp.Select)


@settings(max_examples=200)
@given(table=NAMES, column=NAMES, value=st.one_of(NASTY, TEXT), secret=st.one_of(NASTY, TEXT))
def test_statements_of_firebolt_alone_are_read_back_as_they_are_meant(
    table: str, column: str, value: str, secret: str
) -> None:
    """By the reader of the stand-in, since sqlglot knows none of them."""
    table = table.replace(".", "_")
    name = '"' + table.replace('"', '""') + '"'
    keys = S3Access(key=Secret("KEY", value), secret=Secret("SECRET", secret))
    credentials = {"AWS_ACCESS_KEY_ID": value, "AWS_SECRET_ACCESS_KEY": secret}

    url = f"s3://b/{value}/"
    copy = render_copy(
        table, [column], url, keys, file_column=FILE_COLUMN, max_errors=3, error_url=f"{url}e/"
    )
    read = read_statement(copy.reveal())
    assert (read.kind, read.table, read.parts["url"]) == ("copy", name, url)
    assert read.parts["mapping"] == [(column, column), (FILE_COLUMN, "$source_file_name")]
    assert read.parts["CREDENTIALS"] == read.parts["ERROR_FILE_CREDENTIALS"] == credentials
    assert (read.parts["AUTO_CREATE"], read.parts["ERROR_FILE"]) == ("FALSE", f"{url}e/")

    read = read_statement(render_create_location(column, url, keys).reveal())
    assert read.kind == "create location"
    assert (read.parts["name"], read.parts["URL"]) == (column, url)
    assert read.parts["CREDENTIALS"] == credentials

    layout = TableLayout(primary_index=(column,), descriptions={column: value})
    read = read_statement(render_create_table(table, {column: "TEXT"}, layout=layout))
    assert (read.kind, read.table) == ("run", name)
    assert len(sqlglot.parse(read.sql, dialect="duckdb")) == 1

    read = read_statement(render_vector_index(table, column, 3))
    assert (read.kind, read.table, read.parts["column"]) == ("create index", name, column)
    read = read_statement(render_search(table, [column], column, [1.0], 3, index=column))
    assert read.kind == "query"


@pytest.mark.parametrize(
    "module",
    [
        copy,
        ledger,
        load_plan,
        names,
        table,
        types,
        vectors,
        keyed_sql,
        statement,
    ],
)
def test_examples_of_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
