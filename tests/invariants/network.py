"""What the host reaches."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from invariants._system import Draft, Finding, System, is_job, networks_of, repository_of
from tracegen.system import Component

_PORT = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<v4>[0-9.]+)):(?P<host>[0-9]*):(?P<inside>[0-9]+)(?P<kind>/udp)?"
)

#: The ports that a group of `compose.publish` comes to, when the system has what the group is for.
_GROUPS = {
    "ui": {16686, 3000, 3200},
    "otlp": {4317, 4318, 5778, 5779},  # who sends from the host may ask for its strategy
    "zipkin": {9411},
    "jaeger": {14250, 14268, 6831, 6832},
    "grafana": {3000},
}


#: Servers that let in whoever reaches them, as they are rendered here.
_ASK_NOBODY = (
    "apache/kafka",
    "cassandra",
    "chrislusf/seaweedfs",
    "clickhouse/clickhouse-server",
    "docker.elastic.co/elasticsearch/elasticsearch",
    "opensearchproject/opensearch",
)


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
    counted = Counter(f"{match['host']}{match['kind'] or ''}" for match in matches if match and match["host"])
    for port, times in counted.items():
        if times > 1:
            yield "compose.yaml", f"port {port} of the host is published {times} times"


def break_no_port_is_published_twice(draft: Draft) -> None:
    draft.container("otel-gateway")["ports"].append("127.0.0.1:16686:16686")


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
    allowed = {port for group in groups - {"entry"} for port in _GROUPS[group]}
    for name, port in _ports(system):
        match = _PORT.fullmatch(port)
        is_entry = "entry" in groups and name in _entries(system)
        if match and int(match["inside"]) not in allowed and not is_entry:
            yield "compose.yaml", f"{name} publishes {port}, and asked was for {sorted(groups)}"


def break_only_what_was_asked_is_published(draft: Draft) -> None:
    draft.container("jaeger")["ports"].append("127.0.0.1:8888:8888")


def break_only_what_was_asked_is_published__called(draft: Draft) -> None:
    draft.container("web")["ports"] = ["127.0.0.1:8080:8080"]


def check_what_was_asked_is_published(system: System) -> Iterator[Finding]:
    """A group of compose.publish that the system has something for is reached from the host."""
    published = {int(match["inside"]) for _, port in _ports(system) if (match := _PORT.fullmatch(port))}
    asked = {"ui", "otlp"} & _groups(system) if system.compose else set()
    if "otlp" in asked and {4317, 4318} - published and _has_receiver(system):
        yield "compose.yaml", "otlp is to be published, and its ports are not"
    if "ui" in asked and not published & _GROUPS["ui"] and system.get("backend", "type") == "jaeger":
        yield "compose.yaml", "the user interface is to be published, and is not"


def break_what_was_asked_is_published__otlp(draft: Draft) -> None:
    del draft.container("otel-gateway")["ports"]


def break_what_was_asked_is_published__ui(draft: Draft) -> None:
    del draft.container("jaeger")["ports"]


def check_otlp_is_published_at_the_first_tier_alone(system: System) -> Iterator[Finding]:
    """OTLP is published where the services send theirs, so that no sampling or redaction is passed by."""
    for name, port in _ports(system):
        if port.endswith((":4317", ":4318")) and system.component_of(name) not in _services_send_to(system):
            yield "compose.yaml", f"{name} publishes {port}, and services send to {sorted(_services_send_to(system))}"


def break_otlp_is_published_at_the_first_tier_alone(draft: Draft) -> None:
    draft.container("api")["ports"] = ["127.0.0.1:4318:4318"]


def check_an_environment_leaves_the_port_to_the_engine(system: System) -> Iterator[Finding]:
    """The base publishes a port at its own number unless another has it, an environment at one that is free."""
    taken: set[str] = set()
    for name, port in _ports(system):
        match = _PORT.fullmatch(port)
        is_first = match and match["inside"] not in taken
        wanted = match["inside"] if match and is_first and system.said_for is None else ""
        taken |= {match["inside"]} if match and name in system.said["services"] else set()
        if match and match["host"] != wanted:
            yield "compose.yaml", f"{name} publishes {port}, in {system.said_for or 'the base'}"


def break_an_environment_leaves_the_port_to_the_engine(draft: Draft) -> None:
    draft.container("jaeger")["ports"] = ["127.0.0.1::16686"]


def check_who_asks_for_no_password_is_locked_in(system: System) -> Iterator[Finding]:
    """A store that asks nobody who they are is only in networks that lead nowhere, with those that call it."""
    for name, container in system.containers.items():
        networks = set(networks_of(container))
        component = system.components.get(system.component_of(name))
        if any(_is_of(container["image"], image) for image in _ASK_NOBODY) and not is_job(container):
            if networks - _internal(system):
                yield "compose.yaml", f"{name} asks for no password, and is in {sorted(networks)}"
        elif networks & _internal(system) and component and not _calls_into(system, component):
            yield "compose.yaml", f"{name} is in {sorted(networks)}, and calls nobody there"


def break_who_asks_for_no_password_is_locked_in__store(draft: Draft) -> None:
    draft.container("jaeger")["image"] = "cassandra:5.0.9"


def break_who_asks_for_no_password_is_locked_in__needless(draft: Draft) -> None:
    draft["compose.yaml"]["networks"] = {"stores": {"internal": True}}
    draft.container("api")["networks"] = ["default", "stores"]


def check_who_calls_shares_a_network(system: System) -> Iterator[Finding]:
    """Who connects to another container is in a network with it."""
    for name, container in system.containers.items():
        component = system.components.get(system.component_of(name))
        for host in {call.host for call in component.calls} & system.containers.keys() if component else ():
            if not networks_of(container).keys() & networks_of(system.containers[host]).keys():
                yield "compose.yaml", f"{name} calls {host}, and shares no network with it"


def break_who_calls_shares_a_network(draft: Draft) -> None:
    draft.container("jaeger")["networks"] = ["stores"]


def check_what_is_published_is_in_a_network_that_leads_out(system: System) -> Iterator[Finding]:
    """No port of a container is published whose networks are all internal: the engine would not do it."""
    for name, _ in _ports(system):
        if not networks_of(system.containers[name]).keys() - _internal(system):
            yield "compose.yaml", f"{name} publishes a port, and nothing leads to it"


def break_what_is_published_is_in_a_network_that_leads_out(draft: Draft) -> None:
    draft["compose.yaml"]["networks"] = {"stores": {"internal": True}}
    draft.container("jaeger")["networks"] = ["stores"]


def check_aliases_are_components(system: System) -> Iterator[Finding]:
    """Numbered replicas answer to the name of their component."""
    for name, container in system.containers.items():
        component = system.component_of(name)
        if component in system.components and component != name and component not in _aliases(container):
            yield "compose.yaml", f"{name} does not answer to {component}"


def break_aliases_are_components(draft: Draft) -> None:
    del draft.container("otel-gateway-2")["networks"]


def _internal(system: System) -> set[str]:
    return {name for name, said in system.compose.get("networks", {}).items() if (said or {}).get("internal")}


def _calls_into(system: System, component: Component) -> bool:
    """Whether it calls somebody who is only there; those that gossip are there when one of them does."""
    both = [each for each in system.components.values() if each.gossips] if component.gossips else [component]
    called = {call.host for each in both for call in each.calls} & system.containers.keys()
    return any(networks_of(system.containers[host]).keys() <= _internal(system) for host in called)


def _is_of(image: str, repository: str) -> bool:
    found = repository_of(image)
    return found == repository or found.endswith(f"/{repository}")


def _ports(system: System) -> Iterator[tuple[str, str]]:
    for name, container in system.containers.items():
        yield from ((name, str(port)) for port in container.get("ports", []))


def _groups(system: System) -> set[str]:
    said = system.get("compose", "publish")
    groups = {"ui", "entry"} if said is None else set(said)
    return {*_GROUPS, "entry"} if "all" in groups else groups


def _entries(system: System) -> set[str]:
    """Generated services that no other calls; where everybody is called by somebody, the first may count as one."""
    names = list(system.said["services"])
    called = {callee for name in names for callee in system.callees(name) if callee != name}
    begin = set(names) - called or set(names[:1])
    return {name for name in begin if "build" in system.containers.get(name, {})}


def _has_receiver(system: System) -> bool:
    return bool(_services_send_to(system) & set(system.components))


def _services_send_to(system: System) -> set[str]:
    texts = [text for path, text in system.tree.items() if path.endswith("otel.env")]
    return {match[1] for text in texts for match in re.finditer(r"OTLP_ENDPOINT=https?://([^:/]+)", text)}


def _aliases(container: Mapping[str, Any]) -> list[str]:
    said = [each.get("aliases", []) for each in networks_of(container).values()]
    return [name for name in said[0] if all(name in names for names in said)]
