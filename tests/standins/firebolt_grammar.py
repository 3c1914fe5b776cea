"""The grammar of Firebolt's documentation, as far as loads need it; everything else is refused.

Its own statements (CREATE TABLE, COPY, LOCATION, INDEX, ALTER) are read token by token. DML and
queries are read by sqlglot, and refused where they use what Firebolt does not have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp


class Refused(Exception):
    """A statement that the documentation does not know."""


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:[^"]|"")*") | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')
    | (?P<text>'(?:[^']|'')*') | (?P<number>\d+(?:\.\d+)?) | (?P<word>\$?[^\W\d]\w*)
    | (?P<sign>=>|::|[-+*/<>=!(),.;\[\]?%|&^~:$])
    )""",
    re.VERBOSE | re.DOTALL,
)
_TYPES = {
    "INTEGER": "INTEGER", "INT": "INTEGER", "BIGINT": "BIGINT", "LONG": "BIGINT", "TEXT": "VARCHAR",
    "STRING": "VARCHAR", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPNTZ": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMPTZ", "BYTEA": "BLOB", "REAL": "FLOAT",
    "DOUBLE": "DOUBLE", "NUMERIC": "DECIMAL", "DECIMAL": "DECIMAL",
}  # fmt: skip
COPY_OPTIONS = {
    "CREDENTIALS", "PATTERN", "TYPE", "AUTO_CREATE", "ALLOW_COLUMN_MISMATCH", "ERROR_FILE",
    "ERROR_FILE_CREDENTIALS", "MAX_ERRORS_PER_FILE", "CASE_SENSITIVE_COLUMN_MAPPING",
}  # fmt: skip
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN",
    "AWS_ROLE_EXTERNAL_ID",
}  # fmt: skip
PSEUDO = {"$source_file_name", "$source_file_timestamp", "$source_file_size", "$source_file_etag"}
SEARCHED = '"vector search"'
_FORBIDDEN = (exp.Create, exp.Drop, exp.Alter, exp.Command, exp.Copy, exp.Pragma, exp.Attach)
_FUNCTIONS = {
    "vector_cosine_similarity", "vector_search", "read_parquet", "array_length", "current_engine",
    "current_database", "current_account", "version",
}  # fmt: skip


@dataclass
class Instruction:
    """What a statement asks for: `kind`, its parts, and SQL for DuckDB where there is any."""

    kind: str
    sql: str = ""
    table: str = ""
    parts: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    def __init__(self, sql: str) -> None:
        self.tokens: list[_Token] = []
        self.at = 0
        position, end = 0, len(sql.rstrip())
        while position < end:
            found = _TOKEN.match(sql, position)
            if found is None or sql[position:end].lstrip().startswith(("--", "/*")):
                raise Refused(f"syntax error at {sql[position : position + 20]!r}")
            kind = str(found.lastgroup)
            self.tokens.append(_Token(kind, found[kind], found.start(kind)))
            position = found.end()
        if self.tokens and self.tokens[-1].text == ";":
            self.tokens.pop()
        if any(token.text == ";" for token in self.tokens):
            raise Refused("one statement a request")

    def peek(self, *words: str) -> bool:
        texts = [token.text.upper() for token in self.tokens[self.at : self.at + len(words)]]
        return texts == list(words)

    def take(self, *words: str) -> bool:
        if self.peek(*words):
            self.at += len(words)
            return True
        return False

    def need(self, *words: str) -> None:
        if not self.take(*words):
            raise Refused(f"{' '.join(words)} expected, not {self.rest()}")

    def next(self, *kinds: str) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in kinds:
            raise Refused(f"{' or '.join(kinds)} expected, not {self.rest()}")
        self.at += 1
        return self.tokens[self.at - 1].text

    def rest(self) -> str:
        return repr(" ".join(token.text for token in self.tokens[self.at : self.at + 4]) or "end")

    def name(self) -> str:
        """An identifier: unquoted ones fold to lower case; 255 characters at most."""
        text = self.next("quoted", "word")
        plain = text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()
        if not 0 < len(plain) <= 255:
            raise Refused(f"identifier of {len(plain)} characters")
        return plain

    def table(self) -> str:
        first = self.name()
        return f"{quote(first)}.{quote(self.name())}" if self.take(".") else quote(first)

    def literal(self) -> str:
        text = self.next("text", "escaped")
        if text[0] in "eE":
            return re.sub(r"\\(.)", r"\1", text[2:-1].replace("''", "'"), flags=re.DOTALL)
        return text[1:-1].replace("''", "'")

    def names(self) -> list[str]:
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        return found

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise Refused(f"unexpected {self.rest()}")


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unquote(name: str) -> str:
    return name[1:-1].replace('""', '"')


def read_statement(sql: str) -> Instruction:
    """Read one statement, or refuse it."""
    reader = _Reader(sql)
    if not reader.tokens:
        raise Refused("empty statement")
    head = reader.tokens[0].text.upper()
    for words, kind in (
        (("BEGIN",), "begin"), (("COMMIT",), "commit"), (("ROLLBACK",), "rollback"),
    ):  # fmt: skip
        if reader.take(*words):
            reader.take("TRANSACTION")
            reader.end()
            return Instruction(kind)
    readers = {
        "CREATE": _read_create, "DROP": _read_drop, "ALTER": _read_alter, "COPY": _read_copy,
        "USE": _read_use, "START": _read_use, "CALL": _read_call, "TRUNCATE": _read_truncate,
    }  # fmt: skip
    if head in readers:
        found = readers[head](reader, sql)
        if found.kind != "select into":
            reader.end()
        return found
    if head in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE"):
        return _read_standard(sql, head)
    raise Refused(f"unknown statement {head}")


def _read_create(reader: _Reader, sql: str) -> Instruction:
    reader.need("CREATE")
    if reader.take("SCHEMA"):
        exists = reader.take("IF", "NOT", "EXISTS")
        return Instruction(
            "run", f"CREATE SCHEMA {'IF NOT EXISTS ' * exists}{quote(reader.name())}"
        )
    if reader.take("LOCATION"):
        return _read_location(reader)
    if reader.take("INDEX"):
        return _read_index(reader)
    if not (reader.take("FACT") or reader.take("DIMENSION")) and not reader.peek("TABLE"):
        raise Refused(f"unknown statement CREATE {reader.rest()}")
    reader.need("TABLE")
    exists = reader.take("IF", "NOT", "EXISTS")
    table = reader.table()
    head = f"CREATE TABLE {'IF NOT EXISTS ' * exists}{table}"
    if reader.take("AS"):
        query = _read_standard(sql[reader.tokens[reader.at].at :], "SELECT")
        return Instruction("select into", f"{head} AS {query.sql}", table)
    reader.need("(")
    told, firm = [], set()
    while True:
        name, kind = reader.name(), _read_type(reader)
        null = _read_null(reader)
        if reader.take("DEFAULT"):
            kind += f" DEFAULT {reader.next('text', 'number', 'word')}"
        reader.take("UNIQUE")
        if reader.take("DESCRIPTION", "="):
            reader.literal()
        firm |= {name} if null == " NOT NULL" else set()
        told.append(f"{quote(name)} {kind}{null}")
        if not reader.take(","):
            break
    reader.need(")")
    parts: dict[str, Any] = {}
    for words in (("PRIMARY", "INDEX"), ("PARTITION", "BY")):
        if reader.take(*words):
            bracket = reader.take("(")
            named = parts[words[0]] = reader.names()
            loose = [name for name in named if name not in firm]
            if loose:
                raise Refused(f"{' '.join(words)}: column {loose[0]} may be NULL or is not there")
            if bracket:
                reader.need(")")
    return Instruction("run", f"{head} ({', '.join(told)})", table, parts)


def _read_type(reader: _Reader) -> str:
    word = reader.next("word").upper()
    if word == "ARRAY":
        reader.need("(")
        inner = _read_type(reader)
        _read_null(reader)
        reader.need(")")
        return f"{inner}[]"
    if word == "STRUCT":
        reader.need("(")
        fields = []
        while True:
            name = reader.name()
            fields.append(f"{quote(name)} {_read_type(reader)}")
            _read_null(reader)
            if not reader.take(","):
                break
        reader.need(")")
        return f"STRUCT({', '.join(fields)})"
    if word not in _TYPES:
        raise Refused(f"unknown type {word}")
    if word == "DOUBLE":
        reader.take("PRECISION")
    if word in ("NUMERIC", "DECIMAL"):
        if not reader.take("("):
            return "DECIMAL(38, 9)"
        precision = int(reader.next("number"))
        reader.need(",")
        scale = int(reader.next("number"))
        reader.need(")")
        if not 1 <= precision <= 38 or scale > precision:
            raise Refused(f"NUMERIC({precision}, {scale})")
        return f"DECIMAL({precision}, {scale})"
    return _TYPES[word]


def _read_null(reader: _Reader) -> str:
    if reader.take("NOT", "NULL"):
        return " NOT NULL"
    reader.take("NULL")
    return ""


def _read_location(reader: _Reader) -> Instruction:
    exists = reader.take("IF", "NOT", "EXISTS")
    parts: dict[str, Any] = {"name": reader.name(), "exists": exists}
    reader.need("WITH")
    while reader.at < len(reader.tokens):
        option = reader.next("word").upper()
        reader.need("=")
        if option == "CREDENTIALS":
            parts["CREDENTIALS"] = _read_credentials(reader)
        elif option == "SOURCE":
            parts[option] = reader.next("word").upper()
        elif option in ("URL", "DESCRIPTION"):
            parts[option] = reader.literal()
        else:
            raise Refused(f"unknown option {option} of CREATE LOCATION")
    if parts.get("SOURCE") != "AMAZON_S3" or not str(parts.get("URL")).startswith("s3://"):
        raise Refused("CREATE LOCATION needs SOURCE = AMAZON_S3 and an s3:// URL")
    return Instruction("create location", parts=parts)


def _read_credentials(reader: _Reader) -> dict[str, str]:
    reader.need("(")
    found = {}
    while not reader.take(")"):
        name = reader.next("word").upper()
        if name not in CREDENTIALS:
            raise Refused(f"unknown credential {name}")
        reader.need("=")
        found[name] = reader.literal()
        reader.take(",")
    return found


def _read_index(reader: _Reader) -> Instruction:
    index = reader.name()
    reader.need("ON")
    table = reader.table()
    reader.need("USING", "HNSW", "(")
    column = reader.name()
    if reader.next("word") not in ("vector_cosine_ops", "vector_ip_ops", "vector_l2sq_ops"):
        raise Refused("unknown distance metric")
    reader.need(")", "WITH", "(", "DIMENSION", "=")
    dims = int(reader.next("number"))
    reader.need(")")
    parts = {"index": index, "column": column, "dims": dims}
    return Instruction("create index", table=table, parts=parts)


def _read_drop(reader: _Reader, sql: str) -> Instruction:
    reader.need("DROP")
    kind = reader.next("word").upper()
    exists = "IF EXISTS " * reader.take("IF", "EXISTS")
    if kind == "TABLE":
        table = reader.table()
        cascade = " CASCADE" * reader.take("CASCADE")
        return Instruction("drop table", f"DROP TABLE {exists}{table}{cascade}", table)
    if kind in ("LOCATION", "INDEX"):
        return Instruction(f"drop {kind.lower()}", parts={"name": reader.name()})
    if kind == "SCHEMA":
        return Instruction(
            "run",
            f"DROP SCHEMA {exists}{quote(reader.name())}{' CASCADE' * reader.take('CASCADE')}",
        )
    raise Refused(f"unknown statement DROP {kind}")


def _read_alter(reader: _Reader, sql: str) -> Instruction:
    reader.need("ALTER", "TABLE")
    table = reader.table()
    if reader.take("ADD", "COLUMN"):
        exists = "IF NOT EXISTS " * reader.take("IF", "NOT", "EXISTS")
        name, kind = quote(reader.name()), _read_type(reader)
        null = _read_null(reader)
        if null:
            raise Refused("ADD COLUMN of a NOT NULL column needs a default")
        return Instruction("run", f"ALTER TABLE {table} ADD COLUMN {exists}{name} {kind}", table)
    reader.need("RENAME", "TO")
    name = reader.name()
    sql = f"ALTER TABLE {table} RENAME TO {quote(name)}"
    return Instruction("run", sql, table, {"renamed": name})


def _read_copy(reader: _Reader, sql: str) -> Instruction:
    reader.need("COPY")
    reader.take("INTO")
    table = reader.table()
    mapping = []
    if reader.take("("):
        while True:
            name = reader.name()
            source = name
            if reader.at < len(reader.tokens) and reader.tokens[reader.at].text.startswith("$"):
                source = reader.next("word").lower()
                if source not in PSEUDO:
                    raise Refused(f"unknown pseudo column {source}")
            elif not (reader.peek(",") or reader.peek(")")):
                source = reader.name()
            mapping.append((name, source))
            if not reader.take(","):
                break
        reader.need(")")
    reader.need("FROM")
    parts: dict[str, Any] = {"mapping": mapping}
    if reader.tokens[reader.at].kind in ("text", "escaped"):
        parts["url"] = reader.literal()
    else:
        parts["location"] = reader.name()
    reader.take("WITH")
    reader.need("(")
    while True:
        option = reader.next("word").upper()
        if option not in COPY_OPTIONS:
            raise Refused(f"unknown option {option} of COPY")
        reader.need("=")
        if option.endswith("CREDENTIALS"):
            parts[option] = _read_credentials(reader)
        elif reader.tokens[reader.at].kind in ("text", "escaped"):
            parts[option] = reader.literal()
        else:
            parts[option] = reader.next("word", "number").upper()
        if not reader.take(","):
            break
    reader.need(")")
    if parts.get("TYPE") not in ("PARQUET", "AUTO", None):
        raise Refused(f"TYPE {parts['TYPE']} is not known here")
    return Instruction("copy", table=table, parts=parts)


def _read_use(reader: _Reader, sql: str) -> Instruction:
    verb = reader.next("word").upper()
    kind = reader.next("word").upper()
    if (verb, kind) not in (("USE", "DATABASE"), ("USE", "ENGINE"), ("START", "ENGINE")):
        raise Refused(f"unknown statement {verb} {kind}")
    return Instruction(f"{verb.lower()} {kind.lower()}", parts={"name": reader.name()})


def _read_call(reader: _Reader, sql: str) -> Instruction:
    reader.need("CALL")
    if reader.name() != "fb_getasyncstatus":
        raise Refused("unknown procedure")
    reader.need("(")
    token = reader.literal()
    reader.need(")")
    return Instruction("async status", parts={"token": token})


def _read_truncate(reader: _Reader, sql: str) -> Instruction:
    reader.need("TRUNCATE", "TABLE")
    table = reader.table()
    if "." in table:
        return Instruction("nothing", table=table)  # as reported of Core 5.0
    return Instruction("change", f"DELETE FROM {table}", table)


_SEARCH = re.compile(
    r"""VECTOR_SEARCH\s*\(\s*INDEX\s+(?P<index>"(?:[^"]|"")*"|\w+)\s*,\s*target_vector\s*=>\s*
    (?P<vector>\[[-0-9.,e+\s]*\])\s*,\s*top_k\s*=>\s*(?P<k>\d+)\s*\)""",
    re.VERBOSE | re.IGNORECASE,
)


def _read_standard(sql: str, head: str) -> Instruction:
    parts = {}
    search = _SEARCH.search(sql)
    if search:  # the engine puts a query in the place of this name
        parts["search"] = search.groupdict()
        sql = sql[: search.start()] + SEARCHED + sql[search.end() :]
    try:
        parsed = sqlglot.parse(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise Refused(f"syntax error: {str(error).splitlines()[0]}") from error
    if len(parsed) != 1 or parsed[0] is None:
        raise Refused("one statement a request")
    tree = parsed[0]
    if any(tree.find(kind) for kind in _FORBIDDEN):
        raise Refused("syntax error: a statement within a statement")
    for node in tree.walk():
        if isinstance(node, exp.Star) and (node.args.get("except_") or node.args.get("replace")):
            raise Refused("syntax error at EXCLUDE")
        if isinstance(node, exp.Group) and node.args.get("all"):
            raise Refused("syntax error at GROUP BY ALL")
        if isinstance(node, exp.Anonymous) and node.name.lower() not in _FUNCTIONS:
            raise Refused(f"unknown function {node.name}")
        if isinstance(node, exp.Insert) and (
            node.args.get("alternative") or node.args.get("by_name")
        ):
            raise Refused("syntax error in INSERT")
        if isinstance(node, exp.Identifier) and len(node.name) > 255:
            raise Refused(f"identifier of {len(node.name)} characters")
    if head == "DELETE" and tree.args.get("where") is None:
        return Instruction("nothing")  # as reported of Core 5.0
    kind = "query" if head in ("SELECT", "WITH") else "change" if head != "INSERT" else "insert"
    table = tree.this if kind != "query" else None
    if isinstance(table, exp.Schema):
        table = table.this
    name = ""
    if isinstance(table, exp.Table):
        name = ".".join(quote(part.name) for part in table.parts)
    return Instruction(kind, sql.rstrip().removesuffix(";"), name, parts)
