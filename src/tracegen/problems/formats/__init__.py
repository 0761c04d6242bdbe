"""How problems are printed. A format is a module of this package with one function, `format(problems) -> str`."""

from collections.abc import Callable, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from tracegen.problems.problem import Problem

Formatter = Callable[[Sequence[Problem]], str]

#: The names of all formats: those of the modules here. `text` is what people get who ask for none.
FORMATS: tuple[str, ...] = tuple(
    sorted((found.name for found in iter_modules(__path__) if not found.name.startswith("_")), key="text".__ne__)
)


def formatter(name: str) -> Formatter:
    """The function of a format; only its own module is imported. Raises KeyError for a name not in `FORMATS`."""
    if name not in FORMATS:
        raise KeyError(name)
    return cast(Formatter, import_module(f"{__name__}.{name}").format)
