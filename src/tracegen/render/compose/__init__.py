"""Components printed for Docker Compose: https://docs.docker.com/reference/compose-file/."""

from collections.abc import Mapping

from tracegen.emit import Commented, Value
from tracegen.render.compose.container import container
from tracegen.render.compose.secrets import secret_sources
from tracegen.system import INNER_NETWORK, System, Unit
from tracegen.system.file import PlannedFile, Structured

_HEAD = (
    "Docker Compose 2.24 and Docker Engine 25, or newer: older ones have no `start_interval`.\n"
    "Start with `docker compose up --detach --wait`; the variables it needs are in .env.example. The same command\n"
    "applies what a render changed: the labels change with the files that are mounted.\n"
    "Your own changes: compose.override.yaml, or `overrides` in tracegen.yaml."
)
_INNER = "Nothing leads out of it: what is in it asks for no password. Only what needs a store joins."


def compose_file(system: System, files: Mapping[str, PlannedFile]) -> Structured:
    """compose.yaml; `files` are those that containers mount."""
    running = system.compose.units
    value: dict[str, Value] = {
        "name": system.project,
        "services": {unit.name: Commented(container(unit, system, files), unit.component.about) for unit in running},
    }
    secrets = secret_sources(unit.component for unit in running)
    if secrets:
        why = "Files are relative to this folder and must be readable by the user of the container."
        value["secrets"] = Commented(secrets, why)
    if any(INNER_NETWORK in unit.networks for unit in running):
        value["networks"] = {INNER_NETWORK: Commented({"internal": True}, _INNER)}
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
