"""Units: what Compose starts. A component with replicas and a volume or a published port becomes one a replica.

Two processes must never share a volume or a port of the host, and Compose gives all replicas of a service the
same one. The units answer to the component's name all the same, through a network alias; the first has the port.
"""

from collections import Counter
from dataclasses import dataclass, replace

from tracegen.build.components import NameTaken
from tracegen.system import Component, Model, Port, Resources, Volume, Wait

VOLUME_OWNER = "volume-owner"


@dataclass(frozen=True, slots=True)
class Unit:
    """A service of compose.yaml: its name, the component it runs, and what differs between replicas."""

    name: str
    component: Component
    volumes: tuple[Volume, ...]
    alias: str = ""
    hostname: str = ""
    replicas: int = 1
    first: bool = True

    @property
    def needs(self) -> dict[str, Wait]:
        """What the unit waits for, as components."""
        return dict(self.component.needs)


def units(model: Model) -> list[Unit]:
    """All units, jobs that others wait for first. Raises NameTaken when two have one name."""
    found = [unit for component in model.components.values() for unit in _split(component, model)]
    owner = _volume_owner(found, model)
    running = [owner, *found] if owner else found
    names = Counter(unit.name for unit in running)
    for unit in found:
        if names[unit.name] > 1:
            raise NameTaken(unit.name)
    return running


def unit_names(component: Component, model: Model) -> list[str]:
    """The names of the units of a component."""
    return [unit.name for unit in _split(component, model)]


def published_ports(component: Component, model: Model) -> list[Port]:
    """The ports of a component that `compose.publish` opens to the host."""
    groups = set(model.exposure.publish)
    return [port for port in component.ports if port.publish and {"all", port.publish.value} & groups]


def _split(component: Component, model: Model) -> list[Unit]:
    apart = component.volumes or component.ordinals or published_ports(component, model)
    if component.replicas == 1 or not apart:
        hostname = f"{component.name}-0" if component.ordinals else ""
        return [Unit(component.name, component, component.volumes, "", hostname, component.replicas)]
    return [_replica(component, number) for number in range(1, component.replicas + 1)]


def _replica(component: Component, number: int) -> Unit:
    return Unit(
        name=f"{component.name}-{number}",
        component=component,
        volumes=tuple(replace(volume, name=f"{volume.name}-{number}") for volume in component.volumes),
        alias=component.name,
        hostname=f"{component.name}-{number - 1}" if component.ordinals else "",
        first=number == 1,
    )


def _volume_owner(running: list[Unit], model: Model) -> Unit | None:
    """A job that hands each volume to its user: a named volume is root's until somebody changes that."""
    owned = [(volume, unit.component.user) for unit in running for volume in unit.volumes if unit.component.user]
    if not owned:
        return None
    script = " && ".join(f"chown {user}:{user} /volumes/{volume.name}" for volume, user in owned)
    volumes = tuple(replace(volume, path=f"/volumes/{volume.name}") for volume, _ in owned)
    component = Component(
        name=VOLUME_OWNER,
        image=model.images["busybox"].reference,
        why="Hands each volume to the user that writes it, and ends.",
        args=("sh", "-c", script),
        resources=Resources(0.1, 32 * 2**20),
        user=0,
        capabilities=("CHOWN",),
        job=True,
    )
    return Unit(VOLUME_OWNER, component, volumes)
