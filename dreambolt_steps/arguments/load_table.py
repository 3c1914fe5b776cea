"""The arguments of `LoadTable` and `FindParquet`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from os import PathLike
from typing import Annotated, Literal, Required, TypedDict

from dreambolt_steps.arguments.argument import Argument

FileFormat = Literal["csv", "tsv", "parquet", "arrow", "json", "jsonl", "excel", "xml"]
_FOUND = "found out"
Source = str | PathLike[str] | Sequence[str | PathLike[str]]


class _SourceArgs(TypedDict, total=False):
    source: Required[
        Annotated[
            Source, Argument("A path, glob, folder, http(s):// or s3:// URL, or a list of them.")
        ]
    ]


class ReadArgs(TypedDict, total=False):
    """What may be told of the files that are read: the arguments of `read_table`."""

    file_format: Annotated[
        FileFormat | None,
        Argument(
            "What the files are, whatever their names say.",
            default_help="by each file's suffix and first bytes",
        ),
    ]
    delimiter: Annotated[str | None, Argument("Between two fields.", default_help=_FOUND)]
    quote: Annotated[str | None, Argument("Around a field.", default_help=_FOUND)]
    escape: Annotated[str | None, Argument("Before a quote in a field.", default_help=_FOUND)]
    encoding: Annotated[str | None, Argument("Such as cp1252.", default_help=_FOUND)]
    header: Annotated[
        bool | None, Argument("Whether the first row holds the names.", default_help=_FOUND)
    ]
    header_rows: Annotated[
        int | None,
        Argument("Rows the names are spread over.", default_help=_FOUND, least=0),
    ]
    skip: Annotated[
        int | None, Argument("Lines or rows before the table.", default_help=_FOUND, least=0)
    ]
    footer: Annotated[int | None, Argument("Lines after the table.", default_help=_FOUND, least=0)]
    comment: Annotated[
        str | None,
        Argument("What lines begin with that are none of the table's.", default_help=_FOUND),
    ]
    ragged: Annotated[
        Literal["reject", "pad"],
        Argument(
            "Rows with too few fields: reject them, or pad them with nulls.", default="reject"
        ),
    ]
    sheet: Annotated[
        str | int | None,
        Argument(
            "Name of a spreadsheet's sheet, or its number from 1.",
            default_help="the first with a table",
            on_command_line=str,
        ),
    ]
    cells: Annotated[
        str | None,
        Argument("Range of the table on the sheet: B3:F20, B3:F or B3.", default_help=_FOUND),
    ]
    record: Annotated[
        str | None,
        Argument(
            "The element that is a row of XML, or the keys to the rows of JSON, such as"
            " data.items.",
            default_help=_FOUND,
        ),
    ]
    schemas: Annotated[
        Literal["unite", "same"],
        Argument(
            "Files with other columns or types: unite them by name, or insist on the same.",
            default="unite",
        ),
    ]
    flatten: Annotated[
        bool, Argument("Make structs columns of their own, such as user.name.", default=False)
    ]
    partitions: Annotated[
        bool, Argument("Make columns of column=value folders above the files.", default=True)
    ]
    max_expanded_bytes: Annotated[
        int | None,
        Argument(
            "What a packed file may unpack to.",
            default_help="1 GiB, and more up to 200 times its size",
            least=1,
        ),
    ]


class IncrementArgs(TypedDict, total=False):
    """What is told of the rows that are wanted."""

    only: Annotated[
        Literal["all", "new"],
        Argument(
            "all: the whole source at every run; new: the files that are new or changed since the"
            " last run of the session that came to its end.",
            default="all",
        ),
    ]
    since: Annotated[
        str | int | float | date | None,
        Argument(
            "Only the rows of Parquet and Arrow files whose cursor is this value or a later one;"
            " last: those later than any that the session has taken.",
            default_help="all rows",
            on_command_line=str,
        ),
    ]
    cursor: Annotated[
        str | None,
        Argument("The column that since is about: numbers, dates, timestamps or text."),
    ]
    rehash: Annotated[
        bool,
        Argument(
            "Hash local files even where size, times and inode say that they are as they were.",
            default=False,
        ),
    ]


class LoadTableArgs(_SourceArgs, ReadArgs, IncrementArgs, total=False):
    """Arguments of `LoadTable`."""


class FindParquetArgs(TypedDict, total=False):
    """Arguments of `FindParquet`."""

    source: Required[
        Annotated[Source, Argument("A path, a glob, a folder or an s3:// URI of them.")]
    ]
