"""Import DataDreamer in a tenth of the time: its heaviest libraries are loaded when they are used.

DataDreamer 0.46 imports setfit and optimum to set their log levels, and torch, transformers,
sentence-transformers and openai for names that a session may never use: nine tenths of its import
time. `import_datadreamer` puts stand-ins in their place while DataDreamer is imported and takes
them away again. A name that DataDreamer took from a stand-in loads the real library at its first
use; later imports of these libraries find the real ones.

    from dreambolt_steps.session.fast_import import import_datadreamer

    import_datadreamer()
    from datadreamer import DataDreamer  # loaded already
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

from dreambolt_steps.session.stand_ins import defer_libraries

# No line of DataDreamer needs one of these at import.
DEFERRED_LIBRARIES = (
    "optimum",  # imported for its log level only
    "setfit",  # imported for its log level only
    "torch",  # annotations, decorators, one base class; models on this machine
    "transformers",  # models on this machine; pulls accelerate
    "sentence_transformers",  # one class for embedders; pulls peft and torch._inductor
    "openai",  # loaded with the first OpenAI client
    "huggingface_hub.inference",  # loaded with the first client of its endpoints
    "ctransformers",  # models on this machine
    "faiss",  # loaded with the first index
    "aiohttp",  # datasets names one of its errors, where it streams from a server
    # Where a program has loaded torch or transformers before:
    "sklearn",  # transformers takes one function from it, for assisted generation
    "scipy",  # transformers takes three functions from it, for losses and metrics
    "torch.distributed.tensor",  # transformers translates tensor-parallel plans with it
    "torch._dynamo",  # one setting, when a local language model is compiled
)
_DECORATORS = ("torch.no_grad",)
_HIDDEN = ("torch.storage._warn_typed_storage_removal",)  # called where it is found

_import_lock = threading.RLock()


def import_datadreamer() -> ModuleType:
    """Import datadreamer, its steps, embedders and llms, the heaviest libraries deferred.

    Returns the `datadreamer` package. Does nothing when it is imported already, so it may be called
    often and from any thread. When a stand-in does not fit (another DataDreamer, another
    transformers), DataDreamer is imported the ordinary way.

    Raises: ImportError when DataDreamer can't be imported at all.
    """
    with _import_lock:
        if "datadreamer" in sys.modules:
            return sys.modules["datadreamer"]
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        # bitsandbytes 0.50 warns at import that an optional speed-up for AVX512-BF16 is missing.
        logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
        # DataDreamer calls what gives this warning, so that nobody sees it.
        warnings.filterwarnings("ignore", "TypedStorage is deprecated", UserWarning)
        # tqdm, which datasets imports, gives this one in a notebook without ipywidgets.
        warnings.filterwarnings("ignore", "IProgress not found")
        with suppress(ImportError, AttributeError, TypeError), _defer_heaviest():
            package = _import_plainly()
            _postpone_trainers()
            return package
        for name in [name for name in sys.modules if name.partition(".")[0] == "datadreamer"]:
            del sys.modules[name]
        return _import_plainly()


@contextmanager
def _defer_heaviest() -> Iterator[None]:
    """Modules of transformers that are imported meanwhile need the real torch."""
    kept = ("torch",) if "transformers" in sys.modules else ()
    names = [name for name in DEFERRED_LIBRARIES if name not in kept]
    with defer_libraries(names, decorators=_DECORATORS, hidden=_HIDDEN):
        yield


def _import_plainly() -> ModuleType:
    package = importlib.import_module("datadreamer")
    # A session imports the last one when it is entered; it too wants sentence_transformers.
    for part in ("steps", "embedders", "llms", "utils.distributed_utils"):
        importlib.import_module(f"datadreamer.{part}")
    return package


def _postpone_trainers() -> None:
    """Give DataDreamer its base class `Trainer` without the trainers themselves.

    `_start_step` (0.46.0) imports datadreamer.trainers for one isinstance check, and with it
    setfit, peft and bitsandbytes: 4 s at the first step. Any other name of the package loads the
    rest.
    """
    if "datadreamer.trainers" in sys.modules:
        return
    spec = importlib.util.find_spec("datadreamer.trainers")
    if spec is None or spec.loader is None:
        return
    loader = spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules["datadreamer.trainers"] = package
    base = importlib.import_module("datadreamer.trainers.trainer")
    package.__dict__["Trainer"] = base.Trainer

    def load_rest(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        del package.__dict__["__getattr__"]
        loader.exec_module(package)
        return getattr(package, name)

    package.__dict__["__getattr__"] = load_rest
