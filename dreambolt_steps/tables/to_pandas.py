"""Arrow tables as pandas DataFrames, no value changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd


def convert_table(table: pa.Table) -> pd.DataFrame:
    """The table in memory.

    Whole numbers with NULLs have pandas' nullable types, where pandas alone would make them floats;
    dates and timestamps that pandas can't hold are Python's.
    """
    import pandas as pd

    columns = {
        name: _convert_column(table.column(at)) for at, name in enumerate(table.schema.names)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _convert_column(column: pa.ChunkedArray) -> Any:
    import pandas as pd

    if pa.types.is_integer(column.type) and column.null_count:
        sign = "UInt" if pa.types.is_unsigned_integer(column.type) else "Int"
        kind = pd.api.types.pandas_dtype(f"{sign}{column.type.bit_width}")
        return column.to_pandas(types_mapper=lambda _: kind)
    try:
        return column.to_pandas()
    except pa.ArrowInvalid:  # a timestamp beyond the years 1677 to 2262 in nanoseconds
        return column.to_pandas(timestamp_as_object=True)
