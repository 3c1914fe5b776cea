"""Embeddings: rows a second and memory, against plain loops and DataDreamer's own step on the same
model; and what fast engines cost in quality.

Run as `python -m benchmarks.embedding CONTENDER SIZE`, one contender in a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data import make_names
from benchmarks.measure import measure_contender, report_work

Work = Callable[[], object]
_WORDS = [
    "the",
    "a",
    "match",
    "goal",
    "keeper",
    "final",
    "team",
    "player",
    "ball",
    "penalty",
    "referee",
    "minute",
    "half",
    "crowd",
    "stadium",
    "coach",
    "corner",
    "free",
    "kick",
    "shot",
    "saved",
    "missed",
    "scored",
    "won",
    "lost",
    "drew",
    "against",
    "first",
    "second",
    "world",
    "cup",
]


def make_texts(count: int) -> list[str]:
    """Distinct texts of 8 to 256 tokens, evenly spread, in no order."""
    draw = random.Random(1930)
    texts = []
    for number in range(count):
        size = draw.randrange(6, 250)
        texts.append(f"{number} " + " ".join(draw.choice(_WORDS) for _ in range(size)))
    return texts


def _choose_texts(told: str) -> list[str]:
    """`names` (37,784, of them 7,663 distinct), `names=SAMPLE`, or `mixed=COUNT`."""
    kind, _, count = told.partition("=")
    if kind == "names":
        return make_names()[-int(count) :] if count else make_names()
    return make_texts(int(count or 20_000))


def _load_plain_model() -> object:
    from sentence_transformers import SentenceTransformer

    from dreambolt_steps.embedding.models.model_folder import find_model_folder

    return SentenceTransformer(str(find_model_folder(None)), device="cpu")


def run_loop(told: str, folder: Path) -> Work:
    """A loop over batches of 32 in the order of the rows, as in most scripts."""
    model, texts = _load_plain_model(), _choose_texts(told)

    def work() -> None:
        for start in range(0, len(texts), 32):
            model.encode(texts[start : start + 32], show_progress_bar=False)  # type: ignore[attr-defined]

    return work


def run_encode(told: str, folder: Path) -> Work:
    """One `SentenceTransformer.encode` of all rows, which sorts them by length."""
    model, texts = _load_plain_model(), _choose_texts(told)
    return lambda: model.encode(texts, batch_size=32, show_progress_bar=False)  # type: ignore[attr-defined]


def run_datadreamer(told: str, folder: Path) -> Work:
    """DataDreamer's `Embed` with its `SentenceTransformersEmbedder`."""
    from datadreamer import DataDreamer
    from datadreamer.embedders import SentenceTransformersEmbedder
    from datadreamer.steps import DataSource, Embed

    from dreambolt_steps.embedding.models.model_folder import find_model_folder

    texts = _choose_texts(told)

    model = SentenceTransformersEmbedder(str(find_model_folder(None)))
    model.model  # loaded  # noqa: B018

    def work() -> None:
        with DataDreamer(str(folder / "session"), verbose=False):
            source = DataSource("texts", data={"text": texts})
            inputs = {"texts": source.output["text"]}
            Embed("embed", inputs=inputs, args={"embedder": model, "truncate": True})

    return work


def run_fastembed(told: str, folder: Path) -> Work:
    """fastembed on the same weights, exported as it wants them: its own models come from a hub.

    It sorts nothing, and pads each batch to its longest text.
    """
    from fastembed import TextEmbedding

    texts = _choose_texts(told)
    _export_for_fastembed(folder / "model")
    name = "sentence-transformers/all-MiniLM-L6-v2"
    model = TextEmbedding(name, specific_model_path=str(folder / "model"))
    return lambda: list(model.embed(texts, batch_size=32))


def run_ray_data(told: str, folder: Path) -> Work:
    """Ray Data's text pipeline as its documentation shows it: a class that loads the model, mapped
    over batches by one actor, which computes on as many threads as there are cores. Its start and
    its loading of the model are part of the work."""
    import ray
    import ray.data

    texts = _choose_texts(told)
    cores = os.cpu_count() or 1

    class Encoder:
        def __init__(self) -> None:
            import torch

            torch.set_num_threads(cores)
            self.model = _load_plain_model()

        def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
            found = self.model.encode(list(batch["text"]), batch_size=32, show_progress_bar=False)  # type: ignore[attr-defined]
            return {"text": batch["text"], "vector": found}

    environment = {"env_vars": {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(cores)}}
    ray.init(num_cpus=cores + 1, logging_level="error", runtime_env=environment)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def work() -> None:
        table = ray.data.from_items([{"text": text} for text in texts])
        pool = ray.data.ActorPoolStrategy(size=1)
        done = table.map_batches(Encoder, batch_size=256, num_cpus=cores, compute=pool)
        done.write_parquet(str(folder / "vectors"))

    return work


def _export_for_fastembed(folder: Path) -> None:
    """The transformer as ONNX, without pooling, beside the files of its tokenizer."""
    import shutil

    import torch
    from transformers import BertModel

    from dreambolt_steps.embedding.models.weights import find_model_file

    shutil.copytree(find_model_file("tokenizer.json").parent, folder)
    model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    names, sizes = ["input_ids", "attention_mask", "token_type_ids"], {0: "texts", 1: "tokens"}
    example = torch.ones(2, 8, dtype=torch.long)
    torch.onnx.export(
        model,
        (example, example, example * 0),
        str(folder / "model.onnx"),
        input_names=names,
        output_names=["last_hidden_state", "pooled"],
        dynamic_axes=dict.fromkeys([*names, "last_hidden_state"], sizes),
        opset_version=17,
        dynamo=False,
    )


def run_step(engine: str) -> Callable[[str, Path], Work]:
    """`EmbedColumns` in a session, the model loaded beforehand, as for the others."""

    def run(told: str, folder: Path) -> Work:
        from datadreamer.steps import DataSource

        from dreambolt_steps import EmbedColumns, columns, open_session

        texts, model = _choose_texts(told), open_engine(engine)
        next(model.encode(["loaded"]))  # type: ignore[attr-defined]

        def work() -> None:
            with open_session(folder / "session"):
                source = DataSource("texts", data={"text": texts})
                args = {"columns": ["text"], "embedder": model}
                EmbedColumns("embed", inputs=columns(source), args=args)

        return work

    return run


def run_again(told: str, folder: Path) -> Work:
    """A second run over the same texts with one new row."""
    from datadreamer.steps import DataSource

    from dreambolt_steps import EmbedColumns, columns, open_session

    def embed(texts: list[str]) -> None:
        with open_session(folder / "session"):
            source = DataSource("texts", data={"text": texts})
            EmbedColumns("embed", inputs=columns(source), args={"columns": ["text"]})

    embed(_choose_texts(told))
    return lambda: embed([*_choose_texts(told), "one new text"])


def open_engine(name: str) -> object:
    """An embedder on the packaged MiniLM."""
    from dreambolt_steps import MiniLMEmbedder, OnnxEmbedder, StaticEmbedder

    engines: dict[str, Callable[[], object]] = {
        "minilm": MiniLMEmbedder,
        "bfloat16": lambda: MiniLMEmbedder(half=True),
        "onnx float32": lambda: OnnxEmbedder(precision="float32"),
        "onnx int8": OnnxEmbedder,
        "openvino int8": lambda: OnnxEmbedder(runtime="openvino"),
        "static": StaticEmbedder,
    }
    return engines[name]()


def run_export(told: str, folder: Path) -> Work:
    """`write_parquet` of a table of vectors in memory."""
    from dreambolt_steps.tables.export.export import write_parquet

    table = _make_vectors(int(told))
    return lambda: write_parquet(table.to_reader(max_chunksize=8192), folder / "files")


def run_write_table(told: str, folder: Path) -> Work:
    """`pyarrow.parquet.write_table` of the same table."""
    import pyarrow.parquet as pq

    table = _make_vectors(int(told))
    return lambda: pq.write_table(table, folder / "t.parquet", compression="zstd")


def _make_vectors(rows: int) -> object:
    import numpy as np
    import pyarrow as pa

    values = np.random.default_rng(0).random(rows * 384, np.float32)
    return pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(values), 384)})


ENGINES = ("minilm", "bfloat16", "onnx float32", "onnx int8", "static")
CONTENDERS: dict[str, Callable[[str, Path], Work]] = {
    "loop": run_loop,
    "encode": run_encode,
    "datadreamer": run_datadreamer,
    "fastembed": run_fastembed,
    "ray data": run_ray_data,
    "again": run_again,
    "export": run_export,
    "write_table": run_write_table,
    **{f"step {engine}": run_step(engine) for engine in (*ENGINES, "openvino int8")},
}
_WORDS_OF = {
    "loop": "loop of `encode`, 32 rows at a time, in their order",
    "encode": "one `SentenceTransformer.encode`, which sorts",
    "datadreamer": "DataDreamer's `Embed`, `SentenceTransformersEmbedder`",
    "fastembed": "fastembed on the same weights, 32 rows at a time",
    "ray data": "Ray Data, `map_batches` with `SentenceTransformer.encode`, to Parquet",
    **{f"step {engine}": f"`EmbedColumns`, {engine}" for engine in ENGINES},
}


def measure_quality(count: str = "2000") -> str:
    """Recall of the ten nearest and Spearman of similarities of each engine, against torch, as
    JSON: engine -> kind of texts -> both."""
    import numpy as np
    from scipy.stats import spearmanr

    from dreambolt_steps.session.fast_import import import_datadreamer

    import_datadreamer()
    kinds = {"names": sorted(set(make_names()))[: int(count)], "mixed": make_texts(int(count) // 2)}
    found: dict[str, dict[str, tuple[float, float]]] = {}
    near: dict[tuple[str, str], np.ndarray] = {}
    for engine in ENGINES:
        model = open_engine(engine)
        for kind, texts in kinds.items():
            vectors = np.stack(list(model.encode(texts)))  # type: ignore[attr-defined]
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            near[engine, kind] = vectors @ vectors.T
            exact, ours = near["minilm", kind], near[engine, kind]
            tens = [
                np.argsort(-(one - 9 * np.eye(len(one))), axis=1)[:, :10] for one in (exact, ours)
            ]
            shared = [len({*a} & {*b}) / 10 for a, b in zip(*tens, strict=True)]
            pairs = np.triu_indices(min(500, len(texts)), 1)
            rho = spearmanr(exact[pairs], ours[pairs]).statistic
            found.setdefault(engine, {})[kind] = (float(np.mean(shared)), float(rho))
    return json.dumps(found)


def measure_embedding(*sizes: str) -> None:
    """Names and mixed texts by every contender, the quality of the engines, a second run, and 1M
    vectors to Parquet. Sizes: SAMPLE of names and of mixed texts for the plain ones, COUNT of mixed
    texts for ours, rows to Parquet (4000, 2000, 20000 and 1000000)."""
    sample, some, mixed, rows = (*sizes, *("4000", "2000", "20000", "1000000")[len(sizes) :])
    module = "benchmarks.embedding"
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", module, "quality", "2000"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    quality = json.loads(done.stdout.strip().splitlines()[-1])
    print("| 37,784 names, 7,663 distinct | rows/s | ratio | peak MiB | recall@10, Spearman |")
    print("|---|---|---|---|---|")
    base = None
    for name, words in _WORDS_OF.items():
        plain = not name.startswith(("step ", "ray "))
        told = f"names={sample}" if plain else "names"
        found = measure_contender(name, told, runs=1, module=module)
        speed = (int(sample) if plain else 37_784) / found.seconds
        base = base or speed
        print(
            f"| {words} | {speed:,.0f} | {speed / base:.1f} | {found.peak_mb:.0f} | "
            f"{_tell(quality, name, 'names')} |",
            flush=True,
        )
    again = measure_contender("again", "names", runs=1, module=module)
    print(f"| a second run with one new row | {37_784 / again.seconds:,.0f} | | | 1 encoded |")
    told = f"{int(mixed):,} distinct texts, 8 to 256 tokens; {int(some):,} for the plain ones"
    print(f"\n| {told} | texts/s | ratio | peak MiB | |")
    print("|---|---|---|---|---|")
    base = None
    for name, words in _WORDS_OF.items():
        count = mixed if name.startswith("step ") else some
        found = measure_contender(name, f"mixed={count}", runs=1, module=module)
        speed = int(count) / found.seconds
        base = base or speed
        print(
            f"| {words} | {speed:,.0f} | {speed / base:.2f} | {found.peak_mb:.0f} | "
            f"{_tell(quality, name, 'mixed')} |",
            flush=True,
        )
    print(f"\n| {int(rows):,} x 384 floats to Parquet | seconds | ratio |\n|---|---|---|")
    stock = measure_contender("write_table", rows, runs=1, module=module)
    ours = measure_contender("export", rows, runs=1, module=module)
    print(f"| `pyarrow.parquet.write_table`, zstd | {stock.seconds:.2f} | 1 |")
    print(f"| `write_parquet` | {ours.seconds:.2f} | {ours.seconds / stock.seconds:.2f} |")


def _tell(quality: dict[str, dict[str, list[float]]], name: str, kind: str) -> str:
    found = quality.get(name.removeprefix("step "), {}).get(kind)
    return f"{found[0]:.3f}, {found[1]:.3f}" if found else ""


if __name__ == "__main__":
    if sys.argv[1] == "quality":
        print(measure_quality(*sys.argv[2:]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            report_work(CONTENDERS[sys.argv[1]](sys.argv[2], Path(scratch)))
