"""For services that run elsewhere (`deploy: false`): a fragment that their own compose file extends."""

from tracegen.emit import Value
from tracegen.parts.certificates import CA_PATH
from tracegen.parts.services import environment_path
from tracegen.render.compose.container import environment
from tracegen.system import Component, Model, Service
from tracegen.system.file import Structured

_HEAD = (
    "What tracing needs of {name}, which runs elsewhere. In its own compose file:\n"
    "  services: {{{name}: {{extends: {{file: <path to this file>, service: {name}}}}}}}\n"
    "It reaches the collector in the network {network}: join that, declared there as external."
)

#: Not the keys of one service alone: the address of a callee is the callee's.
_KEYS = ("name", "targets", "services", "service_defaults", "security")


def fragments(model: Model) -> list[Structured]:
    """services/<name>/compose.yaml of every service that tracegen does not run."""
    return [_fragment(model.services[name], each, model) for name, each in model.elsewhere.items()]


def _fragment(service: Service, component: Component, model: Model) -> Structured:
    parts: dict[str, Value] = {"env_file": ["./otel.env"]}
    parts |= environment(component) | _authority(service)
    path = environment_path(service).replace("otel.env", "compose.yaml")
    head = _HEAD.format(name=service.name, network=f"{model.name}_default")
    return Structured(path, {"services": {service.name: parts}}, head, "compose", _KEYS)


def _authority(service: Service) -> dict[str, Value]:
    """What it verifies the collector with; paths of a fragment are relative to the fragment."""
    if service.ca is None or not service.ca.file:
        return {}
    mount: Value = {"type": "bind", "source": f"../../{service.ca.file}", "target": CA_PATH, "read_only": True}
    return {"volumes": [mount]}
