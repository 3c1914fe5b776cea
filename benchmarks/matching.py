"""Matching: the blocks of `MatchSimilar` against bare exact searches, and the step itself.

Run as `python -m benchmarks.matching CONTENDER ROWS`, one contender in a process of its own.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measure import measure_contender, report_work

Work = Callable[[], object]
K = 10


def make_vectors(rows: int, seed: int) -> np.ndarray:
    """Vectors of 384 floats, of length 1."""
    values = np.random.default_rng(seed).normal(size=(rows, 384)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def run_faiss(rows: str, folder: Path) -> Work:
    """faiss `IndexFlatIP`: add, search."""
    import faiss

    left, right = make_vectors(int(rows), 1), make_vectors(int(rows), 2)

    def work() -> None:
        index = faiss.IndexFlatIP(384)
        index.add(right)
        index.search(left, K)

    return work


def run_numpy(rows: str, folder: Path) -> Work:
    """numpy: a block of products, argpartition."""
    left, right = make_vectors(int(rows), 1), make_vectors(int(rows), 2)

    def work() -> None:
        for start in range(0, len(left), 1024):
            near = left[start : start + 1024] @ right.T
            np.argpartition(-near, K, axis=1)[:, :K]

    return work


def run_blocks(rows: str, folder: Path) -> Work:
    """`find_nearest` over vectors that are read from a session's store as they are needed."""
    from dreambolt_steps.embedding.store import VectorStore
    from dreambolt_steps.embedding.stored_vectors import StoredVectors
    from dreambolt_steps.matching.nearest import find_nearest

    sides = []
    with VectorStore(folder / "store", 384) as store:
        list(store.scan())
        for seed in (1, 2):
            vectors = make_vectors(int(rows), seed)
            keys = [number.to_bytes(15, "big") + bytes([seed]) for number in range(len(vectors))]
            places = [
                store.append(keys[at : at + 512], vectors[at : at + 512])
                for at in range(0, len(vectors), 512)
            ]
            sides.append(StoredVectors(store, np.concatenate(places)))
    return lambda: find_nearest(*sides, K)


CONTENDERS = {"faiss": run_faiss, "numpy": run_numpy, "blocks": run_blocks}
_WORDS = {
    "faiss": "faiss `IndexFlatIP`, all in memory",
    "numpy": "numpy, blocks of 1,024, argpartition",
    "blocks": "`find_nearest`, as `MatchSimilar` asks it, from the store on disk",
}


def measure_matching(*sizes: str) -> None:
    """The ten nearest of ROWS x ROWS vectors of 384 floats (100000)."""
    for rows in sizes or ("100000",):
        print(f"\n| {int(rows):,} x {int(rows):,}, 384 dims | seconds | ratio | peak MiB |")
        print("|---|---|---|---|")
        base = None
        for name, words in _WORDS.items():
            found = measure_contender(name, rows, runs=1, module="benchmarks.matching")
            base = base or found.seconds
            ratio = found.seconds / base
            print(
                f"| {words} | {found.seconds:.1f} | {ratio:.2f} | {found.peak_mb:.0f} |", flush=True
            )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        report_work(CONTENDERS[sys.argv[1]](sys.argv[2], Path(scratch)))
