"""What a spec declares, for commands that hold traces against it: the one place that asks the system for it."""

from pathlib import Path

from tracegen.view import Declared

_DEFAULT = "tracegen.yaml"


def declared(spec: str | None, environment: str | None = None) -> Declared:
    """The services and edges of a spec; without one, of `tracegen.yaml` here, or nothing where there is none.

    Raises ProblemsFound, CannotRead.
    """
    if spec is None and not Path(_DEFAULT).is_file():
        return Declared()
    from tracegen.build import build_system
    from tracegen.catalogue import catalogue
    from tracegen.checking import check
    from tracegen.cli.pipeline import read

    checked = check(read(spec or _DEFAULT), catalogue(), [] if environment is None else [environment])
    system = build_system(checked.settings[environment], catalogue())
    return Declared(system.name, tuple(system.services), system.edges(), known=True)
