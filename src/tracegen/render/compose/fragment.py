"""For services that run elsewhere (`deploy: false`): a fragment that their own compose file extends."""

from tracegen.emit import Value
from tracegen.parts.certificates import CA_PATH
from tracegen.parts.services import environment_path
from tracegen.render.compose.container import environment
from tracegen.system import Component, Service, System
from tracegen.system.file import Structured

_HEAD = (
    "What tracing needs of {name}, which runs elsewhere. In its own compose file:\n"
    "  services: {{{name}: {{extends: {{file: <path to this file>, service: {name}}}}}}}\n"
    "It reaches the collector in the network {network}: join that, declared there as external."
)


def fragments(system: System) -> list[Structured]:
    """services/<name>/compose.yaml of every service that tracegen does not run."""
    return [_fragment(system.services[name], each, system) for name, each in system.elsewhere.items()]


def _fragment(service: Service, component: Component, system: System) -> Structured:
    parts: dict[str, Value] = {"env_file": ["./otel.env"]}
    parts |= environment(component) | _authority(service)
    path = environment_path(service).replace("otel.env", "compose.yaml")
    head = _HEAD.format(name=service.name, network=f"{system.project}_default")
    return Structured(path, {"services": {service.name: parts}}, head, "compose")


def _authority(service: Service) -> dict[str, Value]:
    """What it verifies the collector with; paths of a fragment are relative to the fragment."""
    if service.ca is None or not service.ca.file:
        return {}
    mount: Value = {"type": "bind", "source": f"../../{service.ca.file}", "target": CA_PATH, "read_only": True}
    return {"volumes": [mount]}
