"""Variables of containers: texts as they are, secrets by reference, and the file of a service as a ConfigMap."""

from collections.abc import Iterator, Mapping

from tracegen.emit import Value, kubernetes_escape
from tracegen.parts.services import secret_path
from tracegen.render.k8s_attributes import NAMESPACE_VARIABLE, NODE_VARIABLE
from tracegen.render.kubernetes.configuration import environment_map
from tracegen.system import Component, PodsRead, Secret, Text

#: What a pod knows of itself, without asking the API server: the attribute, a variable for it, and its field.
#: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
_OF_POD = (
    ("k8s.namespace.name", NAMESPACE_VARIABLE, "metadata.namespace"),
    ("k8s.node.name", NODE_VARIABLE, "spec.nodeName"),
    ("k8s.pod.name", "K8S_POD_NAME", "metadata.name"),
    ("k8s.pod.uid", "K8S_POD_UID", "metadata.uid"),
)

#: What a collector is told that asks for pods: its namespace, and its node.
PLACE = (NAMESPACE_VARIABLE, NODE_VARIABLE)


def environment(component: Component) -> dict[str, Value]:
    """`envFrom` and `env`; what stands in `env` wins."""
    parts: dict[str, Value] = {}
    if component.environment_file:
        parts["envFrom"] = [{"configMapRef": {"name": environment_map(component)}}]
    variables = [*_variables(component.environment), *_attributes(component), *_place(component)]
    return parts | ({"env": variables} if variables else {})


def _attributes(component: Component) -> Iterator[Value]:
    """The resource attributes of a service with those of its pod, which only the cluster can tell."""
    if not component.attributes:
        return
    taken = set(component.environment)
    found = [kubernetes_escape(component.attributes)]
    for attribute, variable, field in _OF_POD:
        if f"{attribute}=" not in component.attributes:
            name = _free(variable, taken)
            yield _of_field(name, field)
            found.append(f"{attribute}=$({name})")
    yield {"name": "OTEL_RESOURCE_ATTRIBUTES", "value": ",".join(found)}


def _place(component: Component) -> Iterator[Value]:
    """Where a pod is that asks for others: its configuration names these variables."""
    if component.pods is not PodsRead.NONE:
        yield from (_of_field(variable, field) for _, variable, field in _OF_POD if variable in PLACE)


def _of_field(name: str, field: str) -> Value:
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": field}}}


def without_secrets(component: Component) -> dict[str, str]:
    """The variables that can stand in a ConfigMap: nothing in them is a secret, or refers to one."""
    return {
        name: "".join(secret_path(part) if isinstance(part, Secret) else part for part in value)
        for name, value in component.environment.items()
        if not _is_secret(value)
    }


def with_secrets(component: Component) -> list[Value]:
    """The other variables, as entries of `env`."""
    secret = {name: value for name, value in component.environment.items() if _is_secret(value)}
    return list(_variables(secret))


def _is_secret(value: Text) -> bool:
    return any(isinstance(part, Secret) and not part.file for part in value)


def _variables(values: Mapping[str, Text]) -> Iterator[Value]:
    """A variable may only refer to those before it."""
    taken = set(values)
    helpers: dict[str, str] = {}
    for name, value in values.items():
        if _is_reference(value):
            yield _by_reference(name, value[0])
            continue
        for secret in (part for part in value if isinstance(part, Secret) and not part.file):
            if secret.variable not in helpers:
                helpers[secret.variable] = _free(secret.variable, taken)
                yield _by_reference(helpers[secret.variable], secret)
        yield {"name": name, "value": _text(value, helpers)}


def _is_reference(value: Text) -> bool:
    return len(value) == 1 and isinstance(value[0], Secret) and not value[0].file


def _by_reference(name: str, secret: str | Secret) -> Value:
    assert isinstance(secret, Secret)
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}_"
    taken.add(name)
    return name


def _text(value: Text, helpers: dict[str, str]) -> str:
    return "".join(_part(part, helpers) for part in value)


def _part(part: str | Secret, helpers: dict[str, str]) -> str:
    if isinstance(part, Secret):
        return secret_path(part) if part.file else f"$({helpers[part.variable]})"
    return kubernetes_escape(part)
