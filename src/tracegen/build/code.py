"""Where the code of services lies: once, however many environments there are (ruling 2)."""

from collections.abc import Set
from dataclasses import dataclass

#: The way from the tree of an environment to that of the base.
TO_BASE = "../.."


@dataclass(frozen=True, slots=True)
class CodePlaces:
    """Services of an environment by where their stub and example lie; those of neither set have them in this tree.

    `shared`: it is that of the base and lies there, beside the spec. `own`: it is another than that of the base, so
    that what is built of it has a name of its own too.
    """

    shared: Set[str] = frozenset()
    own: Set[str] = frozenset()


#: All code lies in the tree.
WHOLE = CodePlaces()
