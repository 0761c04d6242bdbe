"""The system is whole before it is rendered: targets print what is in it, and neither add nor change a component."""

from collections.abc import Iterator

from invariants._manifests import changed, container_of
from invariants._system import Draft, Finding, System, networks_of, volumes_of


def check_compose_prints_the_units(system: System) -> Iterator[Finding]:
    """The services of compose.yaml are the units: names, order, images, ports, volumes, networks and waits."""
    if not system.compose:
        return
    if list(system.containers) != list(system.units):
        yield "compose.yaml", f"has {list(system.containers)}, and the system {list(system.units)}"
    for name in system.containers.keys() & system.units.keys():
        container, unit = system.containers[name], system.units[name]
        ports = [int(str(port).rsplit(":", 1)[1].partition("/")[0]) for port in container.get("ports", [])]
        printed = {
            "image": container["image"],
            "ports": ports,
            "volumes": [each["source"] for each in volumes_of(container)],
            "needs": list(container.get("depends_on", {})),
            "variables": set(container.get("environment", {})),
            "networks": list(networks_of(container)),
        }
        meant = {
            "image": unit.component.image,
            "ports": [each.number for each in unit.ports],
            "volumes": [each.name for each in unit.volumes],
            "needs": list(unit.needs),
            "variables": set(unit.component.environment),
            "networks": list(unit.networks),
        }
        yield from (("compose.yaml", f"{name}: {key} {printed[key]}") for key in meant if printed[key] != meant[key])


def break_compose_prints_the_units__more(draft: Draft) -> None:
    draft["compose.yaml"]["services"]["helper"] = {"image": "busybox"}


def break_compose_prints_the_units__image(draft: Draft) -> None:
    draft.container("jaeger")["image"] = "busybox"


def break_compose_prints_the_units__variable(draft: Draft) -> None:
    draft.container("jaeger")["environment"]["MORE"] = "1"


def break_compose_prints_the_units__network(draft: Draft) -> None:
    draft.container("jaeger")["networks"] = ["stores"]


def check_kubernetes_prints_the_workloads(system: System) -> Iterator[Finding]:
    """Workloads are the components of the cluster with images, ports and variables; Services have their names."""
    if not system.manifests.workloads:
        return
    printed = {each.component: each for each in system.manifests.workloads}
    if printed.keys() != system.cluster.keys():
        yield "kubernetes", f"runs {sorted(printed)}, and the system {sorted(system.cluster)}"
    for name in printed.keys() & system.cluster.keys():
        component, path = system.cluster[name], printed[name].manifest.path
        (container,) = printed[name].containers
        variables = {each["name"] for each in container.get("env", [])}
        numbers = [each["containerPort"] for each in container.get("ports", [])]
        if container["image"] != component.image:
            yield path, f"{name} runs {container['image']}"
        if not printed[name].is_operated and numbers != [each.number for each in component.ports]:
            yield path, f"{name} has the ports {numbers}"
        if missing := component.environment.keys() - variables:
            yield path, f"{name} lacks {sorted(missing)}"
    names = {name for each in system.cluster.values() for name in (each.name, each.all_name)}
    for service in system.manifests.of("Service"):
        if service.name not in names:
            yield service.path, f"{service.name} is the name of no component"


def break_kubernetes_prints_the_workloads__fewer(draft: Draft) -> None:
    del draft.cluster["otel-gateway"]


def break_kubernetes_prints_the_workloads__image(draft: Draft) -> None:
    container_of(draft, "jaeger")["image"] = "busybox"


def break_kubernetes_prints_the_workloads__variable(draft: Draft) -> None:
    container_of(draft, "jaeger")["env"] = []


def break_kubernetes_prints_the_workloads__service(draft: Draft) -> None:
    changed(draft, "Service", "jaeger")["metadata"]["name"] = "another"
