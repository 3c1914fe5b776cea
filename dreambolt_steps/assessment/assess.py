"""The whole assessment of synthetic rows against real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dreambolt_steps.assessment.detection import score_detection
from dreambolt_steps.assessment.encode import encode_columns
from dreambolt_steps.assessment.fidelity import score_columns, score_coverage, score_pairs
from dreambolt_steps.assessment.privacy import score_copies, score_distances
from dreambolt_steps.assessment.rule_violations import score_rules
from dreambolt_steps.assessment.samples import OpenReader, Samples, draw_samples, open_real
from dreambolt_steps.assessment.scores import Quality, Score, rate, read_score
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.errors import UsageError
from dreambolt_steps.profiling.history_facts import TableFacts
from dreambolt_steps.profiling.history_facts import gather_facts as profile_columns
from dreambolt_steps.profiling.row_facts import gather_facts
from dreambolt_steps.synthesis.provenance import PROVENANCE_NAMES, leave_columns

ASSESSMENT_FILE = "assessment.json"
_DISTANCE_BINS = 24


@dataclass(frozen=True)
class Assessment:
    """What was found.

    Attributes:
        scores: one a measure and column or pair.
        quality: what they add up to.
        real_rows, synthetic_rows: of the table.
        compared: rows of the reference, held back, and synthetic, as they were drawn.
        left_out: columns that were not compared, and why.
        real, synthetic: profiles of the columns that were.
        distances: shares of rows by their distance to the closest real row, in 24 bins from 0 to
            `farthest`, of the synthetic rows and of those held back.
        farthest: the end of the last bin.
    """

    scores: tuple[Score, ...]
    quality: Quality
    real_rows: int
    synthetic_rows: int
    compared: tuple[int, int, int]
    left_out: tuple[str, ...]
    real: TableFacts
    synthetic: TableFacts
    distances: tuple[tuple[float, ...], tuple[float, ...]]
    farthest: float


def assess(
    open_reader: OpenReader,
    *,
    flag: str = "_synthetic",
    relations: Sequence[str] = (),
    contract: Contract | None = None,
    most: int = 20_000,
    seed: int = 0,
    spent: float | None = None,
) -> Assessment:
    """Compare the synthetic rows of a table with its real ones.

    As many real rows as there are synthetic ones are held back and measured in the same way, so
    that every score stands beside what real rows reach. Keys (whole numbers that no two rows
    share), columns that no synthetic row has a value in, nested columns and bytes are left out.

    Args:
        open_reader: gives a new stream over the table.
        flag: the boolean column that says which rows are synthetic.
        relations: SQL conditions that every row has to meet.
        contract: of the table.
        most: rows of each kind that are compared; more are sampled. Copies are looked for among
            all real rows in any case.
        seed: draws the samples.
        spent: USD that the synthetic rows cost.

    Raises: UsageError: there is nothing to compare.
    """

    def open_real_rows() -> pa.RecordBatchReader:
        return leave_columns(open_real(open_reader, flag), [flag, *PROVENANCE_NAMES])

    drawn = draw_samples(open_reader, flag, most, seed)
    facts = gather_facts(open_real_rows)
    names, left_out = _choose_columns(drawn, [flag, *PROVENANCE_NAMES], facts)
    if not names:
        raise UsageError(f"no column can be compared ({'; '.join(left_out)})")
    samples = drawn.select(names)
    columns = encode_columns(samples)
    scores = score_columns(columns)
    pairs, missed = score_pairs(columns)
    scores += pairs
    scores += score_coverage(columns) + score_detection(columns, seed)
    rules, lawful = score_rules(open_real_rows, drawn, facts, relations, contract)
    near, distances = score_distances(columns)
    copied, copies, copies_held = score_copies(open_real_rows, samples, names)
    scores += rules + copied + near
    if spent is not None:
        cost = spent / drawn.synthetic_rows
        scores.append(Score("cost", "USD per accepted row", None, None, cost))
    if missed:
        left_out.append(f"{missed:,} pairs of columns beyond the first 300")
    shares, farthest = _share_distances(distances)
    return Assessment(
        tuple(scores),
        rate(scores, lawful, copies, copies_held),
        drawn.real_rows,
        drawn.synthetic_rows,
        (drawn.reference.num_rows, drawn.holdout.num_rows, drawn.synthetic.num_rows),
        tuple(left_out),
        profile_columns(samples.reference.to_reader()),
        profile_columns(samples.synthetic.to_reader()),
        shares,
        farthest,
    )


def write_assessment(folder: Path, found: Assessment) -> None:
    """Keep an assessment beside the step's result."""
    path = folder / ASSESSMENT_FILE
    path.write_text(json.dumps(asdict(found), ensure_ascii=False), encoding="utf-8")


def read_assessment(folder: Path) -> Assessment | None:
    """The assessment beside a step's result; None if there is none that can be read."""
    try:
        kept: dict[str, Any] = json.loads((folder / ASSESSMENT_FILE).read_text(encoding="utf-8"))
        return Assessment(
            scores=tuple(map(read_score, kept["scores"])),
            quality=Quality(**kept["quality"]),
            real_rows=kept["real_rows"],
            synthetic_rows=kept["synthetic_rows"],
            compared=tuple(kept["compared"]),
            left_out=tuple(kept["left_out"]),
            real=TableFacts.from_dict(kept["real"]),
            synthetic=TableFacts.from_dict(kept["synthetic"]),
            distances=(tuple(kept["distances"][0]), tuple(kept["distances"][1])),
            farthest=kept["farthest"],
        )
    except (OSError, ValueError, KeyError, TypeError):  # missing, or of another version
        return None


def _choose_columns(
    drawn: Samples, marks: Sequence[str], facts: Any
) -> tuple[list[str], list[str]]:
    names, left_out = [], []
    for field in drawn.reference.schema:
        if field.name in marks:
            continue
        made = drawn.synthetic.column(field.name)
        known = facts.columns[field.name]
        if field.name not in facts.sample.schema.names:
            left_out.append(f"{field.name}: vectors, nested values and bytes")
        elif known.unique and pa.types.is_integer(field.type):
            left_out.append(f"{field.name}: a key")
        elif made.null_count == len(made):
            left_out.append(f"{field.name}: NULL in every synthetic row")
        else:
            names.append(field.name)
    return names, left_out


def _share_distances(
    distances: dict[str, np.ndarray],
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], float]:
    both = [distances["synthetic"], distances["holdout"]]
    farthest = max(float(max(one.max() for one in both)), 1e-6)
    shares = [
        np.histogram(one, bins=_DISTANCE_BINS, range=(0, farthest))[0] / len(one) for one in both
    ]
    return (tuple(shares[0].tolist()), tuple(shares[1].tolist())), farthest
