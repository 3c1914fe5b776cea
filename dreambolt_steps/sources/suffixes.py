"""What the end of a file's name says of its format and its compression."""

from __future__ import annotations

from dreambolt_steps.arguments.load_table import FileFormat

FORMAT_SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv",
    ".txt": "csv",
    ".dat": "csv",
    ".psv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".json": "json",
    ".geojson": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".xml": "xml",
}
COMPRESSION_SUFFIXES = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".bz2": "bz2",
    ".xz": "xz",
}
ARCHIVE_SUFFIX = ".zip"


def split_suffixes(name: str) -> tuple[str, str | None]:
    """Split a file name into its format's suffix and its compression.

    Returns: the suffix, lower-cased, "" if there is none; and gzip, zstd, bz2, xz, zip or None.

    >>> split_suffixes("Players.CSV.gz"), split_suffixes("players")
    (('.csv', 'gzip'), ('', None))
    """
    last = name.replace("!", "/").rsplit("/", 1)[-1].lower()
    compression = None
    for suffix, kind in {**COMPRESSION_SUFFIXES, ARCHIVE_SUFFIX: "zip"}.items():
        if last.endswith(suffix):
            last, compression = last.removesuffix(suffix), kind
            break
    dot = last.rfind(".")
    return (last[dot:] if dot > 0 else ""), compression


def is_table_name(name: str) -> bool:
    """Tell whether a file that was not named one by one is read: its suffix is known, and neither
    it nor a folder above it is hidden.

    Args:
        name: relative to the folder or archive that was named.
    """
    if any(part.startswith((".", "_")) and part not in (".", "..") for part in name.split("/")):
        return False
    suffix, compression = split_suffixes(name)
    return suffix in FORMAT_SUFFIXES or (compression == "zip" and not suffix)
