"""One unit as a service of compose.yaml."""

from collections.abc import Mapping
from hashlib import sha256

from tracegen.emit import Commented, Value, compose_escape
from tracegen.parts.services import secret_path
from tracegen.render.compose.secrets import are_copied, secret_mounts
from tracegen.render.text import text_of
from tracegen.system import (
    DEFAULT_NETWORK,
    Component,
    FileMount,
    Health,
    Port,
    Resources,
    Secret,
    System,
    Text,
    Unit,
    Wait,
)
from tracegen.system.file import PlannedFile
from tracegen.system.units import mebibytes

#: The label whose value changes with the files that are mounted.
_MOUNTED = "tracegen.mounted"

#: Touched by a job that comes again, each time that it succeeded.
_DONE = "/tmp/done"

_CONDITIONS = {Wait.HEALTHY: "service_healthy", Wait.COMPLETED: "service_completed_successfully"}


def container(unit: Unit, system: System, files: Mapping[str, PlannedFile]) -> Value:
    """The service, keys in the order in which people read them; `files` are the output's others."""
    component = unit.component
    parts: dict[str, Value] = {"image": component.image}
    if component.build:
        parts["build"] = {"context": component.build if component.build.startswith("../") else f"./{component.build}"}
        parts["pull_policy"] = Commented("build", "What changed in that folder is in the container after each `up`.")
    parts |= _command(component)
    parts |= environment_file(component) | environment(component)
    parts |= _network(unit, system)
    parts |= _mounts(unit) | _label(component, files)
    parts |= secret_mounts(component)
    health = _last_run(component) if component.every else component.health
    if health and health.command:
        parts["healthcheck"] = _healthcheck(health)
    parts |= _needs(unit)
    parts |= _limits(unit)
    parts |= _security(component)
    return parts


def _command(component: Component) -> dict[str, Value]:
    """Compose has no schedule: a job that comes again is a loop around its own program."""
    entrypoint, args = component.entrypoint, component.args
    if component.every:
        loop = f'while :; do "$@" && touch {_DONE}; sleep {component.every}; done'
        entrypoint, args = ("sh", "-c", loop, "job"), (*entrypoint, *args)
    parts: dict[str, Value] = {}
    if entrypoint:
        parts["entrypoint"] = [compose_escape(each) for each in entrypoint]
    if args:
        parts["command"] = [compose_escape(each) for each in args]
    return parts


def environment_file(component: Component) -> dict[str, Value]:
    """`env_file`, when the component has one."""
    return {"env_file": [f"./{component.environment_file}"]} if component.environment_file else {}


def environment(component: Component) -> dict[str, Value]:
    """`environment`: what stands in no file, secrets as variables of the host."""
    if not component.environment:
        return {}
    return {"environment": {name: _text(value) for name, value in component.environment.items()}}


def _text(value: Text) -> str:
    return "".join(_variable(part) if isinstance(part, Secret) else compose_escape(part) for part in value)


def _variable(secret: Secret) -> str:
    if secret.file:
        return secret_path(secret)
    return f"${{{secret.variable}:?see .env.example}}"


def _network(unit: Unit, system: System) -> dict[str, Value]:
    parts: dict[str, Value] = {}
    if unit.hostname:
        why = "Ends in the number of the replica: whoever owns partitions knows its own by that."
        parts["hostname"] = Commented(unit.hostname, why)
    if unit.aliases or unit.networks != (DEFAULT_NETWORK,):
        aliases: Value = {"aliases": list(unit.aliases)} if unit.aliases else {}
        parts["networks"] = dict.fromkeys(unit.networks, aliases)
    if unit.ports:
        parts["ports"] = _ports(unit, system)
    return parts


def _ports(unit: Unit, system: System) -> Value:
    bind = system.exposure.bind
    address = f"[{bind}]" if ":" in bind else bind
    chosen = unit.chosen
    hosts = ["" if each.number in chosen else unit.hosts.get(each.number, each.number) for each in unit.ports]
    ports = [f"{address}:{host}:{_inside(each)}" for host, each in zip(hosts, unit.ports, strict=True)]
    first = next((port.number for port in unit.ports if port.number in chosen), None)
    if first is None:
        return ports
    return Commented(ports, f"The engine chooses a free one; `docker compose port {unit.name} {first}` tells which.")


def _inside(port: Port) -> str:
    return f"{port.number}" if port.protocol == "tcp" else f"{port.number}/{port.protocol}"


def _label(component: Component, files: Mapping[str, PlannedFile]) -> dict[str, Value]:
    """Compose starts a container anew when its own lines change, and does not look into what is mounted."""
    if not component.files:
        return {}
    digest = sha256()
    for mount in component.files:
        digest.update(f"{mount.source}\0{text_of(files[mount.source])}\0".encode())
    return {"labels": {_MOUNTED: digest.hexdigest()[:16]}}


def _mounts(unit: Unit) -> dict[str, Value]:
    mounts: list[Value] = [_bind(mount) for mount in unit.component.files]
    mounts += [{"type": "volume", "source": each.name, "target": each.path} for each in unit.volumes]
    parts: dict[str, Value] = {"volumes": mounts} if mounts else {}
    if unit.component.writable:
        parts["tmpfs"] = list(unit.component.writable)
    return parts


def _bind(mount: FileMount) -> Value:
    """A file alone would stay the one that it was: what is read again while it runs is mounted with its folder."""
    source, target = mount.source, mount.target
    bind: Value = {
        "type": "bind",
        "source": f"./{source.rpartition('/')[0] if mount.live else source}",
        "target": target.rpartition("/")[0] if mount.live else target,
        "read_only": True,
        "bind": {"create_host_path": False},
    }
    why = "The folder, not the file alone: a render puts another file in its place, and that has to be seen."
    return Commented(bind, why) if mount.live else bind


def _healthcheck(health: Health) -> Value:
    return {
        "test": ["CMD", *(compose_escape(each) for each in health.command)],
        "interval": f"{health.interval}s",
        "timeout": f"{health.timeout}s",
        "retries": health.retries,
        "start_period": f"{health.start_period}s",
        "start_interval": f"{health.start_interval}s",
    }


def _last_run(component: Component) -> Health:
    """A job that comes again is healthy as long as one of its last two runs succeeded."""
    minutes = 2 * component.every // 60
    script = f'test -n "$(find {_DONE} -mmin -{minutes})"'
    return Health(command=("sh", "-c", script), port=0, path="", start_period=300)


def _needs(unit: Unit) -> dict[str, Value]:
    if not unit.needs:
        return {}
    return {"depends_on": {name: {"condition": _CONDITIONS[wait]} for name, wait in unit.needs.items()}}


def _limits(unit: Unit) -> dict[str, Value]:
    deploy: dict[str, Value] = {}
    if unit.replicas > 1:
        deploy["replicas"] = unit.replicas
    if unit.component.resources:
        deploy["resources"] = {"limits": _resources(unit.component.resources)}
    parts: dict[str, Value] = {"deploy": deploy} if deploy else {}
    runs_once = unit.component.job and not unit.component.every
    parts["restart"] = "on-failure" if runs_once else "unless-stopped"
    if not runs_once and unit.component.platform:
        parts["stop_grace_period"] = f"{unit.component.grace}s"
    if unit.component.user is not None:
        parts["logging"] = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
    return parts


def _resources(resources: Resources) -> Value:
    return {"cpus": f"{resources.cpu:g}", "memory": f"{mebibytes(resources.memory)}M"}


def _read_only(component: Component) -> Value:
    if component.read_only and are_copied(component):
        return Commented(False, "Compose copies a secret from a variable into the container.")
    return component.read_only or Commented(False, component.why_writable)


def _security(component: Component) -> dict[str, Value]:
    """Nothing for images that tracegen knows nothing of: it might break them."""
    if component.user is None:
        return {}
    user: Value = f"{component.user}:{component.user}"
    if component.user == 0:
        user = Commented(user, "Root, with this one capability, because only root may change an owner.")
    parts: dict[str, Value] = {"user": user, "read_only": _read_only(component), "cap_drop": ["ALL"]}
    if component.capabilities:
        parts["cap_add"] = list(component.capabilities)
    parts["security_opt"] = ["no-new-privileges:true"]
    return parts
