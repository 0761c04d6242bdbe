"""Services of the settings become services of the system, each with its whole environment."""

from collections.abc import Mapping
from typing import NamedTuple

from tracegen.build.environment import sampler_variables, stub_settings, telemetry_environment
from tracegen.build.example import built_image, example_environment, is_example
from tracegen.build.head import sampler_of
from tracegen.build.kubernetes import pods_of
from tracegen.build.needs import needs
from tracegen.build.references import literal_or_secret
from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.attributes import resource_attributes
from tracegen.decide.records import Service as Said
from tracegen.decide.records import ServiceCompose, ServiceWorkload
from tracegen.decide.traffic import traffic_of
from tracegen.parts.services import url_variable
from tracegen.system import (
    ComposeService,
    Destination,
    Pods,
    Resources,
    Service,
    StrategyServer,
    Text,
    Workload,
    text,
)
from tracegen.system.units import size_in_bytes


class _Context(NamedTuple):
    """What is the same for all services; `called` are those that another one calls."""

    settings: Settings
    packs: Catalogue
    destination: Destination
    strategies: StrategyServer | None
    called: frozenset[str]


def services_of(
    settings: Settings, packs: Catalogue, destination: Destination, strategies: StrategyServer | None
) -> Mapping[str, Service]:
    """All services, in the order of the spec."""
    called = frozenset(callee for service in settings.services.values() for callee in service.calls)
    context = _Context(settings, packs, destination, strategies, called)
    return {name: _service(context, name, said) for name, said in settings.services.items()}


def _service(context: _Context, name: str, said: Said) -> Service:
    settings, language = context.settings, context.packs.languages[said.language]
    example = is_example(said, language)
    own = {key: literal_or_secret(value, settings.name) for key, value in said.env.items()}
    callees = _callees(settings, said)
    telemetry = _telemetry(context, name, said)
    made = example_environment(settings, name, callees, name in context.called) if example else {}
    return Service(
        name=name,
        language=language.name,
        framework=said.framework or "",
        instrumentation=said.instrumentation,
        image=built_image(settings, name, said.version) if example else said.image or "",
        build=said.stub if example else "",
        version=said.version,
        port=said.port,
        health=said.health,
        calls=said.calls,
        replicas=said.replicas,
        resources=Resources(said.resources.cpu, size_in_bytes(said.resources.memory)) if said.resources else None,
        sampler=sampler_of(said),
        environment={
            **telemetry,
            **{key: value for key, value in own.items() if key.startswith("OTEL_")},
        },
        own_environment={
            **callees,
            **made,
            **{key: value for key, value in own.items() if not key.startswith("OTEL_")},
        },
        attributes=resource_attributes(settings, name, said),
        traffic=traffic_of(said),
        deploy=said.deploy,
        stub=said.stub,
        tenant=said.tenant or "",
        agent=language.operator_agent,
        needs=needs(settings.said, name, telemetry),
        ca=context.destination.tls.ca if context.destination.tls else None,
        libraries=said.libraries or (),
        workload=_workload(said.workload) if said.workload else None,
        pods=pods_of(said.kubernetes) if said.kubernetes else Pods(),
        compose=_compose(said.compose),
    )


def _workload(said: ServiceWorkload) -> Workload:
    return Workload(said.kind, said.name, said.container or "")


def _compose(said: ServiceCompose | None) -> ComposeService:
    return ComposeService(said.service or "", said.networks) if said else ComposeService()


def _callees(settings: Settings, said: Said) -> dict[str, Text]:
    """Where a service finds those that it calls; one that runs already, elsewhere, knows them."""
    called = said.calls if said.deploy else ()
    return {url_variable(each): text(f"http://{each}:{settings.services[each].port}") for each in called}


def _telemetry(context: _Context, name: str, said: Said) -> dict[str, Text]:
    """Everything that an SDK or agent reads, and what the stub reads beside it."""
    settings, language = context.settings, context.packs.languages[said.language]
    protocol = language.remote_sampling.get(said.instrumentation, "")
    sampling = sampler_variables(sampler_of(said), context.strategies, protocol, traffic_of(said), said.replicas)
    attributes = resource_attributes(settings, name, said)
    return {
        **telemetry_environment(settings, language, attributes, sampling, context.destination),
        **{key: text(value) for key, value in language.variables.get(said.instrumentation, {}).items()},
        **stub_settings(settings, language.settings.get(said.instrumentation, {}), said),
    }
