"""How containers of compose.yaml run: health, order, limits, and the end."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from invariants._system import Draft, Finding, System, is_job, is_loop, repository_of, volumes_of

#: What an image has inside that a health check can use, with the place where that was seen.
PROGRAMS = {
    "apache/kafka": {"nc", "sh"},  # docker/jvm/Dockerfile: Alpine base
    "chrislusf/seaweedfs": {"wget", "sh"},  # docker/Dockerfile.go_build: Alpine base
    "docker.elastic.co/elasticsearch/elasticsearch": {"curl"},  # distribution/docker: curl is installed
    "ghcr.io/jaegertracing/spark-dependencies/spark-dependencies": {"sh"},  # Dockerfile: a JRE on Ubuntu
    "grafana/tempo": {"/tempo"},  # cmd/tempo/Dockerfile: distroless
    "prom/prometheus": {"wget"},  # its Dockerfile: busybox base
    "opensearchproject/opensearch": {"curl"},  # opensearch-build, docker/release/dockerfiles: curl is installed
    "busybox": {"sh", "wget", "nc"},  # the image is busybox
    "cassandra": {"cqlsh", "sh"},  # docker-library/cassandra, 5.0/Dockerfile
    "clickhouse/clickhouse-server": {"clickhouse-client", "wget", "bash"},  # docker/server/Dockerfile.ubuntu
    "jaegertracing/jaeger-es-index-cleaner": {"sh"},  # cmd/es-index-cleaner/Dockerfile: Alpine base
    "jaegertracing/jaeger": {"wget"},  # cmd/jaeger/Dockerfile: Alpine base
    "otel/opentelemetry-collector-contrib": {"/otelcol-contrib"},  # its Dockerfile: from scratch, no shell
}

_CONDITIONS = ("service_healthy", "service_completed_successfully")


def check_health_is_checked(system: System) -> Iterator[Finding]:
    """Each container that does not end by itself has a health check, with all its times."""
    for name, container in system.own_containers.items():
        health = container.get("healthcheck", {})
        wanted = ("test", "interval", "timeout", "retries", "start_period")
        missing = [key for key in wanted if not health.get(key)]
        if missing and not is_job(container) and not is_loop(container):
            yield "compose.yaml", f"{name}: the health check has no {', '.join(missing)}"


def break_health_is_checked(draft: Draft) -> None:
    del draft.container("jaeger")["healthcheck"]


def break_health_is_checked__times(draft: Draft) -> None:
    del draft.container("jaeger")["healthcheck"]["start_period"]


def check_health_uses_what_the_image_has(system: System) -> Iterator[Finding]:
    """A health check runs a program that its image has, without a shell where the image has none."""
    for name, container in system.containers.items():
        test = container.get("healthcheck", {}).get("test")
        if test is None:
            continue
        if "build" in container:
            yield from _as_in_the_dockerfile(system, name, container, test)
            continue
        programs = next((has for image, has in PROGRAMS.items() if _is_of(container["image"], image)), None)
        if programs is None:
            yield "compose.yaml", f"{name}: it is not known what {container['image']} has inside"
        elif test[0] != "CMD" or test[1] not in programs:
            yield "compose.yaml", f"{name}: the health check {test} needs more than {sorted(programs)}"


def _as_in_the_dockerfile(system: System, name: str, container: Any, test: list[str]) -> Iterator[Finding]:
    """What is built says in its own Dockerfile how it is asked, and the tests of stubs run what is in it."""
    path = f"{container['build']['context'].removeprefix('./')}/Dockerfile"
    words = [word.replace("$$", "$") for word in test[1:]]
    command = words[2] if words[:2] == ["sh", "-c"] else json.dumps(words)
    if f"CMD {command}\n" not in system.tree.get(path, ""):
        yield "compose.yaml", f"{name}: the health check {test} is not that of {path}"


def break_health_uses_what_the_image_has__built(draft: Draft) -> None:
    draft.container("api")["healthcheck"]["test"] = ["CMD", "curl", "http://127.0.0.1:8080/healthz"]


def break_health_uses_what_the_image_has(draft: Draft) -> None:
    draft.container("otel-gateway")["healthcheck"]["test"] = ["CMD", "wget", "--spider", "http://127.0.0.1:13133"]


def break_health_uses_what_the_image_has__shell(draft: Draft) -> None:
    draft.container("otel-gateway")["healthcheck"]["test"] = ["CMD-SHELL", "true"]


def break_health_uses_what_the_image_has__unknown_image(draft: Draft) -> None:
    draft.container("jaeger")["image"] = "example/other:1.0"


def check_health_asks_the_process_itself(system: System) -> Iterator[Finding]:
    """A health check that asks over HTTP asks its own container, at a port that is listened on."""
    for name, container in system.own_containers.items():
        ports = _ports(system, name)
        for word in container.get("healthcheck", {}).get("test", []):
            url = urlsplit(word) if word.startswith("http") else None
            if url and (url.hostname not in ("127.0.0.1", "localhost") or url.port not in ports):
                yield "compose.yaml", f"{name}: the health check asks {word}, and it listens on {sorted(ports)}"


def break_health_asks_the_process_itself(draft: Draft) -> None:
    draft.container("jaeger")["healthcheck"]["test"][-1] = "http://127.0.0.1:14269/status"


def check_waits_are_for_health_or_completion(system: System) -> Iterator[Finding]:
    """depends_on waits for a service that is there: until it is healthy, or a job until it is done."""
    for name, container in system.containers.items():
        for other, wait in container.get("depends_on", {}).items():
            target = system.containers.get(other)
            if target is None:
                yield "compose.yaml", f"{name} waits for {other}, which is not there"
            elif wait.get("condition") not in _CONDITIONS:
                yield "compose.yaml", f"{name} waits for {other} to be {wait.get('condition')}"
            elif (wait["condition"] == _CONDITIONS[1]) is not is_job(target):
                yield "compose.yaml", f"{name} waits for {other} to be {wait['condition']}, and it is no such thing"
            elif not is_job(target) and not target.get("healthcheck"):
                yield "compose.yaml", f"{name} waits for {other} to be healthy, and its health is not checked"


def break_waits_are_for_health_or_completion__started(draft: Draft) -> None:
    draft.container("jaeger")["depends_on"]["volume-owner"]["condition"] = "service_started"


def break_waits_are_for_health_or_completion__absent(draft: Draft) -> None:
    draft.container("jaeger")["depends_on"]["opensearch"] = {"condition": "service_healthy"}


def break_waits_are_for_health_or_completion__no_check(draft: Draft) -> None:
    draft.container("jaeger")["depends_on"]["web"] = {"condition": "service_healthy"}


def break_waits_are_for_health_or_completion__no_job(draft: Draft) -> None:
    draft.container("otel-gateway")["depends_on"]["jaeger"] = {"condition": "service_completed_successfully"}


def check_nobody_waits_for_itself(system: System) -> Iterator[Finding]:
    """depends_on has no cycle."""
    for name in system.containers:
        if name in _waited_for(system, name):
            yield "compose.yaml", f"{name} waits for itself"


def break_nobody_waits_for_itself(draft: Draft) -> None:
    draft.container("jaeger")["depends_on"] = {"otel-gateway": {"condition": "service_healthy"}}
    draft.container("otel-gateway")["depends_on"] = {"jaeger": {"condition": "service_healthy"}}


def check_nobody_waits_for_tracing(system: System) -> Iterator[Finding]:
    """A service of the spec waits for nothing that tracing owns, and a collector for no backend: it has a queue."""
    for name, container in system.containers.items():
        waits = [each for each in container.get("depends_on", {}) if not is_job(system.containers.get(each, {}))]
        if system.get("services", name) and container.get("depends_on"):
            yield "compose.yaml", f"{name} waits for {', '.join(container['depends_on'])}"
        elif name.startswith("otel-") and waits:
            yield "compose.yaml", f"{name} waits for {', '.join(waits)}"


def break_nobody_waits_for_tracing(draft: Draft) -> None:
    draft.container("api")["depends_on"] = {"otel-gateway": {"condition": "service_healthy"}}


def break_nobody_waits_for_tracing__collector(draft: Draft) -> None:
    draft.container("otel-gateway-2")["depends_on"]["jaeger"] = {"condition": "service_healthy"}


def check_a_changed_file_changes_its_containers(system: System) -> Iterator[Finding]:
    """What is mounted is in a label of the container: else `docker compose up` would leave the old one running."""
    for name, container in system.containers.items():
        digest = sha256()
        mounts = system.components[system.component_of(name)].files if name != "volume-owner" else ()
        for mount in mounts:
            digest.update(f"{mount.source}\0{system.tree[mount.source]}\0".encode())
        if mounts and container.get("labels", {}).get("tracegen.mounted") != digest.hexdigest()[:16]:
            yield "compose.yaml", f"{name}: its label is not that of {', '.join(each.source for each in mounts)}"


def break_a_changed_file_changes_its_containers(draft: Draft) -> None:
    draft.texts["collector/gateway.yaml"] += "# more\n"


def break_a_changed_file_changes_its_containers__no_label(draft: Draft) -> None:
    del draft.container("jaeger")["labels"]


def check_what_is_built_is_built_anew(system: System) -> Iterator[Finding]:
    """What is built from a folder of the output is built at each `up`, which sees no change in it otherwise."""
    for name, container in system.containers.items():
        if "build" in container and container.get("pull_policy") != "build":
            yield "compose.yaml", f"{name} stays as it was first built"


def break_what_is_built_is_built_anew(draft: Draft) -> None:
    del draft.container("api")["pull_policy"]


def check_logs_are_bounded(system: System) -> Iterator[Finding]:
    """Logs of what tracegen runs go to a driver that Docker and Podman have, and do not fill the disk."""
    for name, container in system.own_containers.items():
        logging = container.get("logging", {})
        if logging.get("driver") != "json-file" or not {"max-size", "max-file"} <= logging.get("options", {}).keys():
            yield "compose.yaml", f"{name} logs to {logging}"


def break_logs_are_bounded(draft: Draft) -> None:
    draft.container("jaeger")["logging"]["driver"] = "local"


def break_logs_are_bounded__no_end(draft: Draft) -> None:
    del draft.container("jaeger")["logging"]["options"]["max-file"]


def check_the_project_is_that_of_its_environment(system: System) -> Iterator[Finding]:
    """Two environments share no Compose project, hence no volume and no container."""
    wanted = "-".join(filter(None, (str(system.get("name")), system.said_for)))
    if system.compose and system.compose["name"] != wanted:
        yield "compose.yaml", f"the project is {system.compose['name']}, and {wanted} is meant"


def break_the_project_is_that_of_its_environment(draft: Draft) -> None:
    draft["compose.yaml"]["name"] = "shop-prod"


def check_resources_are_limited(system: System) -> Iterator[Finding]:
    """Each container of ours has a limit of memory and of cores."""
    for name, container in system.own_containers.items():
        limits = container.get("deploy", {}).get("resources", {}).get("limits", {})
        for key in ("cpus", "memory"):
            if not limits.get(key):
                yield "compose.yaml", f"{name} has no limit of {key}"


def break_resources_are_limited(draft: Draft) -> None:
    del draft.container("jaeger")["deploy"]["resources"]["limits"]["memory"]


def check_there_is_time_to_stop(system: System) -> Iterator[Finding]:
    """What runs for good says how long it may take to stop, and starts again when it dies."""
    for name, container in system.platform.items():
        if not is_job(container) and not container.get("stop_grace_period"):
            yield "compose.yaml", f"{name} has no stop_grace_period"
        if not is_job(container) and container.get("restart") != "unless-stopped":
            yield "compose.yaml", f"{name} does not start again"


def break_there_is_time_to_stop(draft: Draft) -> None:
    del draft.container("otel-gateway-2")["stop_grace_period"]


def break_there_is_time_to_stop__no_restart(draft: Draft) -> None:
    del draft.container("otel-gateway-2")["restart"]


def check_each_component_runs(system: System) -> Iterator[Finding]:
    """Each component is a service of its name; replicas that are services of their own are numbered from 2."""
    if not system.compose:
        return
    for name, component in system.components.items():
        replicas = system.containers.get(name, {}).get("deploy", {}).get("replicas", 1)
        numbered = [f"{name}-{number}" for number in range(2, component.replicas + 1)] if replicas == 1 else []
        missing = [each for each in (name, *numbered) if each not in system.containers]
        if missing or (replicas > 1 and replicas != component.replicas):
            yield "compose.yaml", f"{name}: {component.replicas} are meant, and {missing or replicas} is wrong"


def break_each_component_runs(draft: Draft) -> None:
    del draft["compose.yaml"]["services"]["otel-gateway-2"]


def break_each_component_runs__renamed(draft: Draft) -> None:
    services = draft["compose.yaml"]["services"]
    services["otel-gateway-1"] = services.pop("otel-gateway")


def check_the_first_replica_keeps_its_volume(system: System) -> Iterator[Finding]:
    """The first of several has the volumes that a single one has, so that more strand nothing."""
    for name, component in system.components.items():
        found = [each["source"] for each in volumes_of(system.containers.get(name, {}))]
        if system.compose and found != [each.name for each in component.volumes]:
            yield "compose.yaml", f"{name} has the volumes {found}"


def break_the_first_replica_keeps_its_volume(draft: Draft) -> None:
    (volume,) = (each for each in draft.container("otel-gateway")["volumes"] if each["type"] == "volume")
    volume["source"] = "otel-gateway-queue-1"


def _is_of(image: str, repository: str) -> bool:
    found = repository_of(image)
    return found == repository or found.endswith(f"/{repository}")


def _ports(system: System, container: str) -> set[int]:
    component = system.components.get(system.component_of(container))
    return {port.number for port in component.ports} if component else set()


def _waited_for(system: System, name: str) -> set[str]:
    seen: set[str] = set()
    waiting: list[Any] = list(system.containers[name].get("depends_on", {}))
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            waiting.extend(system.containers.get(other, {}).get("depends_on", {}))
    return seen
