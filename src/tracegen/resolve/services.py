"""Services of the spec become services of the Model, each with its whole environment."""

from collections.abc import Mapping

from tracegen.catalogue import Catalogue, LanguagePack
from tracegen.resolve.decider import Decider
from tracegen.resolve.environment import resource_attributes, stub_settings, telemetry_environment
from tracegen.resolve.example import built_image, example_environment, is_example
from tracegen.resolve.head import resolve_sampler, sampler_variables
from tracegen.resolve.needs import needs
from tracegen.resolve.references import literal_or_secret
from tracegen.spec.said import Path, Spec, dotted
from tracegen.spec.traffic import ASSUMED, traffic_of
from tracegen.system import Destination, Resources, Service, StrategyServer, Text, Traffic, text
from tracegen.system.units import size_in_bytes


def resolve_services(
    decider: Decider,
    packs: Catalogue,
    destination: Destination,
    tenants: list[str],
    strategies: StrategyServer | None,
) -> Mapping[str, Service]:
    """All services, in the order of the spec; one that names no tenant gets the first."""
    default = tenants[0] if tenants else ""
    return {name: _service(decider, packs, name, destination, default, strategies) for name in decider.spec.services}


def url_variable(callee: str) -> str:
    """The variable through which a caller finds a callee (ruling 10)."""
    return f"{callee.upper().replace('-', '_')}_URL"


def _service(
    decider: Decider,
    packs: Catalogue,
    name: str,
    destination: Destination,
    default_tenant: str,
    strategies: StrategyServer | None,
) -> Service:
    spec = decider.spec
    said = spec.services[name]
    language = packs.languages[said["language"]]
    path: Path = ("services", name)
    image, example = said.get("image", ""), is_example(said, language)
    version = decider.take((*path, "version"), _tag(image), "the image's tag")
    instrumentation = decider.take(
        (*path, "instrumentation"), language.instrumentation[0], f"the default of {language.title}"
    )
    port = decider.take((*path, "port"), 8080, "the default")
    health = decider.take((*path, "health"), "" if image else "/healthz", _health_reason(image))
    stub = decider.take((*path, "stub"), f"services/{name}", "the default")
    sampler, traffic = resolve_sampler(decider, name), _traffic(decider, name)
    replicas = decider.take((*path, "replicas"), 1, "the default")
    tenant = said.get("tenant", default_tenant)
    attributes = resource_attributes(spec, said, version, tenant)
    protocol = language.remote_sampling.get(instrumentation, "")
    sampling = sampler_variables(sampler, strategies, protocol, traffic, replicas)
    telemetry = {
        **telemetry_environment(spec, name, language, attributes, sampling, destination),
        **{key: text(value) for key, value in language.variables.get(instrumentation, {}).items()},
        **stub_settings(spec, language.settings.get(instrumentation, {}), health),
    }
    own = {key: literal_or_secret(value, spec.value["name"]) for key, value in said.get("env", {}).items()}
    callees = _callees(spec, said.get("calls", []))
    return Service(
        name=name,
        language=language.name,
        framework=_framework(decider, path, language),
        instrumentation=instrumentation,
        image=built_image(spec, name, version) if example else image,
        build=stub if example else "",
        version=version,
        port=port,
        health=health,
        calls=tuple(decider.take((*path, "calls"), [], "none said")),
        replicas=replicas,
        resources=_resources(decider, path, image, language),
        sampler=sampler,
        environment={**telemetry, **{key: value for key, value in own.items() if key.startswith("OTEL_")}},
        own_environment={
            **callees,
            **(example_environment(spec, name, port, callees) if example else {}),
            **{key: value for key, value in own.items() if not key.startswith("OTEL_")},
        },
        traffic=traffic,
        deploy=decider.take((*path, "deploy"), True, "the default"),
        stub=stub,
        tenant=tenant,
        ca=destination.tls.ca if destination.tls else None,
        needs=needs(spec, name, telemetry),
    )


def _traffic(decider: Decider, name: str) -> Traffic:
    """What is stated, with a decision recorded for each of its numbers."""
    path: Path = ("services", name, "traffic")
    traffic = traffic_of(decider.spec, name)
    decider.take((*path, "requests_per_second"), traffic.traces_per_second, "none said")
    guess = "four in each service that it passes: those it calls, or half of all"
    decider.take((*path, "spans_per_trace"), traffic.spans, guess)
    for key in ASSUMED:
        if decider.spec.get("sampling", "tail") or decider.spec.get(*path, key) is not None:
            decider.take((*path, key), getattr(traffic, key), "assumed")
    return traffic


def _health_reason(image: str) -> str:
    return "an image may have no such path: its port is probed" if image else "what generated services answer"


def _framework(decider: Decider, path: Path, language: LanguagePack) -> str:
    if not language.frameworks:
        return ""
    return decider.take((*path, "framework"), language.frameworks[0], f"the first of {language.title}")


def _resources(decider: Decider, path: Path, image: str, language: LanguagePack) -> Resources | None:
    if image and decider.spec.get(*path, "resources") is None:
        decider.record(f"{dotted(path)}.resources", "no limit", "tracegen does not know what this image needs")
        return None
    cpu = decider.take((*path, "resources", "cpu"), 0.5, "the default")
    needed = language.example.memory if language.example else "256Mi"
    memory = decider.take((*path, "resources", "memory"), needed, "the default")
    return Resources(float(cpu), size_in_bytes(memory))


def _callees(spec: Spec, calls: list[str]) -> dict[str, Text]:
    return {
        url_variable(callee): text(f"http://{callee}:{spec.services[callee].get('port', 8080)}") for callee in calls
    }


def _tag(image: str) -> str:
    return image.split("@")[0].rsplit("/", 1)[-1].partition(":")[2]
