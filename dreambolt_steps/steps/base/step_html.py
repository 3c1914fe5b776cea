"""A finished step as a notebook shows it: counts, the head of its table, a link to the report."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Any

import pyarrow as pa

from dreambolt_steps.log import Receipt
from dreambolt_steps.tables.column_types import name_type
from dreambolt_steps.tables.text.printable import make_printable

_ROWS, _COLUMNS, _CHARACTERS = 5, 20, 60


def render_step(receipt: Receipt, table: pa.Table, report: Path | None) -> str:
    """HTML without scripts or colours of its own, so that it fits light and dark notebooks.

    Args:
        receipt: of the step.
        table: its table.
        report: the session's, if it is written.
    """
    shown = table.slice(0, _ROWS).select(range(min(_COLUMNS, table.num_columns)))
    parts = [
        f"<div><b>{escape(receipt.step)}</b> {escape(receipt.kind)}: {_tell_counts(receipt)}</div>",
        _render_head(shown),
        f"<div>{' · '.join(_tell_rest(receipt, table, report))}</div>",
    ]
    return "".join(parts)


def _tell_counts(receipt: Receipt) -> str:
    told = [f"{receipt.rows_in:,} rows in"]
    if receipt.rows_made:
        told.append(f"{receipt.rows_made:,} made")
    told += [f"{receipt.rows_rejected:,} rejected", f"{receipt.rows_out:,} out"]
    if receipt.values_discarded:
        told.append(f"{receipt.values_discarded:,} values discarded")
    told.append(f"{receipt.seconds:.2f} s{', from the cache' if receipt.resumed else ''}")
    return ", ".join(told)


def _tell_rest(receipt: Receipt, table: pa.Table, report: Path | None) -> list[str]:
    told = [f"{table.num_rows:,} rows × {table.num_columns:,} columns"]
    if table.num_columns > _COLUMNS:
        told[0] += f", the first {_COLUMNS} of them shown"
    if receipt.rows_rejected or receipt.values_discarded:
        told.append("<code>step.rejects</code> holds what was rejected")
    if report is not None:
        link = os.path.relpath(report)
        told.append(f'<a href="{escape(link)}" target="_blank">report.html</a>')
    return told


def _render_head(table: pa.Table) -> str:
    heads = "".join(
        f'<th style="text-align: left">{escape(make_printable(field.name))}<br>'
        f'<span style="font-weight: normal; opacity: 0.6">{escape(name_type(field.type))}</span>'
        "</th>"
        for field in table.schema
    )
    rows = []
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        cells = "".join(f'<td style="text-align: left">{_render_value(one)}</td>' for one in row)
        rows.append(f"<tr>{cells}</tr>")
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _render_value(value: Any) -> str:
    if value is None:
        return '<span style="opacity: 0.5">NULL</span>'
    if isinstance(value, list) and len(value) > 4 and isinstance(value[0], float):
        shown = f"[{', '.join(f'{one:.3g}' for one in value[:3])}, … {len(value)} numbers]"
    else:
        shown = make_printable(str(value))
    if len(shown) > _CHARACTERS:
        shown = f"{shown[: _CHARACTERS - 1]}…"
    return escape(shown)
