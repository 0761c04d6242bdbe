"""What a well-formed spec may not mean: a rule is a module here, found by listing.

A rule has `check(spec, packs) -> Iterator[Problem]` and its codes as constants.
"""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Problem
from tracegen.spec.said import Said


def check_meaning(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """All problems that the rules find in a spec that the schema accepts."""
    from importlib import import_module
    from pkgutil import iter_modules

    for module in sorted(iter_modules(__path__), key=lambda each: each.name):
        if not module.name.startswith("_"):
            yield from import_module(f"{__name__}.{module.name}").check(spec, packs)
