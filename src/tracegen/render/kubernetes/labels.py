"""Labels and metadata of objects: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/."""

from tracegen.emit import Value
from tracegen.system import Component, System

#: What tracegen runs, and what the team does.
PLATFORM, SERVICE = "tracing", "service"

#: The label of pods that says the kind of what makes them.
WORKLOAD = "tracegen/workload"
#: The label of pods of several components that keep the same data.
COPIES = "tracegen/copies"

_PREFIX = "app.kubernetes.io"


def selector(name: str, system: System) -> dict[str, Value]:
    """The labels that tell one component's pods from all others; they may never change.

    The Operator puts its own on the pods of collectors, and leaves the name
    (internal/manifests/manifestutils/labels.go).
    """
    if system.kubernetes.flavor == "operator" and any(tier.component == name for tier in system.tiers):
        return {f"{_PREFIX}/name": name, f"{_PREFIX}/component": "opentelemetry-collector"}
    return _own(name, system)


def _own(name: str, system: System) -> dict[str, Value]:
    return {f"{_PREFIX}/name": name, f"{_PREFIX}/instance": system.name}


def service_selector(component: Component, kind: str, system: System) -> dict[str, Value]:
    """The labels of the pods behind a Service: those of this kind of workload alone.

    A change of the spec may turn a Deployment into a StatefulSet; what is left of the former must get nothing.
    """
    return {**selector(component.name, system), **_kind(component, kind, system)}


def pod_labels(component: Component, kind: str, system: System) -> dict[str, Value]:
    """The labels of a component's pods."""
    said = system.kubernetes.pods if component.platform else system.services[component.name].pods
    return {
        **said.labels,
        **labels_of(component, system),
        **_kind(component, kind, system),
        **({COPIES: component.copies} if component.copies else {}),
    }


def copies_selector(component: Component, system: System) -> dict[str, Value]:
    """The labels of the pods of all components that keep the same data."""
    return {f"{_PREFIX}/instance": system.name, COPIES: component.copies}


def _kind(component: Component, kind: str, system: System) -> dict[str, Value]:
    """Not of jobs, which no Service leads to, nor where the Operator replaces the one by the other itself.

    internal/controllers/opentelemetrycollector_controller.go: what it owns and no longer wants, it deletes.
    """
    is_plain = not component.job and system.tier_of_operator(component.name) is None
    return {WORKLOAD: kind} if is_plain else {}


def part_selector(part: str, system: System) -> dict[str, Value]:
    """The labels of all pods of a part: `PLATFORM` or `SERVICE`."""
    return {f"{_PREFIX}/instance": system.name, f"{_PREFIX}/component": part}


def labels(name: str, part: str, system: System) -> dict[str, Value]:
    """All labels of an object."""
    return {
        **_own(name, system),
        f"{_PREFIX}/component": part,
        f"{_PREFIX}/part-of": system.name,
        f"{_PREFIX}/managed-by": "tracegen",
    }


def labels_of(component: Component, system: System) -> dict[str, Value]:
    """The labels of a component's objects and pods."""
    return labels(component.name, PLATFORM if component.platform else SERVICE, system)


def metadata(component: Component, system: System, name: str = "") -> dict[str, Value]:
    """Name and labels of one of a component's objects; the namespace is the kustomization's."""
    return {"name": name or component.name, "labels": labels_of(component, system)}
