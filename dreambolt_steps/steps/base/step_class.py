"""What happens before DataDreamer makes a step: its arguments and inputs are checked, models that
are named are opened; and what `help` and an editor show of a step."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datadreamer import DataDreamer
from datadreamer.datasets import OutputDatasetColumn, OutputIterableDatasetColumn
from datadreamer.steps.step import _INTERNAL_HELP_KEY, Step, StepMeta
from datadreamer.utils.fs_utils import safe_fn

from dreambolt_steps.arguments.argument import Argument, list_arguments, split_union
from dreambolt_steps.arguments.check import check_arguments
from dreambolt_steps.arguments.describe import describe_argument
from dreambolt_steps.arguments.models import EmbeddingModel, LanguageModel
from dreambolt_steps.errors import UsageError
from dreambolt_steps.tracebacks import name_step
from dreambolt_steps.unknown_names import tell_known

_LONGEST_NAME = 200  # of 255, since superseded results and locks add to it
_COLUMNS = (OutputDatasetColumn, OutputIterableDatasetColumn)
_LAYOUT: dict[str, Any] = {
    "width": 96,
    "initial_indent": " " * 4,
    "subsequent_indent": " " * 8,
    "break_on_hyphens": False,
    "break_long_words": False,
}
_SIGNATURE = inspect.signature(Step.__init__)
_PARAMETERS = tuple(list(_SIGNATURE.parameters)[1:])  # without self


class StepClass(StepMeta):
    """The class of step classes.

    DataDreamer 0.46.0 lets no step override `__init__`, and takes whatever is no dictionary for
    none; so a step is checked where it is called.
    """

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> None:
        """Tell the arguments in the docstring, where `help` and editors find them."""
        super().__init__(name, bases, body)
        if "Args" not in body:
            return
        told = [
            textwrap.fill(f"{one.name}: {describe_argument(one)}", **_LAYOUT)
            for one in list_arguments(cls.Args)
        ]
        words, _, example = inspect.cleandoc(cls.__doc__ or "").partition("Example:")
        parts = [words.strip(), "Args:\n" + "\n".join(told)]
        cls.__doc__ = "\n\n".join([*parts, *([f"Example:{example.rstrip()}"] if example else [])])

    @property
    def help(cls) -> str:
        """What the step is and takes."""
        return cls.__doc__ or ""

    @property
    def __signature__(cls) -> inspect.Signature:
        taken = list(_SIGNATURE.parameters.values())[1:]
        return inspect.Signature([one.replace(annotation=one.empty) for one in taken])

    def _make_step(cls, name: Any = None, *given: Any, **parameters: Any) -> Any:
        """Make a step, which runs it.

        Raises: UsageError: the name, inputs or args are none; an argument is unknown, missing or of
            another kind.
        """
        if hasattr(cls, _INTERNAL_HELP_KEY):
            return super().__call__(name, *given, **parameters)
        owner = f"step {name} ({cls.__name__})"
        _check_name(name, cls.__name__)
        declared = list_arguments(cls.Args) if hasattr(cls, "Args") else ()
        for one in parameters:
            if one not in _PARAMETERS:
                raise UsageError(f"{owner}: {_explain_parameter(one, parameters[one], declared)}")
        taken = {**dict(zip(_PARAMETERS[1:], given, strict=False)), **parameters}
        taken["inputs"] = _check_inputs(taken.get("inputs"), owner)
        taken["args"] = _check_args(taken.get("args"), owner)
        if declared:
            check_arguments(taken["args"], declared, owner)
        try:
            taken["args"] = _open_models(taken["args"], declared, owner)
            return super().__call__(name, **taken)
        except Exception as error:
            name_step(error, owner)
            raise

    if not TYPE_CHECKING:  # which would then look no further, to the arguments of `__init__`
        __call__ = _make_step


def _check_name(name: Any, kind: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f'a step has a name of its own: {kind}("a name", inputs=..., args=...)')
    folder = safe_fn(name, allow_slashes=True, to_lower=True)
    if "/" in name or not folder or folder.startswith("_"):
        raise UsageError(
            f"step {name!r}: the step's folder in the session has its name; give it one with a "
            "letter or digit, without /, and no _ at its beginning"
        )
    if len(folder.encode()) > _LONGEST_NAME:
        raise UsageError(
            f"step {name[:20]}...: its name is longer than the {_LONGEST_NAME} bytes that the name "
            "of its folder may have; shorten it"
        )
    others = DataDreamer.ctx.steps if DataDreamer.initialized() else []
    for other in others:
        if other.name != name and safe_fn(other.name, allow_slashes=True, to_lower=True) == folder:
            raise UsageError(
                f"step {name!r} and step {other.name!r} would lie in the same folder, {folder};"
                " rename one"
            )


def _explain_parameter(name: str, value: Any, declared: tuple[Argument, ...]) -> str:
    if name in (one.name for one in declared):
        return f'{name} is an argument of the step: write args={{"{name}": ...}}'
    return f"no parameter {name!r}; {tell_known(name, _PARAMETERS)}"


def _check_args(args: Any, owner: str) -> dict[str, Any]:
    if args is None:
        return {}
    if not isinstance(args, Mapping):
        raise UsageError(f'{owner}: args is a dictionary, such as args={{"name": value}}')
    return dict(args)


def _check_inputs(inputs: Any, owner: str) -> dict[str, Any]:
    """The inputs; steps and their outputs have to be taken apart into columns."""
    if inputs is None:
        return {}
    if not isinstance(inputs, Mapping):
        raise UsageError(f"{owner}: inputs are columns; write inputs=columns(step)")
    for key, value in inputs.items():
        if value is None or isinstance(value, _COLUMNS):
            continue
        if isinstance(value, Step) or hasattr(value, "column_names"):
            raise UsageError(
                f"{owner}: input {key!r} is a whole table; write inputs=columns(step), or one "
                f'column of it: inputs={{"{key}": step.output["{key}"]}}'
            )
        raise UsageError(
            f"{owner}: input {key!r} is of the type {type(value).__name__}; inputs are columns of "
            "steps: write inputs=columns(step)"
        )
    return dict(inputs)


def _open_models(
    args: dict[str, Any], declared: tuple[Argument, ...], owner: str
) -> dict[str, Any]:
    """The args, with the models in place of their names; opened as the command line opens them."""
    from dreambolt_steps.embedding.open_embedder import open_embedder
    from dreambolt_steps.llms.open_model import open_language_model

    for one in declared:
        value = args.get(one.name)
        if isinstance(value, str):
            kinds = split_union(one.kind)
            if LanguageModel in kinds:
                if not value.strip():
                    raise UsageError(f"{owner}: {one.name} is empty; name a model: gpt-4o-mini")
                args[one.name] = open_language_model(value)
            elif EmbeddingModel in kinds:
                args[one.name] = open_embedder(value)
    return args


def _mend_help() -> None:
    """Let `help(CleanTable)` work: pydoc asks every base for its attributes, and DataDreamer's
    `Step.help` makes a step of its base class, which has no `setup`."""
    stock = StepMeta.help.fget

    def tell_help(cls: Any) -> str:
        try:
            return str(stock(cls))
        except NotImplementedError:
            return cls.__doc__ or ""

    StepMeta.help = property(tell_help)


_mend_help()
