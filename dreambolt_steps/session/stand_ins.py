"""Stand-ins for libraries: what imports them gets names that load the real library at first use.

    with defer_libraries(["peft"]):
        import sentence_transformers  # peft is not loaded

A stand-in may be read from, called, subclassed, used in annotations and in isinstance; in an
`except` clause only once its library is loaded. Nothing of it stays in `sys.modules`.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from dreambolt_steps.session.stand_in_logging import StandInLogging


@contextmanager
def defer_libraries(
    names: Sequence[str], *, decorators: Collection[str] = (), hidden: Collection[str] = ()
) -> Iterator[None]:
    """Within the block, importing a named library gives a stand-in; loaded ones are left alone.

    Names taken from a stand-in stay usable after the block. Other threads that import one of these
    libraries meanwhile get stand-ins as well. The first use of a stand-in within the block ends the
    deferral, for all of them.

    Args:
        names: libraries, or modules of them.
        decorators: their functions that give decorators, such as `torch.no_grad`: what is decorated
            is so at its first call.
        hidden: their names that are said to be missing, since code that finds them calls them.

    Example:
        >>> with defer_libraries(["scipy"]):
        ...     from scipy.stats import rankdata
        >>> [float(rank) for rank in rankdata([30, 10, 20])]
        [3.0, 1.0, 2.0]
    """
    libraries = {name for name in names if name not in sys.modules}
    finder = _StandInFinder(libraries, decorators, hidden)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        finder.release()


class _StandInFinder(MetaPathFinder, Loader):
    """Finds a `_StandInModule` for each installed library in `libraries`, and for what is below."""

    def __init__(
        self, libraries: set[str], decorators: Collection[str] = (), hidden: Collection[str] = ()
    ) -> None:
        self.libraries = libraries
        self.decorators, self.hidden = decorators, hidden
        self.stand_ins: dict[str, _StandInModule] = {}

    @property
    def is_active(self) -> bool:
        """Whether what is asked for may still be given as a stand-in."""
        return bool(self.libraries)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self.hidden:
            return None
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
        if name.startswith("__") or f"{self.__name__}.{name}" in self.__finder.hidden:
            raise AttributeError(f"{self.__name__} is not loaded and has no {name}")
        if name == "logging":
            return StandInLogging(self.__name__)
        if sys.modules.get(self.__name__) is self:
            return _StandInName(self.__name__, name, self.__finder)
        return getattr(_load(self.__name__), name)

    def __dir__(self) -> list[str]:
        return dir(self if sys.modules.get(self.__name__) is self else _load(self.__name__))


class _StandInName:
    """A class or function of a library that is not loaded; its first use loads the library."""

    def __init__(self, module: str, name: str, finder: _StandInFinder) -> None:
        self.__module = module
        self.__name = name
        self.__finder = finder

    def __resolve(self) -> Any:
        self.__finder.release()
        return _find(self.__module, self.__name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        called = f"{self.__module}.{self.__name}"
        if self.__finder.is_active and called in self.__finder.decorators:
            return functools.partial(_decorate_later, self.__resolve, args, kwargs)
        return self.__resolve()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if self.__finder.is_active:
            if name.startswith("__"):  # such as the `__parameters__` that `Optional[...]` looks for
                raise AttributeError(f"{self!r} has no {name}")
            return _StandInName(self.__module, f"{self.__name}.{name}", self.__finder)
        return getattr(self.__resolve(), name)

    def __instancecheck__(self, instance: object) -> bool:
        # Nothing can be an instance of a class that was never loaded, so this loads nothing.
        return _is_loaded(self.__module) and isinstance(instance, self.__resolve())

    def __subclasscheck__(self, subclass: type) -> bool:
        return _is_loaded(self.__module) and issubclass(subclass, self.__resolve())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        if self.__finder.is_active:
            return (_build_base(self.__resolve),)
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


def _build_base(resolve: Callable[[], Any]) -> type:
    """A base for a class whose real one is not loaded; it comes beside it with the first instance.

    Python lets a class get further bases, but lets go of none that its instances are laid out by.
    """

    joined: list[type] = []

    class StandInBase:
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            if not joined:
                joined.append(resolve())
                for below in StandInBase.__subclasses__():
                    at = below.__bases__.index(StandInBase) + 1
                    below.__bases__ = (*below.__bases__[:at], *joined, *below.__bases__[at:])
            make: Any = super().__new__
            return make(cls) if make is object.__new__ else make(cls, *args, **kwargs)

    return StandInBase


def _decorate_later(
    resolve: Callable[[], Any], args: Any, kwargs: Any, function: Callable[..., Any]
) -> Callable[..., Any]:
    """The function, decorated at its first call by what `resolve` gives."""
    decorated: list[Callable[..., Any]] = []

    @functools.wraps(function)
    def call(*inner: Any, **named: Any) -> Any:
        if not decorated:
            decorated.append(resolve()(*args, **kwargs)(function))
        return decorated[0](*inner, **named)

    return call


def _is_loaded(module: str) -> bool:
    return not isinstance(sys.modules.get(module), _StandInModule | None)


def _find(module: str, name: str) -> Any:
    return functools.reduce(getattr, name.split("."), _load(module))


def _load(module: str) -> ModuleType:
    """Import the real module, and put it and its names wherever a stand-in for them was bound.

    Without this an `except NotFoundError:` with a name from a stand-in would be a TypeError.
    """
    library = importlib.import_module(module)
    for holder in list(sys.modules.values()):
        for variable, value in list(getattr(holder, "__dict__", {}).items()):
            if type(value) is _StandInName and (name := value.stands_for(module)):
                with suppress(AttributeError):  # a name that no installed version has
                    setattr(holder, variable, functools.reduce(getattr, name.split("."), library))
            elif type(value) is _StandInModule and value.__name__ == module:
                setattr(holder, variable, library)
    return library
