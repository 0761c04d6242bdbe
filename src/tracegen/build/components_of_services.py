"""The components of the services that tracegen runs."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue, ExampleImage
from tracegen.parts.certificates import CA_PATH
from tracegen.parts.collectors import receiver_ports
from tracegen.parts.services import environment_path, portable, secret_path
from tracegen.system import (
    SAMPLING_PORTS,
    Call,
    Component,
    Health,
    Model,
    Port,
    Secret,
    SecretMount,
    Service,
    Text,
    Wait,
)


def service_components(model: Model, packs: Catalogue) -> Iterator[Component]:
    """One component for each service with `deploy: true`."""
    for service in model.services.values():
        if service.deploy:
            yield service_component(service, model, packs)


def service_component(service: Service, model: Model, packs: Catalogue) -> Component:
    """The component that a service is, or would be if tracegen ran it."""
    example = packs.languages[service.language].example
    if service.build and example:
        return _example(service, model, example)
    return _with_image(service, model)


def _with_image(service: Service, model: Model) -> Component:
    health = Health(command=(), port=service.port, path=service.health)
    return _component(service, model, service.image, "A service of yours.", health=health, read_only=False, user=None)


def _example(service: Service, model: Model, example: ExampleImage) -> Component:
    return _component(
        service,
        model,
        service.image,
        "The example service, until this one has an image.",
        build=service.build,
        health=Health(command=example.health, port=service.port, path=service.health),
        user=example.user,
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


def _calls(service: Service, model: Model) -> Iterator[Call]:
    """Callees, and where spans go: every port of a first tier, for clients that have not moved too."""
    yield from (Call(callee, model.services[callee].port) for callee in service.calls)
    if service.sampler.remote and model.strategies:
        yield from (Call(model.strategies.host, port) for port in SAMPLING_PORTS.values())
    if model.tiers:
        tier = model.tiers[0]
        yield from (Call(tier.component, port.number) for port in receiver_ports(tier, model))
    else:
        yield Call(model.entrance.host, model.entrance.port)


def _component(service: Service, model: Model, image: str, why: str, **more: object) -> Component:
    values: dict[str, object] = {
        "name": service.name,
        "image": image,
        "why": why,
        "ports": (Port("http", service.port),),
        "environment": {**_not_in_file(service), **service.own_environment},
        "environment_file": environment_path(service),
        "secret_files": _secret_files(service),
        "resources": service.resources,
        "needs": {model.tiers[0].component: Wait.HEALTHY} if model.tiers else {},
        "calls": tuple(_calls(service, model)),
        "replicas": service.replicas,
        "platform": False,
        **more,
    }
    return Component(**values)  # type: ignore[arg-type]
