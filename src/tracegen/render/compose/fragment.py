"""For services that run elsewhere (`deploy: false`): a fragment that their own compose file extends."""

from tracegen.assemble.certificates import CA_PATH
from tracegen.assemble.services import environment_path, service_component
from tracegen.catalogue import Catalogue
from tracegen.emit import Value
from tracegen.render.compose.container import environment
from tracegen.system import Model, Service
from tracegen.system.file import Structured

_HEAD = (
    "What tracing needs of {name}, which runs elsewhere. In its own compose file:\n"
    "  services: {{{name}: {{extends: {{file: <path to this file>, service: {name}}}}}}}\n"
    "It reaches the collector in the network {network}: join that, declared there as external."
)


def fragments(model: Model, packs: Catalogue) -> list[Structured]:
    """services/<name>/compose.yaml of every service that tracegen does not run."""
    return [_fragment(service, model, packs) for service in model.services.values() if not service.deploy]


def _fragment(service: Service, model: Model, packs: Catalogue) -> Structured:
    parts: dict[str, Value] = {"env_file": ["./otel.env"]}
    parts |= environment(service_component(service, model, packs)) | _authority(service)
    path = environment_path(service).replace("otel.env", "compose.yaml")
    head = _HEAD.format(name=service.name, network=f"{model.name}_default")
    return Structured(path, {"services": {service.name: parts}}, head, "compose")


def _authority(service: Service) -> dict[str, Value]:
    """What it verifies the collector with; paths of a fragment are relative to the fragment."""
    if service.ca is None or not service.ca.file:
        return {}
    mount: Value = {"type": "bind", "source": f"../../{service.ca.file}", "target": CA_PATH, "read_only": True}
    return {"volumes": [mount]}
