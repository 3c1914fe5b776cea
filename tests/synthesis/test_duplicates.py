"""Near duplicates: by shingles of text (MinHash), and by vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from dreambolt_steps.embedding.models.minilm import MiniLMEmbedder
from dreambolt_steps.profiling.row_facts import gather_facts
from dreambolt_steps.synthesis.duplicates import DuplicateCheck, Embed

STORIES = [
    "The keeper saved a penalty in the last minute and carried his side into the final.",
    "Rain fell for ninety minutes, and the pitch was a lake before the second half began.",
    "A boy of seventeen scored twice against the hosts while the whole stadium fell silent.",
]
TABLE = pa.table({"year": [1950, 1954, 1958], "story": STORIES})
NEAR = "The keeper saved a penalty in the last minute and carried his side into the finals."
OTHER = "The trainer left in spring, and nobody could say who chose the players that summer."
NEAR_TEXT = "nearly the same text is in another row"
NEAR_MEANING = "a row of nearly the same meaning exists"


def check(
    near: float | None = 0.9, embed: Embed | None = None, cosine: float = 0.97
) -> DuplicateCheck:
    facts = gather_facts(TABLE.to_reader)
    return DuplicateCheck(TABLE.to_reader, TABLE.schema, facts, near, embed, cosine)


def find(duplicates: DuplicateCheck, *stories: str) -> list[str | None]:
    rows = [{"year": 1962 + at, "story": story} for at, story in enumerate(stories)]
    return duplicates.find(rows)


def test_a_text_that_is_nearly_one_of_the_table_is_found() -> None:
    assert find(check(), NEAR, STORIES[1], OTHER) == [NEAR_TEXT, NEAR_TEXT, None]


def test_a_text_that_is_nearly_one_made_before_is_found() -> None:
    duplicates = check()
    assert find(duplicates, OTHER, OTHER.replace("spring", "Spring ")) == [None, NEAR_TEXT]


def test_case_and_spaces_make_no_other_text_and_a_limit_of_none_compares_none() -> None:
    assert find(check(), STORIES[0].upper().replace(" ", "  ")) == [NEAR_TEXT]
    assert find(check(near=None), NEAR) == [None]
    other = STORIES[0].replace("in the last minute", "as the whistle blew")
    assert find(check(near=0.99), other, STORIES[0]) == [None, NEAR_TEXT]


def test_names_and_codes_may_be_shared() -> None:
    table = pa.table({"name": ["Ada Lovelace", "Alan Turing"], "age": [36, 41]})
    duplicates = DuplicateCheck(table.to_reader, table.schema, gather_facts(table.to_reader))
    rows = [{"name": "Ada Lovelace", "age": 37}, {"name": "Ada Lovelace", "age": 36}]
    assert duplicates.find(rows) == [None, "the same row is in the table already"]


def test_vectors_that_point_the_same_way_are_found() -> None:
    directions = {STORIES[0].lower(): (1.0, 0.0), OTHER.lower(): (0.6, 0.8)}

    def embed(texts: Sequence[str]) -> np.ndarray:
        return np.array([directions.get(text, (0.0, 1.0)) for text in texts], np.float32)

    duplicates = check(None, embed, cosine=0.9)
    assert find(duplicates, OTHER, OTHER + " ", "Something else that was said of that summer.") == [
        None,
        NEAR_MEANING,
        NEAR_MEANING,
    ]


def test_other_words_of_the_same_meaning_are_found_by_the_packaged_model() -> None:
    model = MiniLMEmbedder()

    def embed(texts: Sequence[str]) -> np.ndarray:
        vectors = np.array(model.run(list(texts)), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    told = "The goalkeeper saved a penalty in the last minute, taking his side to the final."
    assert find(check(0.9, embed, cosine=0.9), told, OTHER) == [NEAR_MEANING, None]
    assert find(check(0.9), told) == [None]
