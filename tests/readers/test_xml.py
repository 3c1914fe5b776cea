"""XML: records found or named, nested parts as columns, and nothing expanded or fetched."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreambolt_steps.errors import DreamboltError, SourceError, UsageError
from dreambolt_steps.readers.table.read import read_table

ORDERS = """<?xml version="1.0"?>
<shop made="2024"><about><by>me</by></about><orders>
  <order id="1"><who vip="yes">Ann</who><to><city>Köln</city></to>
    <line sku="a">1</line><line sku="b">2</line><note/></order>
  <!-- the next -->
  <order id="2" id2="x"><who>Bob &amp; co</who><line><sku>c</sku></line></order>
</orders></shop>"""


def read(path: Path, text: str | bytes, **options: Any) -> tuple[list[dict[str, Any]], Any]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    table = read_table(path, **options)
    return table.reader.read_all().to_pylist(), table.report().files[0]


def test_records_are_found_and_laid_out(tmp_path: Path) -> None:
    rows, report = read(tmp_path / "a.xml", ORDERS)
    lines = [json.loads(row.pop("line")) for row in rows]
    assert lines == [
        [{"sku": "a", "#text": "1"}, {"sku": "b", "#text": "2"}],
        [{"sku": "c"}],
    ]
    assert rows == [
        {
            "id": "1",
            "id2": None,
            "who": "Ann",
            "who.vip": "yes",
            "to.city": "Köln",
            "note": "",
        },
        {"id": "2", "id2": "x", "who": "Bob & co", "who.vip": None, "to.city": None, "note": None},
    ]
    assert report.findings == (
        "rows are the 2 elements shop/orders/order; record=... names others",
        "outside of the rows, and not read: shop and 1 more",
    )


@pytest.mark.parametrize(
    ("record", "want"),
    [
        ("line", [{"@sku": "a"}, {"@sku": "b"}, {"@sku": None}]),
        ("order/line", [{"@sku": "a"}, {"@sku": "b"}, {"@sku": None}]),
        ("/shop/about", [{"by": "me"}]),
        ("order", [{"id": "1"}, {"id": "2"}]),
    ],
)
def test_records_are_named(tmp_path: Path, record: str, want: list[dict[str, Any]]) -> None:
    rows, _ = read(tmp_path / "a.xml", ORDERS, record=record)
    assert [{key: row[key] for key in part} for row, part in zip(rows, want, strict=True)] == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("<r><a>1</a><b x='2'/></r>", [{"a": "1", "b.x": "2"}]),
        ("<r><i>1</i><i>2</i></r>", [{"i": "1"}, {"i": "2"}]),
        ("<r><i a='1'>x</i><i a='2'/></r>", [{"#text": "x", "a": "1"}, {"#text": "", "a": "2"}]),
        ("<r><i a='1'><a>2</a></i><i/></r>", [{"@a": "1", "a": "2"}, {"@a": None, "a": None}]),
        (
            "<r><i>one <b>two</b> three</i><i/></r>",
            [{"#text": "one three", "b": "two"}, {"#text": None, "b": None}],
        ),
        (
            "<r xmlns:x='http://x' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
            "<x:i><x:n xsi:nil='true'/></x:i><x:i><x:n>5</x:n></x:i></r>",
            [{"n": None}, {"n": "5"}],
        ),
        ("<r><i><![CDATA[a<b]]></i><i> x </i></r>", [{"i": "a<b"}, {"i": " x "}]),
        (
            "<r><g><i>1</i><i>2</i></g><g><i>3</i><i>4</i><i>5</i></g></r>",
            [{"i": value} for value in "12345"],
        ),
        ("<r><i><t>a</t><t>b</t></i><i><t>c</t></i></r>", [{"t": '["a", "b"]'}, {"t": '["c"]'}]),
        ("<r><i/><i/></r>", [{"i": ""}, {"i": ""}]),
        ("<r/>", [{"r": ""}]),
        ("<r><إسم>🙂</إسم></r>", [{"إسم": "🙂"}]),
    ],
)
def test_parts_of_records(tmp_path: Path, text: str, want: list[dict[str, Any]]) -> None:
    rows, _ = read(tmp_path / "a.xml", text)
    assert rows == want


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Zoë"),
        ("utf-8-sig", "Zoë"),
        ("utf-16", "名前"),
        ("iso-8859-1", "Zoë"),
        ("cp1252", "€5"),
        ("shift_jis", "名前"),
        ("gb18030", "你好"),
    ],
)
def test_declared_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    declared = encoding.removesuffix("-sig")
    document = f"<?xml version='1.0' encoding='{declared}'?><r><i><n>{text}</n></i><i/></r>"
    rows, _ = read(tmp_path / "a.xml", document.encode(encoding))
    assert rows == [{"n": text}, {"n": None}]
    bare = f"<r><i><n>{text}</n></i><i/></r>".encode(encoding)
    assert read(tmp_path / "b.xml", bare, encoding=encoding)[0] == rows


BOMB = """<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><z><i>&b;</i><i>&b;</i></z>"""
OUTSIDE = '<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]><z><i>&x;</i></z>'


@pytest.mark.parametrize(
    ("text", "options", "kind", "message"),
    [
        (BOMB, {}, SourceError, "has a DTD, which is refused.*remove the DOCTYPE"),
        (OUTSIDE, {}, SourceError, "has a DTD, which is refused"),
        ('<!DOCTYPE z SYSTEM "http://127.0.0.1:9/z.dtd"><z/>', {}, SourceError, "has a DTD"),
        ("<r><i>&x;</i></r>", {}, SourceError, "undefined entity.*line 1, column 6"),
        ("<r><i>", {}, SourceError, "not well-formed XML"),
        ("<r></i>", {}, SourceError, "mismatched tag"),
        ("<r/>", {"record": "row"}, UsageError, "no element 'row'; there are r"),
        ("", {}, SourceError, "is empty"),
        ("a,b\n1,2\n", {}, SourceError, r"is not XML \(it begins with 'a,b"),
        ("<r>" + "<d>" * 300 + "</d>" * 300 + "</r>", {}, SourceError, "nested more than 200 deep"),
        ("<?xml version='1.0' encoding='klingon'?><r/>", {}, SourceError, "is no encoding"),
        ("<r>\0</r>", {}, SourceError, "not well-formed"),
        ("<r/>", {"sheet": "x"}, UsageError, "sheet='x' is for excel files; these are xml"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, text: str, options: dict[str, Any], kind: type[DreamboltError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        read(tmp_path / "a.xml", text, **options)
    assert "\n" not in str(caught.value)
    assert "root:" not in str(caught.value)


def test_one_endless_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreambolt_steps.readers.xml.parser.MAX_ELEMENT_BYTES", 1 << 20)
    with pytest.raises(SourceError, match="single text or tag of more than 1,048,576 bytes"):
        read(tmp_path / "a.xml", f"<r><i>{'x' * 3_000_000}</i></r>")


def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreambolt_steps.readers.xml.reader._BATCH_ROWS", 100)
    path = tmp_path / "a.xml"
    inside = "".join(f"<i n='{number}'><name>name {number}</name></i>\n" for number in range(6_000))
    path.write_text(f"<r>{inside}</r>")
    tracemalloc.start()
    rows = sum(batch.num_rows for batch in read_table(path).reader)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 6_000
    assert peak < 2 << 20  # all elements at once take more than 4 MB
    assert read_table(path, limit=3).reader.read_all().num_rows == 3


NAMES = st.sampled_from(["a", "b", "名"])
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=6)
TEXTS = TEXTS.filter(lambda text: not {"\ufffe", "\uffff"} & set(text))


@settings(max_examples=60)
@given(st.lists(st.dictionaries(NAMES, TEXTS, min_size=1), min_size=2, max_size=6), st.data())
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], data: Any
) -> None:
    from xml.sax.saxutils import escape, quoteattr

    as_attributes = data.draw(st.booleans())
    written = []
    for row in rows:
        attributes = "".join(f" {key}={quoteattr(value)}" for key, value in row.items())
        children = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in row.items())
        written.append(f"<i{attributes}/>" if as_attributes else f"<i>{children}</i>")
    path = tmp_path_factory.mktemp("xml") / "a.xml"
    found, report = read(path, f"<r>{''.join(written)}</r>")
    assert [{k: v for k, v in row.items() if v is not None} for row in found] == rows
    assert report.rows == len(rows)


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        (
            '<r xmlns:a="urn:a" xmlns:b="urn:b"><row a:id="x1" b:id="y1"/><row b:id="y2"/></r>',
            ["a:id", "b:id"],
            [["x1", "y1"], [None, "y2"]],
        ),
        (
            '<r xmlns:m="urn:m"><i><t>T</t><m:t>M</m:t></i><i><t>U</t></i></r>',
            ["t", "m:t"],
            [["T", "M"], ["U", None]],
        ),
        (
            '<r xmlns:a="urn:a"><i><k a:v="1" v="2">t</k></i><i/></r>',
            ["k", "k.a:v", "k.v"],
            [["t", "1", "2"], [None, None, None]],
        ),
        (
            '<r xmlns:a="urn:a"><a:i><a:n>1</a:n></a:i><a:i><a:n>2</a:n></a:i></r>',
            ["n"],
            [["1"], ["2"]],
        ),
    ],
)
def test_names_that_differ_in_their_namespace_alone_are_both_kept(
    tmp_path: Path, text: str, columns: list[str], rows: list[list[str | None]]
) -> None:
    (tmp_path / "a.xml").write_text(text)
    table = read_table(tmp_path / "a.xml").reader.read_all()
    assert table.schema.names == columns
    assert [list(row.values()) for row in table.to_pylist()] == rows
