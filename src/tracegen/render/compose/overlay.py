"""For services that run elsewhere (`deploy: false`): an override of their own Compose files that adds tracing alone.

Variables come as an `env_file`, over which the service's own `environment` wins; only those that hold a secret stand
under `environment`. A service that names no network is in `default` as long as no file names one for it, so that is
named beside the one that leads to tracing. https://docs.docker.com/reference/compose-file/merge/
"""

import posixpath
from collections.abc import Iterator

from tracegen.emit import Commented, Value
from tracegen.parts.certificates import CA_PATH
from tracegen.parts.services import environment_path
from tracegen.render.compose.container import environment
from tracegen.system import Component, Service, System
from tracegen.system.file import Structured

PATH = "compose.overlay.yaml"

#: The network of tracing, as your Compose file knows it; its real name is the project's.
_NETWORK = "tracegen"

_HEAD = (
    "Adds tracing to services that your own Compose files run, and changes nothing else of them:\n"
    "  docker compose --file compose.yaml --file {path} up --detach\n"
    "Paths begin in the folder of your first file, as Compose has it (`compose.folder` in tracegen.yaml).{network}"
)
_OF_NETWORK = (
    "\nStart what this folder has first, with `docker compose up --detach` here: the network {name} is made then."
)
_REPLACED = "In place of its own of the same names, for they hold secrets."


def overlays(system: System) -> Iterator[Structured]:
    """compose.overlay.yaml, where there are services that tracegen does not run."""
    services = {
        (service.compose.service or name): _service(service, component, system)
        for name, component in system.elsewhere.items()
        for service in [system.services[name]]
    }
    if not services:
        return
    value: dict[str, Value] = {"services": services}
    joined = any(_joins(system.services[name], each, system) for name, each in system.elsewhere.items())
    name = f"{system.project}_default"
    if joined:
        value["networks"] = {_NETWORK: {"name": name, "external": True}}
    path = posixpath.normpath(posixpath.join(_folder(system), PATH))
    head = _HEAD.format(path=path, network=_OF_NETWORK.format(name=name) if joined else "")
    yield Structured(PATH, value, head, "compose")


def _folder(system: System) -> str:
    """Where this tree lies, as seen from the team's own file."""
    below = f"env/{system.environment}" if system.environment else ""
    return posixpath.join(system.exposure.folder, below)


def _seen(path: str, system: System) -> str:
    """A path of this tree in a form that Compose takes for a path and not for a name."""
    seen = posixpath.normpath(posixpath.join(_folder(system), path))
    return seen if seen.startswith(("../", "/")) else f"./{seen}"


def _service(service: Service, component: Component, system: System) -> Value:
    parts: dict[str, Value] = {"env_file": [_seen(environment_path(service), system)]}
    own = environment(component)
    if own:
        parts["environment"] = Commented(own["environment"], _REPLACED)
    if service.ca is not None and service.ca.file:
        source = _seen(service.ca.file, system)
        parts["volumes"] = [{"type": "bind", "source": source, "target": CA_PATH, "read_only": True}]
    if _joins(service, component, system):
        stays: dict[str, Value] = {"default": {}} if "default" in service.compose.networks else {}
        parts["networks"] = {**stays, _NETWORK: {}}
    return parts


def _joins(service: Service, component: Component, system: System) -> bool:
    """Whether what takes its spans is in the network of this project, and it can join that."""
    running = {unit.component.name for unit in system.compose.units}
    leads_there = any(call.host in running for call in component.calls if call.host not in service.calls)
    return bool(service.compose.networks) and leads_there
