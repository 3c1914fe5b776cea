"""Import DataDreamer in a third of the time: its heaviest libraries are loaded when they are used.

DataDreamer 0.46 imports setfit and optimum to set their log levels, and sentence-transformers,
scikit-learn, openai and torch._dynamo for names that a session may never use: most of its import
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# No line of DataDreamer needs one of these at import. A stand-in may be called, read from,
# subclassed and used in isinstance; in an `except` clause only once its library is loaded.
DEFERRED_LIBRARIES = (
    "optimum",  # imported for its log level only
    "setfit",  # imported for its log level only
    "sentence_transformers",  # one class for embedders; pulls peft and torch._inductor
    "sklearn",  # transformers takes one function from it, for assisted generation
    "scipy",  # transformers takes three functions from it, for losses and metrics
    "openai",  # loaded with the first OpenAI client
    "torch.distributed.tensor",  # transformers translates tensor-parallel plans with it
    "torch._dynamo",  # one setting, when a local language model is compiled
)

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
        with suppress(ImportError, AttributeError, TypeError), defer_libraries(DEFERRED_LIBRARIES):
            package = _import_plainly()
            _postpone_trainers()
            return package
        for name in [name for name in sys.modules if name.partition(".")[0] == "datadreamer"]:
            del sys.modules[name]
        return _import_plainly()


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


@contextmanager
def defer_libraries(names: Sequence[str]) -> Iterator[None]:
    """Within the block, importing a named library gives a stand-in; loaded ones are left alone.

    Names taken from a stand-in stay usable after the block. Other threads that import one of these
    libraries meanwhile get stand-ins as well. The first use of a stand-in within the block ends the
    deferral, for all of them.

        with defer_libraries(["peft"]):
            import sentence_transformers
    """
    finder = _StandInFinder({name for name in names if name not in sys.modules})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        finder.release()


class _StandInFinder(MetaPathFinder, Loader):
    """Finds a `_StandInModule` for each installed library in `libraries`, and for what is below."""

    def __init__(self, libraries: set[str]) -> None:
        self.libraries = libraries
        self.stand_ins: dict[str, _StandInModule] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        below = any(name.startswith(f"{library}.") for library in self.libraries)
        installed = name in self.libraries and PathFinder.find_spec(name, path) is not None
        # A package, so that `import sklearn.metrics` asks for the part below as well.
        return ModuleSpec(name, self, is_package=True) if below or installed else None

    def create_module(self, spec: ModuleSpec) -> _StandInModule:
        self.stand_ins[spec.name] = _StandInModule(spec.name, self)
        return self.stand_ins[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: names are made as they are asked for."""

    def release(self) -> None:
        """Give every library back to the ordinary import."""
        self.libraries = set()
        while self.stand_ins:
            name, stand_in = self.stand_ins.popitem()
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
            parent, _, attribute = name.rpartition(".")
            if vars(sys.modules.get(parent, stand_in)).get(attribute) is stand_in:
                delattr(sys.modules[parent], attribute)


class _StandInModule(ModuleType):
    """A library that is not loaded. Once released, its attributes are those of the real one."""

    def __init__(self, name: str, finder: _StandInFinder) -> None:
        super().__init__(name)
        self.__finder = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{self.__name__} is not loaded and has no {name}")
        if name == "logging":
            return _StandInLogging(self.__name__)
        if sys.modules.get(self.__name__) is self:
            return _StandInName(self.__name__, name, self.__finder)
        return getattr(_load(self.__name__), name)


class _StandInName:
    """A class or function of a library that is not loaded; its first use loads the library."""

    def __init__(self, module: str, name: str, finder: _StandInFinder) -> None:
        self.__module = module
        self.__name = name
        self.__finder = finder

    def __resolve(self) -> Any:
        self.__finder.release()
        return getattr(_load(self.__module), self.__name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__resolve()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__resolve(), name)

    def __instancecheck__(self, instance: object) -> bool:
        # Nothing can be an instance of a class that was never loaded, so this loads nothing.
        return _is_loaded(self.__module) and isinstance(instance, self.__resolve())

    def __subclasscheck__(self, subclass: type) -> bool:
        return _is_loaded(self.__module) and issubclass(subclass, self.__resolve())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self.__resolve(),)

    def __or__(self, other: Any) -> Any:
        return Any  # in annotations: `openai.OpenAI | openai.AzureOpenAI`

    __ror__ = __or__

    def __reduce__(self) -> tuple[Any, ...]:
        return _find, (self.__module, self.__name)

    def __repr__(self) -> str:
        return f"<{self.__module}.{self.__name}, not loaded>"

    def stands_for(self, module: str) -> str | None:
        """The name this stands for, if it comes from the given module."""
        return self.__name if self.__module == module else None


class _StandInLogging:
    """Log settings of a library that is not loaded: nothing to set. Once loaded, its own."""

    def __init__(self, module: str) -> None:
        self.__module = module

    def __getattr__(self, name: str) -> Any:
        if _is_loaded(self.__module):
            return _find(f"{self.__module}.logging", name)
        # The defaults of both libraries, so that what DataDreamer saves and sets again stays valid.
        defaults = {"get_verbosity": logging.WARNING, "is_progress_bar_enabled": True}
        return lambda *args: defaults.get(name)


def _is_loaded(module: str) -> bool:
    return not isinstance(sys.modules.get(module), _StandInModule | None)


def _find(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _load(module: str) -> ModuleType:
    """Import the real module, and put it and its names wherever a stand-in for them was bound.

    Without this an `except NotFoundError:` with a name from a stand-in would be a TypeError.
    """
    library = importlib.import_module(module)
    for holder in list(sys.modules.values()):
        for variable, value in list(getattr(holder, "__dict__", {}).items()):
            if type(value) is _StandInName and (name := value.stands_for(module)):
                setattr(holder, variable, getattr(library, name))
            elif type(value) is _StandInModule and value.__name__ == module:
                setattr(holder, variable, library)
    return library
