"""Components printed for Docker Compose: https://docs.docker.com/reference/compose-file/."""

from tracegen.emit import Commented, Value
from tracegen.render.compose.container import container
from tracegen.render.compose.secrets import secret_sources
from tracegen.system import System, Unit
from tracegen.system.file import Structured

_HEAD = (
    "Docker Compose. Start with `docker compose up --detach --wait`; the variables it needs are in .env.example.\n"
    "Your own changes: compose.override.yaml, or `overrides` in tracegen.yaml."
)


def compose_file(system: System) -> Structured:
    """compose.yaml."""
    running = system.compose.units
    value: dict[str, Value] = {
        "name": system.name,
        "services": {unit.name: Commented(container(unit, system), unit.component.about) for unit in running},
    }
    secrets = secret_sources(unit.component for unit in running)
    if secrets:
        why = "Files are relative to this folder and must be readable by the user of the container."
        value["secrets"] = Commented(secrets, why)
    volumes = _volumes(running)
    if volumes:
        value["volumes"] = volumes
    return Structured("compose.yaml", value, _HEAD, "compose")


def _volumes(running: tuple[Unit, ...]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for unit in running:
        for volume in unit.volumes:
            found.setdefault(volume.name, Commented({}, f"Holds {volume.why}."))
    return found
