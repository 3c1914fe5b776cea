"""Recipes: a Python file with a function `recipe`, whose signature is its command line."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from dreambolt_steps.disk_full import is_disk_full
from dreambolt_steps.errors import DreamboltError, ExportError, RecipeError, TerminalError
from dreambolt_steps.recipes.recipe_values import parse_settings


@dataclass(frozen=True)
class Recipe:
    """A recipe that can be run.

    Args:
        path: its file.
        function: its `recipe`.
        parameters: parameter name -> type, in the order of the signature.
    """

    path: Path
    function: Callable[..., Any]
    parameters: dict[str, Any]

    def parse_settings(self, settings: Sequence[str]) -> dict[str, Any]:
        """Turn `name=value` texts into the function's arguments.

        Lists are given as `a,b` or by repeating the name; dictionaries as `key=value` the same way.

        Raises:
            RecipeError: an unknown name, a value of another type, a missing required parameter.
        """
        parsed = parse_settings(settings, self.parameters, owner=str(self.path))
        signature = inspect.signature(self.function).parameters
        for name in self.parameters:
            if signature[name].default is inspect.Parameter.empty and name not in parsed:
                raise RecipeError(f"{self.path} needs --set {name}=...")
        return parsed

    def run(self, arguments: dict[str, Any]) -> None:
        """Build the steps, inside an open session.

        Raises:
            DreamboltError: as the steps raise it.
            ExportError: the disk is full.
            TerminalError: any other error, with the recipe's file and line.
        """
        try:
            self.function(**arguments)
        except (DreamboltError, BrokenPipeError):
            raise
        except Exception as error:
            if is_disk_full(error):
                raise ExportError(
                    f"{_find_place(error, self.path)}: the disk of the session is full; free some "
                    "of it, or name another --session, then run the same command again"
                ) from error
            raise TerminalError(_locate(error, self.path)) from error


def load_recipe(path: str | Path) -> Recipe:
    """Import a recipe file.

    Raises:
        RecipeError: the file is missing, has a syntax error, fails to import, or has no function
            `recipe`.

    Example:
        >>> load_recipe("recipes/worldcup.py").parse_settings(["table=cups"])  # doctest: +SKIP
        {'table': 'cups'}
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise RecipeError(f"{path}: no such recipe; name a Python file with a function `recipe`")
    module = _import_file(file)
    function = getattr(module, "recipe", None)
    if not callable(function):
        raise RecipeError(f"{path}: no function `recipe`; define `def recipe(source: str = ...)`")
    return Recipe(file, function, _find_parameters(function, file))


def _find_parameters(function: Callable[..., Any], file: Path) -> dict[str, Any]:
    """Type by name; a parameter without annotation has the type of its default, or is text."""
    try:
        hints = typing.get_type_hints(function)
    except Exception as error:
        raise RecipeError(f"{file}: the annotations of `recipe` can't be read: {error}") from error
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        guess = str if parameter.default in (parameter.empty, None) else type(parameter.default)
        found[name] = hints.get(name, guess)
    return found


def _import_file(file: Path) -> ModuleType:
    # Known to sys.modules under a name of its own: dataclasses and pickling look their module up.
    name = f"dreambolt_recipe_{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{file}: not a Python file; a recipe ends in .py")
    module = importlib.util.module_from_spec(spec)
    # Last on the path, and for good: a recipe's neighbours can be imported, also when it runs, and
    # none of them takes the place of an installed module.
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"{error.filename or file}:{error.lineno}" if error.lineno else str(file)
        raise RecipeError(f"{where}: syntax error: {error.msg}") from error
    except DreamboltError:
        raise
    except Exception as error:
        raise RecipeError(_locate(error, file)) from error
    return module


def _locate(error: Exception, file: Path) -> str:
    """What went wrong, with the last line of the recipe that led to it."""
    where = _find_place(error, file)
    message = str(error).strip().split("\n")[0]
    return f"{where}: {type(error).__name__}: {message}" if message else f"{where}: {error!r}"


def _find_place(error: Exception, file: Path) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return f"{file}:{lines[-1]}" if lines else str(file)
