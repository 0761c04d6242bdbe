"""What Kubernetes, and the OpenTelemetry Operator, cannot do as the spec says it."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, instrumentation_of, targets_of
from tracegen.spec.said import Path, Said

GATEWAY_HAS_ITS_OWN = Code("TG801", "The Gateway has its own")
LEVEL_OF_NO_NAMESPACE = Code("TG802", "Level of a namespace that is not rendered", Severity.WARNING)
QUEUE_OF_AN_AGENT = Code("TG803", "An agent's queue goes with its pod", Severity.NOTE)
NO_PROGRAM_TO_WATCH = Code("TG804", "No program to watch")
LOGIN_AT_MANY_HOSTS = Code("TG806", "A login at many hosts")
NOTHING_TO_REACH = Code("TG805", "Nothing to reach")

_INGRESS: Path = ("kubernetes", "ingress")
_PROGRAM = "OTEL_GO_AUTO_TARGET_EXE"


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Ingress, namespace, queues of agents, and what the Operator injects."""
    yield from _gateway(spec)
    host = spec.get(*_INGRESS, "host") or ""
    if host.startswith("*.") and spec.get(*_INGRESS, "login"):
        message = f"people come back from the login to one address, and {host} stands for many"
        where = cause(spec, (*_INGRESS, "login"), (*_INGRESS, "host"))
        yield at(spec, LOGIN_AT_MANY_HOSTS, where, message, "name the host whole")
    if spec.get("kubernetes", "create_namespace") is False and spec.get("kubernetes", "pod_security"):
        message = "a namespace that tracegen does not make is not labelled, so this level is enforced nowhere"
        where = cause(spec, ("kubernetes", "pod_security"), ("kubernetes", "create_namespace"))
        yield at(spec, LEVEL_OF_NO_NAMESPACE, where, message, "label the namespace where it is made")
    if "kubernetes" in targets_of(spec):
        yield from _nothing_behind(spec)
        yield from _agents(spec)
        for name in spec.services:
            yield from _program(spec, packs, name)


def _gateway(spec: Said) -> Iterator[Problem]:
    if not spec.get(*_INGRESS, "gateway"):
        return
    for key, what in (("class", "classes are of Ingresses"), ("tls_secret", "its listener has the certificate")):
        if spec.get(*_INGRESS, key):
            where = cause(spec, (*_INGRESS, key), (*_INGRESS, "gateway"))
            message = f"an HTTPRoute of a Gateway has no {key}: {what}"
            yield at(spec, GATEWAY_HAS_ITS_OWN, where, message, f"leave out {key}, or gateway")


def _nothing_behind(spec: Said) -> Iterator[Problem]:
    if spec.get(*_INGRESS) and spec.value["backend"]["type"] == "external":
        where = cause(spec, _INGRESS, ("backend", "type"))
        message = "the backend runs elsewhere, so there is no user interface here that could be reached"
        yield at(spec, NOTHING_TO_REACH, where, message, "leave out kubernetes.ingress")


def _agents(spec: Said) -> Iterator[Problem]:
    kind = spec.get("collector", "queue", "type") or "persistent"
    if spec.get("collector", "topology") == "agent" and kind == "persistent":
        message = (
            "on Kubernetes an agent's queue outlives its container, not its pod: an update of the agents drops it"
        )
        hint = "use agent+gateway, where the gateway's queue has volumes of its own"
        yield at(spec, QUEUE_OF_AN_AGENT, ("collector", "topology"), message, hint)


def _program(spec: Said, packs: Catalogue, name: str) -> Iterator[Problem]:
    service = spec.services[name]
    language = packs.languages[service["language"]]
    operated = spec.get("kubernetes", "flavor") == "operator" and language.auto_needs == "operator"
    wants = operated and instrumentation_of(spec, packs, name) == "auto"
    if wants and _PROGRAM not in service.get("env", {}):
        message = f"the Operator has to know which program of {name} it is to watch"
        hint = f"say it under env: {{{_PROGRAM}: /path/in/the/image}}"
        where = cause(spec, ("services", name, "instrumentation"), ("services", name))
        yield at(spec, NO_PROGRAM_TO_WATCH, where, message, hint)
