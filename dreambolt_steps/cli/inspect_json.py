"""`inspect --json`: everything that was found as one JSON document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dreambolt_steps.cli.explicit_arguments import HandArguments
from dreambolt_steps.cli.failures import tell_command
from dreambolt_steps.cli.inspection import Inspection
from dreambolt_steps.cli.write_arguments import write_command, write_python

if TYPE_CHECKING:
    from dreambolt_steps.cli.suggest import Proposals

_MAX_REJECTS = 100


def write_document(
    inspection: Inspection, arguments: HandArguments, proposals: Proposals | None = None
) -> str:
    """The document: `source`, `rows`, `rejected`, `files`, `columns`, `rejects` (the first 100),
    `arguments`, `questions`, `command` and `python`; with a model also `proposals`."""
    read, cleaned = inspection.read, inspection.cleaned
    rejects = [*read.rejects.to_pylist(), *cleaned.rejects.to_pylist()]
    document = {
        "source": inspection.source,
        "rows": cleaned.rows,
        "rejected": read.rejected + cleaned.rejected,
        "schema_notes": read.schema_notes,
        "files": _list_files(inspection),
        "columns": _list_columns(inspection),
        "rejects": rejects[:_MAX_REJECTS],
        "arguments": {"load": arguments.load, "clean": arguments.clean},
        "questions": [asdict(one) for one in arguments.questions],
        "notes": arguments.notes,
        "command": " ".join(
            line.removesuffix("\\").strip()
            for line in write_command(f"{tell_command()} ingest", arguments)
        ),
        "python": "\n".join(write_python(arguments)),
    }
    if proposals is not None:
        document["proposals"] = asdict(proposals.suggestion) | {
            "model": proposals.model,
            "rows_shown": proposals.rows,
        }
    return json.dumps(document, ensure_ascii=False, indent=2, default=str)


def _list_files(inspection: Inspection) -> list[dict[str, Any]]:
    return [
        asdict(file.report) | {"file": file.uri, "bytes": file.bytes, "identity": file.identity}
        for file in inspection.files
    ]


def _list_columns(inspection: Inspection) -> list[dict[str, Any]]:
    return [
        {
            **column.decision.to_dict(),
            "name": column.name,
            "source": column.decision.name,
            "type": column.type_word,
            "is_explicit": column.is_explicit,
            "nulls": profile.nulls,
            "distinct": min(profile.distinct, profile.rows - profile.nulls),
            "distinct_is_exact": profile.is_exact,
            "low": profile.low,
            "high": profile.high,
            "samples": profile.samples,
        }
        for column, profile in zip(inspection.plan.columns, inspection.profiles, strict=True)
    ]
