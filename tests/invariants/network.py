"""What the host reaches."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from invariants._system import Draft, Finding, System

_PORT = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+)):(?P<host>[0-9]+):(?P<inside>[0-9]+)(?P<kind>/udp)?"
)

#: The ports that a group of `compose.publish` comes to, when the system has what the group is for.
_GROUPS = {
    "ui": {16686, 3000, 3200},
    "otlp": {4317, 4318, 5778, 5779},  # who sends from the host may ask for its strategy
    "zipkin": {9411},
    "jaeger": {14250, 14268, 6831, 6832},
    "grafana": {3000},
}


def check_published_ports_are_bound(system: System) -> Iterator[Finding]:
    """A published port is bound to compose.bind, and nowhere else."""
    bind = system.get("compose", "bind") or "127.0.0.1"
    for name, port in _ports(system):
        match = _PORT.fullmatch(port)
        if not match or (match["v6"] or match["v4"]) != bind:
            yield "compose.yaml", f"{name} publishes {port}, which is not bound to {bind}"


def break_published_ports_are_bound(draft: Draft) -> None:
    draft.container("jaeger")["ports"] = ["16686:16686"]


def break_published_ports_are_bound__elsewhere(draft: Draft) -> None:
    draft.container("jaeger")["ports"] = ["0.0.0.0:16686:16686"]


def check_no_port_is_published_twice(system: System) -> Iterator[Finding]:
    """A port of the host leads to one container."""
    matches = [_PORT.fullmatch(port) for _, port in _ports(system)]
    counted = Counter(f"{match['host']}{match['kind'] or ''}" for match in matches if match)
    for port, times in counted.items():
        if times > 1:
            yield "compose.yaml", f"port {port} of the host is published {times} times"


def break_no_port_is_published_twice(draft: Draft) -> None:
    draft.container("otel-gateway-1")["ports"].append("127.0.0.1:16686:16686")


def check_replicas_publish_nothing(system: System) -> Iterator[Finding]:
    """What has replicas publishes no port: the second could not have it."""
    for name, _ in _ports(system):
        if system.containers[name].get("deploy", {}).get("replicas", 1) > 1:
            yield "compose.yaml", f"{name} has replicas and publishes a port"


def break_replicas_publish_nothing(draft: Draft) -> None:
    draft.container("jaeger")["deploy"]["replicas"] = 2


def check_only_what_was_asked_is_published(system: System) -> Iterator[Finding]:
    """The host reaches what compose.publish names, and no more."""
    groups = _groups(system)
    allowed = {port for group in groups for port in _GROUPS[group]}
    for name, port in _ports(system):
        match = _PORT.fullmatch(port)
        if match and int(match["inside"]) not in allowed:
            yield "compose.yaml", f"{name} publishes {port}, and asked was for {sorted(groups)}"


def break_only_what_was_asked_is_published(draft: Draft) -> None:
    draft.container("jaeger")["ports"].append("127.0.0.1:8888:8888")


def check_what_was_asked_is_published(system: System) -> Iterator[Finding]:
    """A group of compose.publish that the system has something for is reached from the host."""
    published = {int(match["inside"]) for _, port in _ports(system) if (match := _PORT.fullmatch(port))}
    asked = {"ui", "otlp"} & _groups(system) if system.compose else set()
    if "otlp" in asked and {4317, 4318} - published and _has_receiver(system):
        yield "compose.yaml", "otlp is to be published, and its ports are not"
    if "ui" in asked and not published & _GROUPS["ui"] and system.get("backend", "type") == "jaeger":
        yield "compose.yaml", "the user interface is to be published, and is not"


def break_what_was_asked_is_published__otlp(draft: Draft) -> None:
    del draft.container("otel-gateway-1")["ports"]


def break_what_was_asked_is_published__ui(draft: Draft) -> None:
    del draft.container("jaeger")["ports"]


def check_the_first_door_is_published(system: System) -> Iterator[Finding]:
    """OTLP is published where the services send theirs, so that no sampling or redaction is passed by."""
    for name, port in _ports(system):
        if port.endswith((":4317", ":4318")) and system.component_of(name) not in _entrance(system):
            yield "compose.yaml", f"{name} publishes {port}, and services send to {sorted(_entrance(system))}"


def break_the_first_door_is_published(draft: Draft) -> None:
    draft.container("api")["ports"] = ["127.0.0.1:4318:4318"]


def check_aliases_are_components(system: System) -> Iterator[Finding]:
    """Numbered replicas answer to the name of their component."""
    for name, container in system.containers.items():
        component = system.component_of(name)
        if component in system.components and component != name and component not in _aliases(container):
            yield "compose.yaml", f"{name} does not answer to {component}"


def break_aliases_are_components(draft: Draft) -> None:
    del draft.container("otel-gateway-1")["networks"]


def _ports(system: System) -> Iterator[tuple[str, str]]:
    for name, container in system.containers.items():
        yield from ((name, str(port)) for port in container.get("ports", []))


def _groups(system: System) -> set[str]:
    said = system.get("compose", "publish")
    groups = {"ui"} if said is None else set(said)
    return set(_GROUPS) if "all" in groups else groups


def _has_receiver(system: System) -> bool:
    return bool(_entrance(system) & set(system.components))


def _entrance(system: System) -> set[str]:
    texts = [text for path, text in system.tree.items() if path.endswith("otel.env")]
    return {match[1] for text in texts for match in re.finditer(r"OTLP_ENDPOINT=https?://([^:/]+)", text)}


def _aliases(container: Mapping[str, Any]) -> list[str]:
    found: list[str] = container.get("networks", {}).get("default", {}).get("aliases", [])
    return found
