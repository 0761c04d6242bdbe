"""What must hold in every rendered system: a kind of invariant is a module here, found by listing.

A function `check_<what>(system)` yields findings, its docstring is the claim. Each has at least one
`break_<what>(draft)`, or `break_<what>__<how>(draft)`, which damages a good tree so that the check must find it:
a check that finds nothing in a broken tree would be no check.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from invariants._system import Draft, Finding, System

__all__ = ["Draft", "Finding", "Invariant", "System", "invariants"]


@dataclass(frozen=True)
class Invariant:
    """One claim: how it is checked, and ways to break it."""

    name: str
    claim: str
    check: Callable[[System], Iterator[Finding]]
    breaks: dict[str, Callable[[Draft], None]]


def invariants() -> list[Invariant]:
    """All of them, module by module."""
    names = sorted(each.name for each in iter_modules(__path__) if not each.name.startswith("_"))
    return [invariant for name in names for invariant in _of_module(name)]


def _of_module(name: str) -> Iterator[Invariant]:
    members = vars(import_module(f"{__name__}.{name}"))
    for key, check in members.items():
        if key.startswith("check_"):
            what = key.removeprefix("check_")
            breaks = {how: each for how, each in members.items() if _is_break_of(what, how)}
            yield Invariant(f"{name}.{what}", check.__doc__ or "", check, breaks)


def _is_break_of(what: str, name: str) -> bool:
    return name == f"break_{what}" or name.startswith(f"break_{what}__")
