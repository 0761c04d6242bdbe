"""What Kubernetes, and the OpenTelemetry Operator, cannot do as the spec says it."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.example import is_example
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, backend_pack, cause, head_path
from tracegen.spec.said import Path

GATEWAY_HAS_ITS_OWN = Code("TG801", "The Gateway has its own")
LEVEL_OF_NO_NAMESPACE = Code("TG802", "Level of a namespace that is not rendered", Severity.WARNING)
QUEUE_OF_AN_AGENT = Code("TG803", "An agent's queue goes with its pod", Severity.NOTE)
NO_PROGRAM_TO_WATCH = Code("TG804", "No program to watch")
LOGIN_AT_MANY_HOSTS = Code("TG806", "A login at many hosts")
NOT_FOR_THE_SIDECAR = Code("TG807", "What the Operator's sidecar cannot take")
SAMPLED_BY_NOBODY = Code("TG808", "The Operator's sidecar samples nothing", Severity.WARNING, acceptable=True)
NOTHING_TO_REACH = Code("TG805", "Nothing to reach")
PLAIN_TO_THE_PAGES = Code("TG810", "An ingress that is not told of TLS", Severity.WARNING, acceptable=True)
IN_NO_REGISTRY = Code("TG809", "Examples that no cluster can pull", Severity.NOTE, acceptable=True)

NO_API_SERVER = Code("TG811", "No API server to ask")

_INGRESS: Path = ("kubernetes", "ingress")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Ingress, namespace, queues of agents, and what the Operator injects."""
    yield from _gateway(settings)
    ingress = settings.kubernetes.ingress
    if ingress and ingress.host.startswith("*.") and ingress.login:
        message = f"people come back from the login to one address, and {ingress.host} stands for many"
        where = cause(settings, (*_INGRESS, "login"), (*_INGRESS, "host"))
        yield at(settings, LOGIN_AT_MANY_HOSTS, where, message, "name the host whole")
    if not settings.kubernetes.create_namespace and settings.is_said("kubernetes", "pod_security"):
        message = "a namespace that tracegen does not make is not labelled, so this level is enforced nowhere"
        where = cause(settings, ("kubernetes", "pod_security"), ("kubernetes", "create_namespace"))
        yield at(settings, LEVEL_OF_NO_NAMESPACE, where, message, "label the namespace where it is made")
    yield from _api_server(settings)
    if "kubernetes" in settings.targets:
        yield from _nothing_behind(settings, packs)
        yield from _examples(settings, packs)
        yield from _inner_tls(settings)
        yield from _agents(settings)
        for name in settings.services:
            yield from _program(settings, packs, name)
            yield from _sidecar(settings, packs, name)


def _gateway(settings: Settings) -> Iterator[Problem]:
    ingress = settings.kubernetes.ingress
    if ingress is None or ingress.gateway is None:
        return
    own = (
        ("class", ingress.class_, "classes are of Ingresses"),
        ("tls_secret", ingress.tls_secret, "its listener has the certificate"),
    )
    for key, value, what in own:
        if value:
            where = cause(settings, (*_INGRESS, key), (*_INGRESS, "gateway"))
            message = f"an HTTPRoute of a Gateway has no {key}: {what}"
            yield at(settings, GATEWAY_HAS_ITS_OWN, where, message, f"leave out {key}, or gateway")


def _api_server(settings: Settings) -> Iterator[Problem]:
    """One configuration is rendered for both targets."""
    if settings.kubernetes.k8s_attributes and "compose" in settings.targets:
        message = "collectors would ask the API server about pods, and Docker Compose has none"
        hint = "say targets: [kubernetes], here or in an environment that says k8s_attributes"
        where = cause(settings, ("kubernetes", "k8s_attributes"), ("targets",))
        yield at(settings, NO_API_SERVER, where, message, hint)


def _nothing_behind(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    if settings.kubernetes.ingress and backend_pack(settings, packs).runs_elsewhere:
        where = cause(settings, _INGRESS, ("backend", "type"))
        message = "the backend runs elsewhere, so there is no user interface here that could be reached"
        yield at(settings, NOTHING_TO_REACH, where, message, "leave out kubernetes.ingress")


def _inner_tls(settings: Settings) -> Iterator[Problem]:
    """Only ingress-nginx is told by an annotation; the others want objects of their own for that."""
    ingress = settings.kubernetes.ingress
    if ingress and ingress.class_ and "nginx" not in ingress.class_ and settings.security.tls.enabled:
        message = f"the pages speak TLS inside, and only ingress-nginx is told so: {ingress.class_} may answer 502"
        hint = "tell it in an overlay or overrides, or use a gateway, for which a BackendTLSPolicy is rendered"
        yield at(settings, PLAIN_TO_THE_PAGES, (*_INGRESS, "class"), message, hint)


def _examples(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Where Kubernetes is asked for, not where it is rendered because nothing is said."""
    examples = [name for name, each in settings.services.items() if is_example(each, packs.languages[each.language])]
    places: tuple[Path, ...] = (("kubernetes",), ("targets",))
    if settings.registry or not examples or not any(settings.is_said(*each) for each in places):
        return
    what = f"the image of {examples[0]} is" if len(examples) == 1 else f"the images of {len(examples)} services are"
    message = f"{what} built here and in no registry, so a cluster cannot pull what is not loaded into its nodes"
    hint = "say registry; for kind and minikube, which load images, accept this"
    yield at(settings, IN_NO_REGISTRY, cause(settings, *places), message, hint)


def _agents(settings: Settings) -> Iterator[Problem]:
    if settings.collector.topology == "agent" and settings.collector.queue.type == "persistent":
        message = (
            "on Kubernetes an agent's queue outlives its container, not its pod: an update of the agents drops it"
        )
        hint = "use agent+gateway, where the gateway's queue has volumes of its own"
        yield at(settings, QUEUE_OF_AN_AGENT, ("collector", "topology"), message, hint)


def _program(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    service = settings.services[name]
    language = packs.languages[service.language]
    operated = settings.kubernetes.flavor == "operator" and language.auto_needs == "operator"
    variable = language.operator_agent.variable if language.operator_agent else ""
    if operated and service.instrumentation == "auto" and variable and variable not in service.env:
        message = f"the Operator has to know which program of {name} it is to watch"
        hint = f"say it under env: {{{variable}: /path/in/the/image}}"
        where = cause(settings, ("services", name, "instrumentation"), ("services", name))
        yield at(settings, NO_PROGRAM_TO_WATCH, where, message, hint)


def _sidecar(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    """An agent beside the service has an environment of its own, and gets none of the service's.

    `injectGo` of the Operator (be8944414, internal/instrumentation/sdk.go) copies nothing into the sidecar.
    """
    service = settings.services[name]
    language = packs.languages[service.language]
    is_operated = settings.kubernetes.flavor == "operator" and language.auto_needs == "operator"
    if not is_operated or service.instrumentation != "auto":
        return
    own: Path = ("services", name, "instrumentation")
    lacking = (
        (("security", "ingest_auth"), settings.security.ingest_auth != "none", "header: every span is refused"),
        (("security", "tls"), settings.security.tls.enabled, "authority: no connection is made"),
        (("backend", "tenants"), bool(service.tenant), "tenant: its spans are stored as the first one's"),
    )
    for path, is_said, what in lacking:
        if is_said:
            message = f"the Operator's sidecar for {name} gets no {what}"
            yield at(settings, NOT_FOR_THE_SIDECAR, cause(settings, own, path), message, "use instrumentation: sdk")
    if service.sampling.head.type != "always_on":
        message = f"the Operator's sidecar for {name} gets no sampler: all traces that start there are kept"
        hint = "use instrumentation: sdk, or sampling.tail, which decides in the collector"
        yield at(settings, SAMPLED_BY_NOBODY, head_path(settings, name), message, hint)
