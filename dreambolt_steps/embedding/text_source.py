"""What is embedded of a row: a text column, or several columns put together by a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.errors import SchemaError, UnknownColumnError, UsageError
from dreambolt_steps.unknown_names import tell_known

_TEXT_TYPES = (pa.string(), pa.large_string(), pa.string_view(), pa.null())


@dataclass(frozen=True)
class TextSource:
    """The text of a row that becomes one vector.

    Attributes:
        output: name of the column of vectors.
        parts: texts that stand as they are, each with the column that follows it, if any.
        template: as it was written; None for a column alone.
    """

    output: str
    parts: tuple[tuple[str, str | None], ...]
    template: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns it needs."""
        return [column for _, column in self.parts if column is not None]

    def check(self, schema: pa.Schema) -> None:
        """Raise SchemaError unless the table has each column once, of a type that can be read as
        text; a column that stands alone has to be text."""
        for column in self.columns:
            found = schema.get_all_field_indices(column)
            if not found:
                raise UnknownColumnError(
                    f"column {column!r} is missing, so it can't be embedded; "
                    f"{tell_known(column, schema.names)}"
                )
            if len(found) > 1:
                raise SchemaError(
                    f"column {column!r} is there {len(found)} times, so it can't be embedded; "
                    "rename all but one"
                )
            kind = schema.field(found[0]).type
            plain = kind.value_type if pa.types.is_dictionary(kind) else kind
            if plain in _TEXT_TYPES or (self.template is not None and _is_castable(plain)):
                continue
            raise SchemaError(
                f"column {column!r} is of type {kind}, only text can be embedded; choose a text "
                "column or cast it to text first"
            )

    def read(self, batch: pa.RecordBatch) -> pa.Array:
        """The texts of a batch, NULL where there is none: every column is NULL or blank.

        In a template a column that is NULL counts as empty. Bytes that are no UTF-8, such as lone
        surrogates, become U+FFFD.
        """
        cells = [read_texts(batch.column(column)) for column in self.columns]
        spoken = [pc.not_equal(pc.utf8_trim_whitespace(cell), "") for cell in cells]
        speaks = pc.fill_null(spoken[0], False)
        for more in spoken[1:]:
            speaks = pc.or_(speaks, pc.fill_null(more, False))
        texts = cells[0]
        if self.template is not None:
            pieces: list[pa.Array | pa.Scalar] = []
            waiting = iter(cells)
            for literal, column in self.parts:
                pieces.append(pa.scalar(literal))
                if column is not None:
                    pieces.append(next(waiting))
            joined = [*pieces, pa.scalar("")]
            texts = pc.binary_join_element_wise(*joined, null_handling="replace")
        return pc.if_else(speaks, texts, pa.scalar(None, pa.string()))


def name_sources(columns: Sequence[str], templates: Mapping[str, str]) -> list[TextSource]:
    """The sources of columns, each `<column>_embedding`, and of templates, `<name>_embedding`.

    Raises: UsageError for a template that names no column, or not as `{column}`.

    >>> [one.output for one in name_sources(["team"], {"card": "{name}, {team}"})]
    ['team_embedding', 'card_embedding']
    """
    sources = [TextSource(f"{column}_embedding", (("", column),)) for column in columns]
    for name, template in templates.items():
        sources.append(TextSource(f"{name}_embedding", _parse(name, template), template))
    return sources


def name_text(text: str, output: str = "text") -> TextSource:
    """The source of one column, or of a template, which is told by its braces.

    >>> name_text("{name}, {team}").columns
    ['name', 'team']
    """
    if "{" in text:
        return TextSource(output, _parse(output, text), text)
    return TextSource(output, (("", text),))


def read_texts(values: pa.Array) -> pa.Array:
    """Any column as text of valid UTF-8."""
    texts = values.cast(pa.string())
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        raw = texts.cast(pa.binary()).to_pylist()
        told = [None if one is None else one.decode("utf-8", "replace") for one in raw]
        return pa.array(told, pa.string())
    return texts


def clean_text(text: str) -> str:
    """A text without lone surrogates, which no tokenizer takes; each becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _parse(name: str, template: str) -> tuple[tuple[str, str | None], ...]:
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(
            f"template {name!r} can't be read: {error}: {template!r}; columns stand in braces, as "
            "in '{player_name}, {team}'"
        ) from None
    for _, column, form, conversion in parsed:
        if column == "" or form or conversion:
            raise UsageError(
                f"template {name!r} holds braces that name no column: {template!r}; write "
                "'{player_name}', and {{ }} for braces themselves"
            )
    if not any(column for _, column, _, _ in parsed):
        raise UsageError(
            f"template {name!r} names no column: {template!r}; write '{{player_name}}', not "
            "'player_name'"
        )
    return tuple((literal, column) for literal, column, _, _ in parsed)


def _is_castable(kind: pa.DataType) -> bool:
    try:
        pa.array([], kind).cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return not pa.types.is_binary(kind)
