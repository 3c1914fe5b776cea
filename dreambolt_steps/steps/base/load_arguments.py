"""What may be told of the files that `LoadTable` reads: the arguments of `read_table`."""

from __future__ import annotations

from typing import Any

from datadreamer.steps import Step

from dreambolt_steps.readers.table.read import FILE_FORMATS

_FOUND = "found out"
# Name -> (help, default, default in words).
READ_ARGUMENTS: dict[str, tuple[str, Any, str | None]] = {
    "file_format": (f"{', '.join(FILE_FORMATS)}.", None, "by each file's suffix and first bytes"),
    "delimiter": ("Between two fields.", None, _FOUND),
    "quote": ("Around a field.", None, _FOUND),
    "escape": ("Before a quote in a field.", None, _FOUND),
    "encoding": ("Such as cp1252.", None, _FOUND),
    "header": ("Whether the first row holds the names.", None, _FOUND),
    "header_rows": ("Rows the names are spread over.", None, _FOUND),
    "skip": ("Lines or rows before the table.", None, _FOUND),
    "footer": ("Lines after the table.", None, _FOUND),
    "comment": ("What lines begin with that are none of the table's.", None, _FOUND),
    "ragged": ("Rows with too few fields: reject them, or pad them with nulls.", "reject", None),
    "sheet": (
        "Name of a spreadsheet's sheet, or its number from 1.",
        None,
        "the first with a table",
    ),
    "cells": ("Range of the table on the sheet: B3:F20, B3:F or B3.", None, _FOUND),
    "record": (
        "The element that is a row of XML, or the keys to the rows of JSON, such as data.items.",
        None,
        _FOUND,
    ),
    "schemas": (
        "Files with other columns or types: unite them by name, or insist on the same.",
        "unite",
        None,
    ),
    "flatten": ("Make structs columns of their own, such as user.name.", False, None),
    "partitions": ("Make columns of column=value folders above the files.", True, None),
    "max_expanded_bytes": (
        "What a packed file may unpack to.",
        None,
        "1 GiB, and more up to 200 times its size",
    ),
}


def register_read_arguments(step: Step) -> None:
    """Register them all; to be called in a step's `setup`."""
    for name, (told, default, in_words) in READ_ARGUMENTS.items():
        step.register_arg(name, required=False, help=told, default=default, default_help=in_words)
