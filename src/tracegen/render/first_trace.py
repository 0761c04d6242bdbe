"""How to come by a trace of what Compose runs, and where to look at it: for TRACING.md, and after a first render."""

from collections.abc import Iterator

from tracegen.system import Publish, System


def ask(system: System) -> str:
    """A command that asks an example for a trace, best one that nobody else calls; empty where there is none."""
    examples = [each for each in system.services.values() if each.build and each.port]
    first = next((each for each in examples if each.entry), *examples[:1]) if examples else None
    if first is None or not first.port:
        return ""
    unit = next((each for each in system.compose.units if each.name == first.name), None)
    if unit is None or not unit.ports:
        return in_network(system, f"http://{first.name}:{first.port}/")
    if first.port in unit.chosen:
        return f'curl "http://$(docker compose port {first.name} {first.port})/"'
    return f"curl http://{_host(system)}:{unit.hosts.get(first.port, first.port)}/"


def in_network(system: System, address: str) -> str:
    """A command that reads an address inside, also of a container that has no shell."""
    run = f"docker run --rm --network {system.project}_default {system.images['busybox'].reference}"
    return f"{run} wget -q -O - {address}"


def pages(system: System) -> Iterator[tuple[str, str]]:
    """Where a browser or a command finds the backend on the host, or the command that tells it (ruling 2)."""
    if not {"ui", "all"} & set(system.exposure.publish):
        return
    scheme = "https" if system.certificates else "http"
    units = {unit.component.name: unit for unit in reversed(system.compose.units)}
    for component in system.components.values():
        for port in component.ports:
            if port.publish is Publish.UI:
                unit = units.get(component.name)
                is_chosen = port.number in unit.chosen if unit else bool(system.environment)
                number = unit.hosts.get(port.number, port.number) if unit else port.number
                command = f"docker compose port {component.name} {port.number}" if is_chosen else ""
                yield ("" if command else f"{scheme}://{_host(system)}:{number}"), command


def _host(system: System) -> str:
    """What a program on the host calls the address that ports are bound to."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(system.exposure.bind, system.exposure.bind)
    return f"[{host}]" if ":" in host else host
