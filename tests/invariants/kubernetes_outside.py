"""kubernetes/: what it needs of the cluster and of people, and what is reached from outside."""

from collections.abc import Iterator

from invariants._manifests import FOLDER, Manifest, add, changed, container_of, pod_of, secrets_of
from invariants._system import Draft, Finding, System

#: What cert-manager puts into a Secret.
_OF_CERTIFICATES = ("tls.crt", "tls.key", "ca.crt")


def check_ingresses_lead_somewhere(system: System) -> Iterator[Finding]:
    """An Ingress and an HTTPRoute lead to a Service and a port that it has."""
    for ingress, name, port in _backends(system):
        service = system.manifests.one("Service", name)
        ports = (
            [known for each in service.spec["ports"] for known in (each.get("name"), each["port"])] if service else []
        )
        if port not in ports:
            yield ingress.path, f"leads to {name}:{port}, and there is {ports}"


def break_ingresses_lead_somewhere(draft: Draft) -> None:
    changed(draft, "Ingress", "jaeger")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] = "ui"


def break_ingresses_lead_somewhere__port(draft: Draft) -> None:
    path = changed(draft, "Ingress", "jaeger")["spec"]["rules"][0]["http"]["paths"][0]
    path["backend"]["service"]["port"] = {"name": "other"}


def check_secrets_are_in_the_readme(system: System) -> Iterator[Finding]:
    """README.md names each Secret that something refers to, with its key, and the file holds none."""
    text = system.tree.get(f"{FOLDER}/README.md", "")
    made = {each.spec["secretName"] for each in system.manifests.of("Certificate")}
    for manifest, name, key in _secrets(system):
        if name not in text:
            yield manifest.path, f"{manifest.name} refers to the Secret {name}, which README.md does not name"
        elif key and key not in (_OF_CERTIFICATES if name in made else text):
            yield (
                manifest.path,
                f"{manifest.name} refers to {key} of the Secret {name}, which README.md does not name",
            )
    yield from ((each.path, f"the Secret {each.name} is written") for each in system.manifests.of("Secret"))


def break_secrets_are_in_the_readme(draft: Draft) -> None:
    pod = pod_of(draft, "jaeger")
    pod["volumes"].append({"name": "other", "secret": {"secretName": "unheard-of"}})


def break_secrets_are_in_the_readme__key(draft: Draft) -> None:
    container = container_of(draft, "api")
    reference = next(each for each in container["env"] if each["name"] == "TOKEN")
    reference["valueFrom"]["secretKeyRef"]["key"] = "UNHEARD_OF"


def break_secrets_are_in_the_readme__written(draft: Draft) -> None:
    add(
        draft,
        "secret",
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop-env"}, "stringData": {"a": "b"}},
    )


def _backends(system: System) -> Iterator[tuple[Manifest, str, str | int]]:
    for each in system.manifests.of("Ingress"):
        for rule in each.spec["rules"]:
            for path in rule["http"]["paths"]:
                port = path["backend"]["service"]["port"]
                yield each, path["backend"]["service"]["name"], port.get("name", port.get("number"))
    for each in system.manifests.of("HTTPRoute"):
        for rule in each.spec["rules"]:
            yield from ((each, backend["name"], backend["port"]) for backend in rule["backendRefs"])


def _secrets(system: System) -> Iterator[tuple[Manifest, str, str]]:
    for workload in system.manifests.workloads:
        yield from ((workload.manifest, name, key) for name, key in secrets_of(workload))
    for each in system.manifests.of("Ingress"):
        yield from ((each, tls["secretName"], "") for tls in each.spec.get("tls", []))
