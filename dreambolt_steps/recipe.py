"""Recipes: a Python file with a function `recipe`, whose signature is its command line."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
import traceback
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any

from dreambolt_steps.errors import DreamboltError, RecipeError, TerminalError

_TRUE, _FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")


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
        given: dict[str, list[str]] = {}
        for setting in settings:
            name, equals, value = setting.partition("=")
            if not equals:
                raise RecipeError(f"--set {setting}: write it as name=value")
            if name not in self.parameters:
                close = difflib.get_close_matches(name, self.parameters, n=1)
                hint = f"did you mean {close[0]!r}? " if close else ""
                known = ", ".join(self.parameters) or "none"
                raise RecipeError(f"--set {name}: {hint}{self.path} has the parameters: {known}")
            given.setdefault(name, []).append(value)
        parsed = {
            name: _parse_value(name, values, self.parameters[name])
            for name, values in given.items()
        }
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.default is parameter.empty and name not in parsed:
                raise RecipeError(f"{self.path} needs --set {name}=...")
        return parsed

    def run(self, arguments: dict[str, Any]) -> None:
        """Build the steps, inside an open session.

        Raises:
            DreamboltError: as the steps raise it.
            TerminalError: any other error, with the recipe's file and line.
        """
        try:
            self.function(**arguments)
        except (DreamboltError, BrokenPipeError):
            raise
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if frame.filename == str(self.path)]
            where = f"{self.path}:{lines[-1]}" if lines else str(self.path)
            message = str(error).strip().split("\n")[0]
            raise TerminalError(f"{where}: {type(error).__name__}: {message}") from error


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
    hints = typing.get_type_hints(function)
    signature = inspect.signature(function).parameters
    parameters = {name: hints.get(name, str) for name in signature}
    return Recipe(file, function, parameters)


def _import_file(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"dreambolt_recipe_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{file}: not a Python file; a recipe ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise RecipeError(f"{error.filename}:{error.lineno}: syntax error: {error.msg}") from error
    except DreamboltError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(file)]
        where = f"{file}:{lines[-1]}" if lines else str(file)
        raise RecipeError(f"{where}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.parent))
    return module


def _parse_value(name: str, values: list[str], kind: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        wanted = [one for one in inner if one is not type(None)]
        if values == [""] and type(None) in inner:
            return None
        return _parse_value(name, values, wanted[0])
    if origin is typing.Literal:
        if values[-1] not in map(str, inner):
            raise RecipeError(f"--set {name}={values[-1]}: one of {', '.join(map(str, inner))}")
        return next(one for one in inner if str(one) == values[-1])
    if origin in (list, tuple):
        items = [item for value in values for item in value.split(",") if item]
        return origin(_parse_value(name, [item], (inner or (str,))[0]) for item in items)
    if origin is dict:
        pairs = [item.partition("=") for value in values for item in value.split(",") if item]
        if any(not equals for _, equals, _ in pairs):
            raise RecipeError(f"--set {name}={values[-1]}: write key=value, several with commas")
        return {key: _parse_value(name, [value], inner[1]) for key, _, value in pairs}
    return _parse_scalar(name, values[-1], kind)


def _parse_scalar(name: str, value: str, kind: Any) -> Any:
    if kind is bool:
        if value.lower() not in _TRUE + _FALSE:
            raise RecipeError(f"--set {name}={value}: not a yes or no; write true or false")
        return value.lower() in _TRUE
    if kind in (int, float):
        try:
            return kind(value)
        except ValueError as error:
            words = "a whole number" if kind is int else "a number"
            raise RecipeError(f"--set {name}={value}: not {words}") from error
    return Path(value) if kind is Path else value
