"""Units: what Compose starts. A component with replicas and a volume or a published port becomes one a replica.

Two processes must never share a volume or a port of the host, and Compose gives all replicas of a service the
same one. The first is called as if it were the only one, and so are its volumes: more replicas leave it where it is,
with what it keeps. It has the port, too. The others answer to its name through a network alias.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracegen.system import (
    DEFAULT_NETWORK,
    INNER_NETWORK,
    Component,
    Design,
    Exposure,
    Port,
    Resources,
    Unit,
    Wait,
)
from tracegen.system.units import MEBIBYTE

VOLUME_OWNER = "volume-owner"


def units_of(design: Design, components: Sequence[Component]) -> tuple[Unit, ...]:
    """All units, a job that others wait for first; two may have one name."""
    apart = [tuple(_split(each, design.exposure)) for each in components]
    names = {units[0].component.name: [unit.name for unit in units] for units in apart}
    networks = _networks(components)
    found = [
        replace(unit, needs=_needs(unit, names), networks=networks[unit.component.name])
        for units in apart
        for unit in units
    ]
    owner = list(_volume_owner(found, design))
    return (*owner, *_apart(found, design))


def _apart(units: Sequence[Unit], design: Design) -> Iterator[Unit]:
    """Two services may have one port, the host has each once: the first gets it, the engine chooses the others.

    An environment leaves all to the engine but what it names itself, so that another fits beside it (ruling 2).
    """
    named = dict(design.exposure.ports)
    taken: set[int] = set(named.values())
    for unit in units:
        hosts = {
            port.number: named.pop(port.publish.value)
            for port in unit.ports
            if port.publish and port.publish.value in named
        }
        numbers = {port.number for port in unit.ports} - set(hosts)
        chosen = frozenset(numbers if design.environment else numbers & taken)
        yield replace(unit, chosen=chosen, hosts=hosts) if chosen or hosts else unit
        taken |= numbers


def _split(component: Component, exposure: Exposure) -> Iterator[Unit]:
    published = _published(component, exposure)
    if component.replicas == 1 or not (component.volumes or component.ordinals or published):
        yield replace(_replica(component, 1, published), replicas=component.replicas)
    else:
        for number in range(1, component.replicas + 1):
            yield _replica(component, number, published if number == 1 else ())


def _replica(component: Component, number: int, published: tuple[Port, ...]) -> Unit:
    suffix = f"-{number}" if number > 1 else ""
    answers_to = (component.name if suffix else "", component.all_name)
    return Unit(
        name=f"{component.name}{suffix}",
        component=component,
        volumes=tuple(replace(volume, name=f"{volume.name}{suffix}") for volume in component.volumes),
        ports=published,
        needs={},
        aliases=tuple(name for name in answers_to if name),
        hostname=f"{component.name}-{number - 1}" if component.ordinals else "",
    )


def _published(component: Component, exposure: Exposure) -> tuple[Port, ...]:
    """The ports that `compose.publish` opens to the host."""
    groups = set(exposure.publish)
    return tuple(port for port in component.ports if port.publish and {"all", port.publish.value} & groups)


def _needs(unit: Unit, names: dict[str, list[str]]) -> dict[str, Wait]:
    owner = {VOLUME_OWNER: Wait.COMPLETED} if unit.volumes and unit.component.user else {}
    return owner | {each: wait for name, wait in unit.component.needs.items() for each in names[name]}


def _networks(components: Sequence[Component]) -> dict[str, tuple[str, ...]]:
    """What has no login is in the inner network alone, with those that call it; jobs need no other."""
    inner = {each.name for each in components if not each.login}
    callers = {each.name for each in components if inner & {call.host for call in each.calls}}
    if any(each.gossips and each.name in callers for each in components):
        callers |= {each.name for each in components if each.gossips}
    return {each.name: tuple(_networks_of(each, inner, callers)) for each in components}


def _networks_of(component: Component, inner: set[str], callers: set[str]) -> Iterator[str]:
    calls_no_other = component.job and {call.host for call in component.calls} <= inner
    if component.name in inner or (component.name in callers and calls_no_other):
        yield INNER_NETWORK
    else:
        yield DEFAULT_NETWORK
        if component.name in callers:
            yield INNER_NETWORK


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
