"""The environment file of each service, for any way of running it."""

from tracegen.emit import Commented, to_env_file
from tracegen.parts.services import environment_path, portable
from tracegen.system import Service, System
from tracegen.system.file import Written

_HEAD = (
    "OpenTelemetry environment of {name}, for any way of running it: compose and docker run (--env-file), systemd\n"
    "(EnvironmentFile=), or a shell (set -a; . this file)."
)

_COMMENTS = {
    "OTEL_METRICS_EXPORTER": "The backend takes traces only.",
    "OTEL_TRACES_SAMPLER": "Follows the parent's decision; decides itself only where a trace starts.",
}


def environment_files(system: System) -> list[Written]:
    """services/<name>/otel.env of every service."""
    return [_file(service) for service in system.services.values()]


def _file(service: Service) -> Written:
    variables = portable(service.environment)
    left_out = [name for name in service.environment if name not in variables]
    head = _HEAD.format(name=service.name)
    if left_out:
        head += f"\nNot here, because a file cannot hold them safely: {', '.join(left_out)}."
    entries = {
        name: Commented(value, _COMMENTS[name]) if name in _COMMENTS else value for name, value in variables.items()
    }
    return Written(environment_path(service), to_env_file(entries, head), "services")
