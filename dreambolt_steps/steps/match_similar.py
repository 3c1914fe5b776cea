"""The step that finds, for each row of a table, the rows of another that mean the same."""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np
import pyarrow as pa
from datasets import Dataset

from dreambolt_steps.arguments.embedding import MatchSimilarArgs
from dreambolt_steps.embedding.stored_vectors import StoredVectors
from dreambolt_steps.embedding.text_source import TextSource, name_text
from dreambolt_steps.errors import UsageError
from dreambolt_steps.matching.assignment import assign_pairs
from dreambolt_steps.matching.candidates import Candidates, Side, find_candidates
from dreambolt_steps.matching.groups import number_groups
from dreambolt_steps.matching.joined import Matches, join_matches
from dreambolt_steps.matching.lexical import check_lexical, compare_letters
from dreambolt_steps.steps.base.embedding_run import EmbeddingRun
from dreambolt_steps.steps.base.input_table import InputTable
from dreambolt_steps.steps.base.second_table import split_inputs
from dreambolt_steps.steps.base.table_columns import read_columns, read_source
from dreambolt_steps.steps.base.table_step import TableStep
from dreambolt_steps.steps.base.work_folder import WorkFolder

_CANDIDATES, _TIMES = 20, 4  # looked at beyond k, where a cosine alone does not decide
_PAIRS = 200_000


class MatchSimilar(TableStep[MatchSimilarArgs]):
    """Joins two tables by meaning: each row with the rows of a reference whose text is nearest.

    Inputs: every column of a table, and of a reference: `{**columns(table), **reference(other)}`.

    Outputs: the columns of the table; `match_rank` (from 1), `match_score`, `match_similarity` (the
    cosine), `match_lexical` (how alike the letters are, 0 to 1), `match_margin` (the lead of the
    score over the next best row, NULL without any); and each column of the reference as
    `match_<column>`. NULLs where nothing is near enough.

    Texts are embedded with the session's vectors, each once. All pairs are compared, in blocks;
    past `exact_pairs` an index finds most of the nearest.

    Raises:
        SchemaError: a column is missing, holds no text, or a name is taken.
        UsageError: no reference, or arguments that do not go together.
        ModelError: the embedder can't be used.

    Example:
        inputs = {**columns(free_text), **reference(people)}
        args = {"text": "name", "reference_text": "{first} {last}", "threshold": 0.7}
        matched = MatchSimilar("match", inputs=inputs, args=args)
    """

    version = 1.0
    Args = MatchSimilarArgs

    @cached_property
    def model(self) -> EmbeddingRun:
        """The model with the session's store."""
        return EmbeddingRun(self, self.args["embedder"])

    def identify_content(self) -> object:
        return self.model.identity

    def run(self) -> Dataset:
        self._check_args()
        left, right = split_inputs(self.inputs)
        self.receipt.rows_in = left.num_rows
        texts = [name_text(self.args["text"])]
        texts.append(name_text(self.args["reference_text"] or self.args["text"]))
        with WorkFolder(self, "match") as work:
            folder, place = self.model.find_store(work), self.model.place_texts
            places, _ = place(left, texts[0], work / "left", folder)
            other_places, store = place(right, texts[1], work / "right", folder)
            left_groups, right_groups = self._number_groups(left, right)
            vectors = partial(StoredVectors, store)
            candidates = find_candidates(
                Side(places, left_groups, vectors),
                Side(other_places, right_groups, vectors),
                self._count_candidates(),
                exact_pairs=self.args["exact_pairs"],
            )
            matches = self._choose(self._compare(candidates, left, right, texts))
            joined = join_matches(
                left.open_reader(),
                right.open_reader().read_all(),
                matches,
                keep_unmatched=self.args["keep_unmatched"],
            )
            stored = self.store(joined)
        self._tell(matches)
        return stored

    def _check_args(self) -> None:
        if self.args["one_to_one"] and self.args["k"] != 1:
            raise UsageError("k is 1 with one_to_one")
        if self.args["lexical_weight"] and not self.args["lexical"]:
            raise UsageError("lexical_weight needs lexical=True")
        if self.args["lexical"]:
            check_lexical()

    def _count_candidates(self) -> int:
        if self.args["lexical_weight"] or self.args["one_to_one"]:
            return max(_CANDIDATES, _TIMES * self.args["k"])
        return int(self.args["k"]) + 1  # one more, for the margin

    def _number_groups(self, left: InputTable, right: InputTable) -> tuple[np.ndarray, np.ndarray]:
        told = self.args["block_by"] or []
        pairs = dict(told) if isinstance(told, dict) else {name: name for name in told}
        if not pairs:
            return np.zeros(left.num_rows, np.int64), np.zeros(right.num_rows, np.int64)
        tables = []
        for table, names in ((left, list(pairs)), (right, list(pairs.values()))):
            tables.append((read_columns(table, names), names))
        first, second = number_groups(*tables)
        return first, second

    def _compare(
        self, found: Candidates, left: InputTable, right: InputTable, sources: list[TextSource]
    ) -> Candidates:
        if not self.args["lexical"]:
            return found
        own = read_source(left, sources[0]).take(pa.array(found.first_rows))
        theirs = read_source(right, sources[1])
        lexical = np.empty(len(found.units), np.float32)
        for start in range(0, len(lexical), _PAIRS):
            part = slice(start, start + _PAIRS)
            lexical[part] = compare_letters(
                own.take(pa.array(found.units[part])).to_pylist(),
                theirs.take(pa.array(found.references[part])).to_pylist(),
            )
        return found.score(lexical, self.args["lexical_weight"])

    def _choose(self, found: Candidates) -> Matches:
        ranks, leads = found.rank()
        good = found.scores >= self.args["threshold"]
        if not self.args["one_to_one"]:
            good &= ranks <= self.args["k"]
        rows, pairs = found.spread(np.flatnonzero(good))
        if self.args["one_to_one"]:
            kept = assign_pairs(rows, found.references[pairs], found.scores[pairs])
            rows, pairs = rows[kept], pairs[kept]
        lexical = found.lexical
        facts = {
            "rank": ranks[pairs],
            "score": found.scores[pairs],
            "similarity": found.cosines[pairs],
            "lexical": np.full(len(pairs), np.nan) if lexical is None else lexical[pairs],
            "margin": leads[pairs],
        }
        return Matches(rows, found.references[pairs], facts)

    def _tell(self, matches: Matches) -> None:
        matched = len(np.unique(matches.rows))
        if not self.args["keep_unmatched"]:
            self.receipt.rows_dropped = self.receipt.rows_in - matched
        # a row with several matches is as many rows
        self.receipt.rows_made = (
            self.receipt.rows_out + self.receipt.rows_dropped - self.receipt.rows_in
        )
        self.receipt.report["matched rows"] = matched
        self.receipt.report["lineage"] = {"match_model": self.model.describe()["model"]}
        self.receipt.notes = [f"{matched:,} of {self.receipt.rows_in:,} rows matched"]


__all__ = ["MatchSimilar"]
