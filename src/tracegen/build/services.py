"""Services of the settings become services of the system, each with its whole environment, and what runs them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from tracegen.build.code import TO_BASE, WHOLE, CodePlaces
from tracegen.build.environment import stub_settings, telemetry_environment
from tracegen.build.kubernetes import pods_of
from tracegen.build.references import literal_or_secret
from tracegen.build.sampling import sampler_of, sampler_variables
from tracegen.catalogue import NO_FRAMEWORK, Catalogue, ExampleImage, LanguagePack
from tracegen.decide import Settings
from tracegen.decide.attributes import resource_attributes
from tracegen.decide.calls import callees, graph
from tracegen.decide.example import is_example
from tracegen.decide.needs import needs
from tracegen.decide.records import Service as Said
from tracegen.decide.records import ServiceCompose, ServiceWorkload
from tracegen.decide.traffic import traffic_of
from tracegen.parts.certificates import CA_PATH
from tracegen.parts.collectors import receiver_ports
from tracegen.parts.services import environment_path, portable, secret_path, url_variable
from tracegen.system import (
    SAMPLING_PORTS,
    Call,
    Component,
    ComposeService,
    Design,
    Destination,
    Health,
    Pods,
    Port,
    Publish,
    Resources,
    Secret,
    SecretMount,
    Service,
    StrategyServer,
    Text,
    Workload,
    text,
)
from tracegen.system.graph import entries
from tracegen.system.units import size_in_bytes

#: The tag of what is built from a spec that gives the service no version.
_TAG = "local"


class _Context(NamedTuple):
    """What is the same for all services; `entries` are those that no other calls."""

    settings: Settings
    packs: Catalogue
    destination: Destination
    strategies: StrategyServer | None
    entries: frozenset[str]
    code: CodePlaces


def services_of(
    settings: Settings,
    packs: Catalogue,
    destination: Destination,
    strategies: StrategyServer | None,
    code: CodePlaces = WHOLE,
) -> Mapping[str, Service]:
    """All services, in the order of the spec."""
    begin = frozenset(entries(graph(settings.services)))
    context = _Context(settings, packs, destination, strategies, begin, code)
    return {name: _service(context, name, said) for name, said in settings.services.items()}


def _service(context: _Context, name: str, said: Said) -> Service:
    settings, language = context.settings, context.packs.languages[said.language]
    example = is_example(said, language)
    own = {key: literal_or_secret(value, settings.name) for key, value in said.env.items()}
    addresses = _callees(settings, said)
    telemetry = _telemetry(context, name, said)
    shared = name in context.code.shared
    is_entry = name in context.entries
    made = _example_environment(settings, name, addresses, is_entry) if example else {}
    return Service(
        name=name,
        language=language.name,
        framework=_framework(said, language),
        instrumentation=said.instrumentation,
        image=_built_image(settings, name, said.version, name in context.code.own) if example else said.image or "",
        build=(f"{TO_BASE}/{said.stub}" if shared else said.stub) if example else "",
        version=said.version,
        port=_port(said),
        health=said.health,
        calls=callees(said),
        replicas=said.replicas,
        resources=Resources(said.resources.cpu, size_in_bytes(said.resources.memory)) if said.resources else None,
        sampler=sampler_of(said),
        environment={
            **telemetry,
            **{key: value for key, value in own.items() if key.startswith("OTEL_")},
        },
        own_environment={
            **addresses,
            **made,
            **{key: value for key, value in own.items() if not key.startswith("OTEL_")},
        },
        attributes=resource_attributes(settings, name, said),
        traffic=traffic_of(said),
        deploy=said.deploy,
        stub=said.stub,
        shared=shared,
        tenant=said.tenant or "",
        agent=language.operator_agent,
        needs=needs(settings, name, telemetry),
        ca=context.destination.tls.ca if context.destination.tls else None,
        libraries=said.libraries or (),
        workload=_workload(said.workload) if said.workload else None,
        entry=is_entry,
        pods=pods_of(said.kubernetes) if said.kubernetes else Pods(),
        compose=_compose(said.compose),
    )


def _framework(said: Said, language: LanguagePack) -> str:
    return language.without_framework or "" if said.framework == NO_FRAMEWORK else said.framework or ""


def _workload(said: ServiceWorkload) -> Workload:
    return Workload(said.kind, said.name, said.container or "")


def _compose(said: ServiceCompose | None) -> ComposeService:
    return ComposeService(said.service or "", said.networks) if said else ComposeService()


def _callees(settings: Settings, said: Said) -> dict[str, Text]:
    """Where a service finds those that it calls; one that runs already, elsewhere, knows them."""
    called = callees(said) if said.deploy else ()
    ports = {each: _port(settings.services[each]) for each in called}
    return {url_variable(each): text(f"http://{each}:{port}") for each, port in ports.items() if port}


def _port(said: Said) -> int | None:
    return None if isinstance(said.port, str) else said.port


def _telemetry(context: _Context, name: str, said: Said) -> dict[str, Text]:
    """Everything that an SDK or agent reads, and what the stub reads beside it."""
    settings, language = context.settings, context.packs.languages[said.language]
    protocol = language.remote_sampling.get(said.instrumentation, "")
    sampling = sampler_variables(said, context.strategies, protocol)
    attributes = resource_attributes(settings, name, said)
    return {
        **telemetry_environment(settings, language, attributes, sampling, context.destination),
        **{key: text(value) for key, value in language.variables.get(said.instrumentation, {}).items()},
        **stub_settings(settings, language.settings.get(said.instrumentation, {}), said),
    }


def _built_image(settings: Settings, name: str, version: str, own: bool) -> str:
    """The name under which the example is built: in the project's registry where there is one.

    `own`: its code is another than that of the base, which would be taken for it under the same name.
    """
    registry, environment = settings.registry, settings.said.environment
    project = f"{settings.name}-{environment}" if own else settings.name
    tag = re.sub(r"[^\w.-]", "-", version, flags=re.ASCII).lstrip(".-") or _TAG
    return f"{f'{registry}/' if registry else ''}{project}-{name}:{tag}"


def _example_environment(
    settings: Settings, name: str, callees: Mapping[str, Text], is_entry: bool
) -> dict[str, Text]:
    """What the example reads beside its OpenTelemetry environment.

    `PORT`; `EXAMPLE_CALLS`, the variables that hold the addresses of its callees, by commas; and
    `EXAMPLE_REQUESTS_PER_SECOND`, the traffic that it makes itself because nobody else calls it: what the spec
    states, or one a second, so that there are traces to look at.
    """
    service = settings.services[name]
    variables = {"PORT": text(str(service.port))}
    if callees:
        variables["EXAMPLE_CALLS"] = text(",".join(callees))
    if is_entry:
        rate = traffic_of(service).or_assumed().traces_per_second
        variables["EXAMPLE_REQUESTS_PER_SECOND"] = text(f"{rate / service.replicas:g}")
    return variables


def service_component(service: Service, design: Design, packs: Catalogue) -> Component:
    """The component that a service is, or would be if tracegen ran it."""
    component = _with_image(service, design)
    example = packs.languages[service.language].example
    return _with_example(component, service, example) if service.build and example else component


def _with_image(service: Service, design: Design) -> Component:
    return Component(
        name=service.name,
        image=service.image,
        why="A service of yours.",
        ports=(Port("http", service.port),) if service.port else (),
        health=Health(command=(), port=service.port, path=service.health) if service.port else None,
        environment={**_not_in_file(service), **service.own_environment},
        environment_file=environment_path(service),
        secret_files=_secret_files(service),
        resources=service.resources,
        user=None,
        read_only=False,
        calls=tuple(_calls(service, design)),
        replicas=service.replicas,
        platform=False,
    )


def _with_example(component: Component, service: Service, example: ExampleImage) -> Component:
    assert component.health is not None and service.port, "an example has a port to be asked"
    # All replicas would have one port of the host: several are reached inside alone.
    published = Publish.ENTRY if service.entry and service.replicas == 1 else None
    return replace(
        component,
        why="The example service, until this one has an image.",
        build=service.build,
        ports=(Port("http", service.port, published),),
        health=replace(component.health, command=example.health, start_period=example.start),
        user=example.user,
        read_only=True,
        writable=example.writable,
    )


def _secret_files(service: Service) -> tuple[SecretMount, ...]:
    values = (*service.environment.values(), *service.own_environment.values())
    files = {part.key: part for value in values for part in value if isinstance(part, Secret) and part.file}
    mounts = tuple(SecretMount(secret, secret_path(secret)) for secret in files.values())
    return (*((SecretMount(service.ca, CA_PATH),) if service.ca else ()), *mounts)


def _not_in_file(service: Service) -> dict[str, Text]:
    in_file = portable(service.environment)
    return {name: value for name, value in service.environment.items() if name not in in_file}


def _calls(service: Service, design: Design) -> Iterator[Call]:
    """Callees, and where spans go: every port of a first tier, for clients that have not moved too."""
    # Who has no port is reached through a queue.
    ports = {callee: design.services[callee].port for callee in service.calls}
    yield from (Call(callee, port) for callee, port in ports.items() if port)
    if service.sampler.remote and design.strategies:
        yield from (Call(design.strategies.host, port) for port in SAMPLING_PORTS.values())
    if design.tiers:
        tier = design.tiers[0]
        yield from (Call(tier.component, port.number) for port in receiver_ports(tier, design))
    else:
        yield Call(design.otlp_destination.host, design.otlp_destination.port)
