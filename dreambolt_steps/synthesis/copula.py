"""Rows drawn from a vine copula: how columns hang together, and how each is spread, kept apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dreambolt_steps.synthesis.libraries import check_library
from dreambolt_steps.synthesis.marginals import Marginal, measure_marginal

_ROWS = 2_000
_PAIRS = 200
_EDGE = 1e-6


@dataclass(frozen=True)
class ColumnModel:
    """One column as the copula sees it.

    Attributes:
        field: its name and type.
        marginal: of its values; None where it holds none.
        place: its variable in the copula; None where it is drawn alone or has one value only.
        nulls: the share of NULLs.
        null_place: the variable that says whether it is NULL; None without NULLs.
    """

    field: pa.Field
    marginal: Marginal | None
    place: int | None
    nulls: float
    null_place: int | None


class TableCopula:
    """A vine copula over the columns of a table, fitted by pyvinecopulib.

    Numbers, dates and moments are continuous variables, categories, booleans and repeated values
    discrete ones, and whether a value is NULL is a variable of its own. The same table and seed
    give the same rows.

    Args:
        table: a sample with the columns to draw; at most 2,000 rows of it are fitted.
        apart: columns that are drawn on their own, by how often their values come.
        exact: columns of which only the table's own values are drawn.
        seed: draws the fitted rows and the new ones.

    Raises: ModelError: the library is missing.
    """

    def __init__(
        self,
        table: pa.Table,
        apart: Collection[str] = (),
        exact: Collection[str] = (),
        seed: int = 0,
    ) -> None:
        check_library()
        self._seed = seed
        self._random = np.random.default_rng(seed)
        self.rows = min(table.num_rows, _ROWS)
        chosen = np.sort(self._random.permutation(table.num_rows)[: self.rows])
        fitted = table.take(pa.array(chosen)).combine_chunks()
        scores = _score_rows(fitted)
        self._upper: list[np.ndarray] = []
        self._lower: list[np.ndarray] = []
        self._kinds: list[str] = []
        self.columns: list[ColumnModel] = []
        for field in table.schema:
            whole = table.column(field.name).combine_chunks()
            part = fitted.column(field.name).combine_chunks()
            self.columns.append(
                self._model(field, whole, part, scores, field.name in apart, field.name in exact)
            )
        self._vine = self._fit() if len(self._kinds) > 1 else None

    def draw(self, rows: int, turn: int = 0) -> pa.Table:
        """Draw rows; another turn gives other ones.

        Args:
            rows: how many.
            turn: from 0.
        """
        random = np.random.default_rng([self._seed, turn])
        shares = random.random((rows, len(self._kinds)))
        if self._vine is not None:
            sample = getattr(self._vine, "sample", None) or self._vine.simulate  # before 1.0
            shares = sample(rows, seeds=[self._seed + 1, turn + 1])
        drawn = []
        for column in self.columns:
            if column.marginal is None:
                drawn.append(pa.nulls(rows, column.field.type))
                continue
            alone = random.random(rows)
            values = column.marginal.find_values(
                alone if column.place is None else shares[:, column.place]
            )
            if column.null_place is not None:
                values = pc.if_else(
                    pa.array(shares[:, column.null_place] > 1 - column.nulls), None, values
                )
            drawn.append(values)
        return pa.table(drawn, schema=pa.schema([column.field for column in self.columns]))

    def _model(
        self,
        field: pa.Field,
        whole: pa.Array,
        part: pa.Array,
        scores: np.ndarray,
        apart: bool,
        exact: bool,
    ) -> ColumnModel:
        nulls = whole.null_count / len(whole)
        null_place = None
        if 0 < nulls < 1:
            missing = part.is_null().to_numpy(zero_copy_only=False)
            present = 1 - nulls
            lower, upper = np.where(missing, present, 0.0), np.where(missing, 1.0, present)
            null_place = self._add(lower, upper, "d")
        if nulls == 1:
            return ColumnModel(field, None, None, nulls, None)
        known = part.is_valid().to_numpy(zero_copy_only=False)
        # the marginal is that of all rows of the sample, in the order that the fitted ones give
        order = measure_marginal(part.drop_null(), scores[known]).values if known.any() else None
        marginal = _measure(whole.drop_null(), order, exact)
        if apart or len(marginal.values) == 1 or not known.any():
            return ColumnModel(field, marginal, None, nulls, null_place)
        lower, upper = self._random.random((2, len(part)))
        if marginal.is_discrete:
            before, upto = marginal.find_shares(marginal.find_values(lower))
            before[known], upto[known] = marginal.find_shares(part.drop_null())
            place = self._add(before, upto, "d")
        else:
            before, upto = marginal.find_shares(part.drop_null())
            # equal values are told apart by chance, so that ranks are spread evenly
            upper[known] = before + (upto - before) * upper[known]
            place = self._add(upper, upper, "c")
        return ColumnModel(field, marginal, place, nulls, null_place)

    def _add(self, lower: np.ndarray, upper: np.ndarray, kind: str) -> int:
        self._lower.append(np.clip(lower, _EDGE, 1 - _EDGE))
        self._upper.append(np.clip(upper, _EDGE, 1 - _EDGE))
        self._kinds.append(kind)
        return len(self._kinds) - 1

    def _fit(self) -> Any:
        import pyvinecopulib as pv

        family = pv.BicopFamily
        controls = pv.FitControlsVinecop(
            family_set=[
                family.indep,
                family.gaussian,
                family.frank,
                family.clayton,
                family.gumbel,
            ],
            # of a wide table the strongest bonds only: later trees hold next to nothing
            trunc_lvl=max(1, min(len(self._kinds) - 1, _PAIRS // len(self._kinds))),
            num_threads=1,
        )
        discrete = [at for at, kind in enumerate(self._kinds) if kind == "d"]
        data = np.column_stack([*self._upper, *(self._lower[at] for at in discrete)])
        return pv.Vinecop.from_data(data, var_types=self._kinds, controls=controls)


def _measure(column: pa.Array, order: pa.Array | None, exact: bool) -> Marginal:
    """The marginal of a column, its categories in a given order; others come last."""
    scores = None
    if order is not None:
        places = pc.index_in(column, order)
        scores = pc.fill_null(places, len(order)).to_numpy(zero_copy_only=False).astype(float)
    return measure_marginal(column, scores, keep_values=exact)


def _score_rows(table: pa.Table) -> np.ndarray:
    """One number a row: the first principal component of the ranks of its numbers.

    Categories are put in order by it, so that a copula, which knows more and less only, sees how
    they go with numbers.
    """
    ranks: Sequence[np.ndarray] = [
        pc.rank(column.combine_chunks(), tiebreaker="dense").to_numpy().astype(float)
        for column in table.columns
        if not (pa.types.is_string(column.type) or pa.types.is_boolean(column.type))
        and column.null_count < len(column)
    ]
    spread = [one - one.mean() for one in ranks]
    spread = [one / one.std() for one in spread if one.std() > 0]
    if not spread:
        return np.arange(table.num_rows, dtype=float)
    vectors = np.linalg.svd(np.column_stack(spread), full_matrices=False)[2]
    return np.asarray(np.column_stack(spread) @ vectors[0])
