"""Proposals put to use: columns renamed, and described in the metadata of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from dreambolt_steps.suggestion.suggest import Suggestion

DESCRIPTION_KEYS = ("description", "semantic_type", "unit")


def describe_columns(suggestion: Suggestion) -> dict[str, dict[str, str]]:
    """New name -> description, semantic type and unit, as far as there are any."""
    found = {}
    for one in suggestion.proposals:
        facts = {key: getattr(one, key) for key in DESCRIPTION_KEYS}
        found[one.name] = {key: value for key, value in facts.items() if value}
    return found


def apply_suggestion(reader: pa.RecordBatchReader, suggestion: Suggestion) -> pa.RecordBatchReader:
    """The same rows under the proposed names, each described in the metadata of its field."""
    names = suggestion.names
    fields = [field.with_name(names.get(field.name, field.name)) for field in reader.schema]
    schema = describe_schema(pa.schema(fields), describe_columns(suggestion))
    batches = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
    return pa.RecordBatchReader.from_batches(schema, batches)


def describe_schema(schema: pa.Schema, descriptions: Mapping[str, Mapping[str, str]]) -> pa.Schema:
    """The schema with descriptions in the metadata of its fields; what stands there already stays.

    Args:
        schema: of a table.
        descriptions: column -> key -> text; columns that the table lacks are passed over.

    >>> schema = describe_schema(pa.schema([("a", pa.int8())]), {"a": {"unit": "kg"}})
    >>> schema.field("a").metadata
    {b'unit': b'kg'}
    """
    fields = []
    for field in schema:
        told = {
            key.encode(): text.encode() for key, text in descriptions.get(field.name, {}).items()
        }
        merged = {**told, **(field.metadata or {})}
        fields.append(field.with_metadata(merged) if merged else field)
    return pa.schema(fields, metadata=schema.metadata)
