"""Which rows break a rule: the contract's promises, relations that were said, and found ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow.compute as pc

from dreambolt_steps.assessment.samples import OpenReader, Samples
from dreambolt_steps.assessment.scores import Score
from dreambolt_steps.contracts.contract import Contract
from dreambolt_steps.contracts.rules import list_rules
from dreambolt_steps.contracts.schema_check import compare_columns
from dreambolt_steps.profiling.row_facts import TableFacts
from dreambolt_steps.synthesis.duplicates import KnownRows
from dreambolt_steps.synthesis.relations import RelationCheck, find_dependencies


@dataclass(frozen=True)
class Broken:
    """A rule and the rows that break it, as masks over the synthetic rows and those held back."""

    column: str | None
    reason: str
    synthetic: np.ndarray
    holdout: np.ndarray


def score_rules(
    open_real: OpenReader,
    samples: Samples,
    facts: TableFacts,
    relations: Sequence[str],
    contract: Contract | None,
) -> tuple[list[Score], float]:
    """The share of rows that break each rule, and the share of synthetic rows that break none.

    Args:
        open_real: gives a new stream over all real rows.
        samples: to check.
        facts: of the real rows, in which functional dependencies are found.
        relations: SQL conditions.
        contract: of the table.
    """
    rules = _check_relations(samples, facts, relations)
    if contract is not None:
        rules += _check_values(samples, contract) + _check_keys(open_real, samples, contract)
    scores = [
        Score(
            "rules",
            rule.reason,
            rule.column,
            None,
            float(rule.synthetic.mean()),
            float(rule.holdout.mean()),
        )
        for rule in rules
    ]
    broken = np.zeros(samples.synthetic.num_rows, bool)
    for rule in rules:
        broken |= rule.synthetic
    return scores, 1.0 - float(broken.mean())


def _check_relations(samples: Samples, facts: TableFacts, relations: Sequence[str]) -> list[Broken]:
    schema = samples.synthetic.schema
    checks = [(condition, RelationCheck([condition], [], schema)) for condition in relations]
    for one in find_dependencies(facts):
        checks.append((str(one), RelationCheck([], [one], schema)))
    found = []
    parts = [part.to_pylist() for part in (samples.synthetic, samples.holdout)] if checks else []
    for words, check in checks:
        masks = [np.array([one is not None for one in check.find_breaks(part)]) for part in parts]
        found.append(Broken(None, words, *masks))
    return found


def _check_values(samples: Samples, contract: Contract) -> list[Broken]:
    schema = samples.synthetic.schema
    promised = {column.name for column in contract.columns} & {*schema.names}
    rules, _ = list_rules(contract, compare_columns(_thaw(contract), schema.names), schema)
    found = []
    for rule in rules:
        if rule.column not in promised or rule.index is None:
            continue
        masks = []
        for part in (samples.synthetic, samples.holdout):
            good = rule.check(part.column(rule.index).combine_chunks())
            masks.append(~pc.fill_null(good, True).to_numpy(zero_copy_only=False))
        found.append(Broken(rule.column, rule.reason, *masks))
    return found


def _check_keys(open_real: OpenReader, samples: Samples, contract: Contract) -> list[Broken]:
    """Keys that are taken, by a real row or by an earlier synthetic one."""
    names = samples.synthetic.schema.names
    found = []
    singles = [(column.name,) for column in contract.columns if column.unique]
    for key in dict.fromkeys([*singles, *contract.unique]):
        if not {*key} <= {*names}:
            continue
        keys = samples.synthetic.select([*key])
        taken = np.array(KnownRows(open_real, key).contains(keys), bool)
        seen: set[str] = set()
        for at, row in enumerate(keys.to_pylist()):
            taken[at] |= repr(row) in seen
            taken[at] &= None not in row.values()
            seen.add(repr(row))
        free = np.zeros(samples.holdout.num_rows, bool)  # real rows have kept it already
        found.append(Broken(", ".join(key), "not unique", taken, free))
    return found


def _thaw(contract: Contract) -> Contract:
    """The contract without what would stop at columns it does not name: rows are looked at here."""
    return replace(contract, modes=replace(contract.modes, columns="evolve", tables="evolve"))


__all__ = ["score_rules"]
