"""The log settings of Hugging Face libraries that are not loaded."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# The defaults of all of them, so that what DataDreamer saves and sets again stays valid.
_DEFAULTS = {"get_verbosity": logging.WARNING, "is_progress_bar_enabled": True}
_HUB = "huggingface_hub.utils"
_REAL = {"transformers.logging": "transformers.utils.logging"}


class StandInLogging:
    """Stands for the module `logging` of a library: what is set holds once the library is loaded.

    Progress bars are those of huggingface_hub, as in the libraries themselves: they are switched at
    once.
    """

    def __init__(self, package: str) -> None:
        """Stand for the module `logging` of a package, such as `optimum.utils`."""
        self._path = _REAL.get(f"{package}.logging", f"{package}.logging")
        self._settings: dict[str, tuple[Any, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        real = sys.modules.get(self._path)
        if getattr(real, "__file__", None):  # a stand-in has none
            return getattr(real, name)
        return lambda *values: self._keep(name, values)

    def _keep(self, name: str, values: tuple[Any, ...]) -> Any:
        if name.endswith("_progress_bar"):
            getattr(importlib.import_module(_HUB), f"{name}s")()
        elif name.startswith("set_verbosity"):
            if not self._settings:
                run_after_import(self._path, self._settle)
            self._settings = {name: values}
        return _DEFAULTS.get(name)

    def _settle(self, module: ModuleType) -> None:
        """Set what was asked for, and leave the handlers that a session has put there meanwhile."""
        logger = logging.getLogger(self._path.partition(".")[0])
        handlers = list(logger.handlers)
        for name, values in self._settings.items():
            getattr(module, name)(*values)
        if handlers:
            logger.handlers[:] = handlers


def run_after_import(name: str, react: Callable[[ModuleType], None]) -> None:
    """Call a function with a module as soon as it is imported, whoever imports it."""
    sys.meta_path.insert(0, _ImportWatch(name, react))


class _ImportWatch(MetaPathFinder):
    def __init__(self, name: str, react: Callable[[ModuleType], None]) -> None:
        self.name, self.react = name, react

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        run = loader.exec_module

        def run_and_react(module: ModuleType) -> None:
            run(module)
            self.react(module)

        loader.exec_module = run_and_react
        return spec
