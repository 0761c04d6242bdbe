"""Names that two parts of the system want: found here, for every target that is rendered."""

from collections.abc import Iterable, Iterator, Sequence

from tracegen.system import Component, Unit


class NameTaken(Exception):
    """Two parts of the system want one name: a service has that of something that tracegen runs."""

    def __init__(self, name: str, target: str) -> None:
        self.name, self.target = name, target
        super().__init__(f"{target}: two parts are called {name}")


def check_names(
    targets: Iterable[str], components: Sequence[Component], units: Sequence[Unit], workloads: Sequence[Component]
) -> None:
    """Raises NameTaken when two want one name, in general or on a target that is rendered."""
    _check("", _of_components(components))
    if "compose" in targets:
        _check("compose", ((name, unit.component) for unit in units for name in (unit.name, *unit.aliases)))
    if "kubernetes" in targets:
        _check("kubernetes", _of_components(workloads))


def _of_components(components: Iterable[Component]) -> Iterator[tuple[str, Component]]:
    """Each name with the component that answers to it."""
    for each in components:
        yield from ((name, each) for name in (each.name, each.all_name) if name)


def _check(target: str, names: Iterable[tuple[str, Component]]) -> None:
    owners: dict[str, Component] = {}
    for name, component in names:
        if owners.setdefault(name, component) is not component:
            raise NameTaken(name, target)
