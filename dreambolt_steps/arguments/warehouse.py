"""The arguments of steps that export and load: `ExportParquet`, `CopyIntoDuckDB`,
`CopyIntoFirebolt`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Annotated, Literal, Required, TypedDict

from dreambolt_steps.arguments.argument import Argument

DEFAULT_ROW_GROUP_ROWS = 122_880  # what DuckDB writes and reads in parallel
DEFAULT_MAX_FILE_BYTES = 256 * 2**20
FIREBOLT = "firebolt://"
Mode = Literal["refresh", "create", "replace", "append", "merge", "snapshot"]
Staged = Literal["delete", "gc", "keep"]
Compression = Literal["zstd", "snappy", "gzip", "lz4", "brotli", "none"]
TableArgument = Annotated[str, Argument("The table, or schema.table.")]
KeyArgument = Annotated[
    Sequence[str], Argument("Columns that name a row, for merge and snapshot.", default=[])
]
EvolveArgument = Annotated[
    bool,
    Argument(
        "Add columns that the table lacks, and widen those that are too narrow.", default=False
    ),
]


class ExportParquetArgs(TypedDict, total=False):
    """Arguments of `ExportParquet`."""

    path: Required[
        Annotated[str | PathLike[str], Argument("A folder, or a file name ending in .parquet.")]
    ]
    compression: Annotated[
        Compression, Argument("How columns are compressed in the files.", default="zstd")
    ]
    row_group_rows: Annotated[
        int, Argument("Rows in one row group.", default=DEFAULT_ROW_GROUP_ROWS, least=1)
    ]
    max_file_bytes: Annotated[
        int | None,
        Argument(
            "Bytes after which the next file is begun.",
            default=DEFAULT_MAX_FILE_BYTES,
            least=1,
        ),
    ]


class CopyIntoDuckDBArgs(TypedDict, total=False):
    """Arguments of `CopyIntoDuckDB`."""

    database: Required[
        Annotated[str | PathLike[str], Argument("The database file; made if missing.")]
    ]
    table: Required[TableArgument]
    mode: Annotated[
        Mode,
        Argument(
            "refresh (the table is made, or replaced where this session loaded all of it),"
            " create (the table must be new), replace (whatever it holds goes), append, merge"
            " (rows of the same key are updated, others added) or snapshot (every version of a row"
            " is kept, with valid_from and valid_to).",
            default="refresh",
        ),
    ]
    key: KeyArgument
    evolve: EvolveArgument
    load_id: Annotated[
        str | None,
        Argument(
            "Name of this load; a load of the same name is not made twice.",
            default_help="from the content of the files",
        ),
    ]


class FireboltFileArgs(TypedDict, total=False):
    """How files get into Firebolt."""

    staging: Annotated[
        str | None,
        Argument(
            "s3://bucket/prefix/ to stage files below; by default FIREBOLT_STAGING.", default=""
        ),
    ]
    staged: Annotated[
        Staged,
        Argument(
            "What becomes of staged files: delete (after the load), keep, or gc (deleted by"
            " `dreambolt session gc`).",
            default="delete",
        ),
    ]
    upload: Annotated[
        bool,
        Argument(
            "Send the files along with the statements, without S3 (Firebolt Core).",
            default=False,
        ),
    ]
    apart: Annotated[
        bool | None,
        Argument(
            "Bring rows into a table of their own first, by statements that go on without a"
            " connection; None: for 4 GiB and more."
        ),
    ]
    max_errors_per_file: Annotated[
        int, Argument("Rows of one file that Firebolt may leave out.", default=0, least=0)
    ]


class FireboltLayoutArgs(TypedDict, total=False):
    """How a new table of Firebolt is laid out."""

    primary_index: Annotated[
        Sequence[str], Argument("Columns a new table is sorted by.", default=[])
    ]
    partition_by: Annotated[Sequence[str], Argument("Columns a new table is split by.", default=[])]
    table_type: Annotated[
        Literal["fact", "dimension"],
        Argument("Of a new table: fact or dimension.", default="fact"),
    ]
    vector_index: Annotated[
        Sequence[str], Argument("Columns of vectors to make an HNSW index for.", default=[])
    ]
    descriptions: Annotated[
        Mapping[str, str] | None,
        Argument(
            "Text by column name, for a new table; None: what is known of the columns"
            " (SuggestSchema); {} for versions of Firebolt that know no descriptions."
        ),
    ]


class _FireboltTargetArgs(TypedDict, total=False):
    table: Required[TableArgument]
    database: Annotated[
        str,
        Argument(
            "firebolt://DATABASE or firebolt://DATABASE/ENGINE; what is left out comes from"
            " the environment.",
            default=FIREBOLT,
        ),
    ]
    mode: Annotated[
        Mode,
        Argument(
            "refresh (the table is made, or replaced where this session loaded all of it),"
            " create (the table must be new), replace (whatever it holds goes), append, merge"
            " (rows of the same key are updated, others added) or snapshot (every version of a row"
            " is kept, with valid_from and valid_to).",
            default="refresh",
        ),
    ]
    key: KeyArgument
    evolve: EvolveArgument


class _FireboltLoadArgs(TypedDict, total=False):
    load_id: Annotated[
        str | None,
        Argument(
            "Name of this load; a load of the same name is not made twice.",
            default_help="from the content of the files, and the target",
        ),
    ]


class CopyIntoFireboltArgs(
    _FireboltTargetArgs, FireboltFileArgs, FireboltLayoutArgs, _FireboltLoadArgs, total=False
):
    """Arguments of `CopyIntoFirebolt`."""
