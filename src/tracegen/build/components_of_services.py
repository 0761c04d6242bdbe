"""The components of the services that tracegen runs."""

from collections.abc import Iterator
from dataclasses import replace

from tracegen.catalogue import Catalogue, ExampleImage
from tracegen.parts.certificates import CA_PATH
from tracegen.parts.collectors import receiver_ports
from tracegen.parts.services import environment_path, portable, secret_path
from tracegen.system import (
    SAMPLING_PORTS,
    Call,
    Component,
    Design,
    Health,
    Port,
    Publish,
    Secret,
    SecretMount,
    Service,
    Text,
)


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
        ports=(Port("http", service.port),),
        health=Health(command=(), port=service.port, path=service.health),
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
    assert component.health is not None, "every service has a port to be asked"
    # All replicas would have one port of the host: several are reached inside alone.
    door = Publish.ENTRY if service.entry and service.replicas == 1 else None
    return replace(
        component,
        why="The example service, until this one has an image.",
        build=service.build,
        ports=(Port("http", service.port, door),),
        health=replace(component.health, command=example.health),
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
    yield from (Call(callee, design.services[callee].port) for callee in service.calls)
    if service.sampler.remote and design.strategies:
        yield from (Call(design.strategies.host, port) for port in SAMPLING_PORTS.values())
    if design.tiers:
        tier = design.tiers[0]
        yield from (Call(tier.component, port.number) for port in receiver_ports(tier, design))
    else:
        yield Call(design.entrance.host, design.entrance.port)
