"""Units: what Compose starts. A component with replicas and a volume or a published port becomes one a replica.

Two processes must never share a volume or a port of the host, and Compose gives all replicas of a service the
same one. The units answer to the component's name all the same, through a network alias; the first has the port.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracegen.system import Component, Design, Exposure, Port, Resources, Unit, Wait
from tracegen.system.units import MEBIBYTE

VOLUME_OWNER = "volume-owner"


def units_of(design: Design, components: Sequence[Component]) -> tuple[Unit, ...]:
    """All units, a job that others wait for first; two may have one name."""
    apart = [tuple(_split(each, design.exposure)) for each in components]
    names = {units[0].component.name: [unit.name for unit in units] for units in apart}
    found = [replace(unit, needs=_needs(unit, names)) for units in apart for unit in units]
    owner = list(_volume_owner(found, design))
    return (*owner, *found)


def _split(component: Component, exposure: Exposure) -> Iterator[Unit]:
    published = _published(component, exposure)
    if component.replicas == 1 or not (component.volumes or component.ordinals or published):
        aliases = (component.all_name,) if component.all_name else ()
        hostname = f"{component.name}-0" if component.ordinals else ""
        yield Unit(component.name, component, component.volumes, published, {}, aliases, hostname, component.replicas)
    else:
        for number in range(1, component.replicas + 1):
            yield _replica(component, number, published if number == 1 else ())


def _replica(component: Component, number: int, published: tuple[Port, ...]) -> Unit:
    return Unit(
        name=f"{component.name}-{number}",
        component=component,
        volumes=tuple(replace(volume, name=f"{volume.name}-{number}") for volume in component.volumes),
        ports=published,
        needs={},
        aliases=tuple(name for name in (component.name, component.all_name) if name),
        hostname=f"{component.name}-{number - 1}" if component.ordinals else "",
    )


def _published(component: Component, exposure: Exposure) -> tuple[Port, ...]:
    """The ports that `compose.publish` opens to the host."""
    groups = set(exposure.publish)
    return tuple(port for port in component.ports if port.publish and {"all", port.publish.value} & groups)


def _needs(unit: Unit, names: dict[str, list[str]]) -> dict[str, Wait]:
    owner = {VOLUME_OWNER: Wait.COMPLETED} if unit.volumes and unit.component.user else {}
    return owner | {each: wait for name, wait in unit.component.needs.items() for each in names[name]}


def _volume_owner(running: Sequence[Unit], design: Design) -> Iterator[Unit]:
    """A job that hands each volume to its user: a named volume is root's until somebody changes that."""
    owned = [(volume, unit.component.user) for unit in running for volume in unit.volumes if unit.component.user]
    if not owned:
        return
    script = " && ".join(f"chown {user}:{user} /volumes/{volume.name}" for volume, user in owned)
    volumes = tuple(replace(volume, path=f"/volumes/{volume.name}") for volume, _ in owned)
    component = Component(
        name=VOLUME_OWNER,
        image=design.images["busybox"].reference,
        why="Hands each volume to the user that writes it, and ends.",
        args=("sh", "-c", script),
        resources=Resources(0.1, 32 * MEBIBYTE),
        user=0,
        capabilities=("CHOWN",),
        job=True,
    )
    yield Unit(VOLUME_OWNER, component, volumes, (), {})
