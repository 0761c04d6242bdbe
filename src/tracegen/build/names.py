"""Names that two parts of the system want: found here, for every target that is rendered."""

from collections.abc import Iterable, Iterator, Sequence

from tracegen.system import Component, Design, Unit


class NameTaken(Exception):
    """Two parts of the system want one name: a service has that of something that tracegen runs.

    `target` is the one on which they meet; empty: on each.
    """

    def __init__(self, name: str, target: str) -> None:
        self.name, self.target = name, target
        super().__init__(f"two parts are called {name}")


def check_names(
    design: Design, components: Sequence[Component], units: Sequence[Unit], workloads: Sequence[Component]
) -> None:
    """Raises NameTaken when two want one name, in general or on a target that is rendered."""
    _check("", _of_components(components))
    if "compose" in design.targets:
        _check("compose", ((name, unit.component) for unit in units for name in (unit.name, *unit.aliases)))
    if "kubernetes" in design.targets:
        _check("kubernetes", [*_of_components(workloads), *_of_policies(design), *_of_operator(design, workloads)])


def default_deny_name(design: Design) -> str:
    """The NetworkPolicy that closes what no other opens."""
    return f"{design.name}-tracing-default-deny"


def _of_components(components: Iterable[Component]) -> Iterator[tuple[str, Component]]:
    """Each name with the component that answers to it."""
    for each in components:
        yield from ((name, each) for name in (each.name, each.all_name) if name)


def _of_policies(design: Design) -> Iterator[tuple[str, None]]:
    """Where services have policies, too, these are called like their services."""
    if design.kubernetes.network_policies == "strict":
        yield default_deny_name(design), None


def _of_operator(design: Design, workloads: Iterable[Component]) -> Iterator[tuple[str, None]]:
    """What the OpenTelemetry Operator makes of a collector: https://github.com/open-telemetry/opentelemetry-operator,
    internal/naming/main.go.
    """
    if design.kubernetes.flavor == "operator":
        tiers = {tier.component for tier in design.tiers}
        for name in (each.name for each in workloads if each.name in tiers):
            yield from (
                (f"{name}-{suffix}", None) for suffix in ("collector", "collector-headless", "collector-monitoring")
            )


def _check(target: str, names: Iterable[tuple[str, Component | None]]) -> None:
    owners: dict[str, Component | None] = {}
    for name, component in names:
        if owners.setdefault(name, component) is not component:
            raise NameTaken(name, target)
