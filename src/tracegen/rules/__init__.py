"""What well-formed settings may not mean: a rule is a module here, found by listing.

A rule has `check(settings, packs) -> Iterator[Problem]` and its codes as constants.
"""

from collections.abc import Collection, Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Problem


def judge(settings: Settings, packs: Catalogue, only: Collection[str] = ()) -> Iterator[Problem]:
    """All problems that the rules find; of `only` these modules, where some are named."""
    from importlib import import_module
    from pkgutil import iter_modules

    for module in sorted(iter_modules(__path__), key=lambda each: each.name):
        if not module.name.startswith("_") and (not only or module.name in only):
            yield from import_module(f"{__name__}.{module.name}").check(settings, packs)
