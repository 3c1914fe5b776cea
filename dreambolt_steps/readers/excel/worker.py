"""The process that reads a spreadsheet, within limits of memory and time."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from dreambolt_steps.errors import DreamboltError
from dreambolt_steps.readers.excel.table import ExcelTable


def serve(request: dict[str, Any]) -> dict[str, Any]:
    """Read a table into an Arrow stream file.

    Args:
        request: `path`, `target`, `memory` (bytes), `seconds` (of processor time), and the
            `arguments` of `ExcelTable`.

    Returns: what else there is to know of the table, or the error that was met.
    """
    resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (request["seconds"], request["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target = request["target"]
    try:
        table = ExcelTable(Path(request["path"]), **request["arguments"])
        with pa.OSFile(target, "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
            for batch in table.iterate_batches():
                stream.write_batch(batch)
    except DreamboltError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except OSError as error:
        told = f"{request['path']}: can't be copied to {target} ({error.strerror or error})"
        return {"error": "SourceError", "message": told}
    names = ("original_names", "preamble", "findings", "arguments")
    return {name: getattr(table, name) for name in names}


if __name__ == "__main__":
    print(json.dumps(serve(json.loads(sys.argv[1]))))
