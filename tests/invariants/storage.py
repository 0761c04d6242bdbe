"""Files and volumes of compose.yaml."""

from collections import defaultdict
from collections.abc import Iterator

from invariants._system import Draft, Finding, System, bind_sources, is_job, leaves, volumes_of

#: Below these lie secrets and certificates in containers.
_SECRET_FOLDERS = ("/run/secrets/", "/etc/tracegen/")


def check_mounted_files_are_rendered(system: System) -> Iterator[Finding]:
    """Each mounted file is rendered, or a file that the spec names; and is mounted read-only."""
    named = {each.removeprefix("./") for each in system.texts_said}
    for name, container in system.containers.items():
        for path in bind_sources(container):
            if path not in system.tree and path not in named and f"{path}/sampling.json" not in system.tree:
                yield "compose.yaml", f"{name} mounts {path}, which is not there"
        for mount in container.get("volumes", []):
            if mount["type"] == "bind" and mount.get("read_only") is not True:
                yield "compose.yaml", f"{name} may write {mount['source']}"
            if mount["type"] == "bind" and mount.get("bind", {}).get("create_host_path") is not False:
                yield "compose.yaml", f"{name}: a missing {mount['source']} would become a folder"


def break_mounted_files_are_rendered(draft: Draft) -> None:
    del draft.texts["jaeger/config.yaml"]


def break_mounted_files_are_rendered__writable(draft: Draft) -> None:
    draft.container("jaeger")["volumes"][0]["read_only"] = False


def break_mounted_files_are_rendered__folder(draft: Draft) -> None:
    del draft.container("jaeger")["volumes"][0]["bind"]


def check_environment_files_are_rendered(system: System) -> Iterator[Finding]:
    """Each env_file is rendered, and each service of the spec that runs has its own."""
    for name, container in system.containers.items():
        files = [path.removeprefix("./") for path in container.get("env_file", [])]
        yield from (
            ("compose.yaml", f"{name} reads {path}, which is not there") for path in files if path not in system.tree
        )
        if system.get("services", name) and f"services/{name}/otel.env" not in files:
            yield "compose.yaml", f"{name} does not read its otel.env"


def break_environment_files_are_rendered(draft: Draft) -> None:
    del draft.texts["services/api/otel.env"]


def break_environment_files_are_rendered__other(draft: Draft) -> None:
    draft.container("api")["env_file"] = ["./services/web/otel.env"]


def check_rendered_configurations_are_mounted(system: System) -> Iterator[Finding]:
    """Each rendered configuration is mounted into a container, or is a PrometheusRule: none is written for nobody."""
    monitors = system.get("kubernetes", "monitors")
    for path in system.tree if system.compose else ():
        if monitors and path.endswith(".rules.yaml"):
            continue
        if path.startswith(("collector/", "jaeger/", "tempo/", "prometheus/")) and not system.containers_with(path):
            yield path, "no container mounts it"


def break_rendered_configurations_are_mounted(draft: Draft) -> None:
    draft.texts["collector/agent.yaml"] = draft.texts["collector/gateway.yaml"]


def check_secrets_are_declared(system: System) -> Iterator[Finding]:
    """The secrets that containers mount are those that are declared, and files among them are the spec's."""
    declared = system.compose.get("secrets", {})
    mounted = {each["source"] for container in system.containers.values() for each in container.get("secrets", [])}
    for name in sorted(mounted ^ set(declared)):
        yield "compose.yaml", f"secret {name} is {'mounted' if name in mounted else 'declared'} only"
    for name, each in declared.items():
        if "file" in each and each["file"].removeprefix("./") not in {
            path.removeprefix("./") for path in system.texts_said
        }:
            yield "compose.yaml", f"secret {name} is the file {each['file']}, which the spec does not name"


def break_secrets_are_declared(draft: Draft) -> None:
    draft.container("jaeger")["secrets"] = [{"source": "token", "target": "/token"}]


def break_secrets_are_declared__needless(draft: Draft) -> None:
    draft["compose.yaml"]["secrets"] = {"token": {"file": "./token"}}


def break_secrets_are_declared__file(draft: Draft) -> None:
    draft["compose.yaml"]["secrets"] = {"token": {"file": "./token"}}
    draft.container("jaeger")["secrets"] = [{"source": "token", "target": "/token"}]


def check_files_that_are_named_are_mounted(system: System) -> Iterator[Finding]:
    """A path of a secret or certificate in an environment or configuration is mounted into that container."""
    for name, container in system.containers.items():
        targets = {each["target"] for each in container.get("secrets", [])}
        texts: list[object] = list(system.environment(name).values())
        for path in bind_sources(container):
            texts += [text for _, text in leaves(system.data(path))] if path in system.yaml_files else []
        for text in sorted({str(each) for each in texts} - targets):
            if text.startswith(_SECRET_FOLDERS):
                yield "compose.yaml", f"{name} is told of {text}, which is not mounted"


def break_files_that_are_named_are_mounted(draft: Draft) -> None:
    draft.container("api")["environment"]["CA"] = "/run/secrets/ca.pem"


def break_files_that_are_named_are_mounted__configuration(draft: Draft) -> None:
    draft["jaeger/config.yaml"]["exporters"]["jaeger_storage_exporter"]["ca_file"] = "/etc/tracegen/tls/ca.crt"


def check_volumes_are_declared(system: System) -> Iterator[Finding]:
    """The named volumes that containers mount are those that are declared."""
    mounted = {each["source"] for container in system.containers.values() for each in volumes_of(container)}
    for name in sorted(mounted ^ set(system.compose.get("volumes", {}))):
        yield "compose.yaml", f"volume {name} is {'mounted' if name in mounted else 'declared'} only"


def break_volumes_are_declared(draft: Draft) -> None:
    del draft["compose.yaml"]["volumes"]["jaeger-badger"]


def break_volumes_are_declared__needless(draft: Draft) -> None:
    draft["compose.yaml"]["volumes"]["needless"] = {}


def check_processes_share_no_volume(system: System) -> Iterator[Finding]:
    """A volume belongs to one process: two on one folder spoil it, and a second collector exits."""
    users = defaultdict(list)
    for name, container in system.containers.items():
        for volume in [] if is_job(container) else volumes_of(container):
            users[volume["source"]].append(name)
            if container.get("deploy", {}).get("replicas", 1) > 1:
                yield "compose.yaml", f"the replicas of {name} share the volume {volume['source']}"
    for volume, names in users.items():
        if len(names) > 1:
            yield "compose.yaml", f"{' and '.join(names)} share the volume {volume}"


def break_processes_share_no_volume(draft: Draft) -> None:
    draft.container("otel-gateway-2")["volumes"] = draft.container("otel-gateway")["volumes"]


def break_processes_share_no_volume__replicas(draft: Draft) -> None:
    draft.container("jaeger")["deploy"]["replicas"] = 2


def check_volumes_are_handed_over(system: System) -> Iterator[Finding]:
    """A new volume is root's: who writes one waits for the job that hands it over to its user."""
    for name, container in system.platform.items():
        mounted = [] if is_job(container) else [each["source"] for each in volumes_of(container)]
        user = str(container.get("user", "")).partition(":")[0]
        waits = container.get("depends_on", {})
        for volume in mounted if user != "0" else ():
            if not any(_hands_over(system, job, volume, user) for job in waits):
                yield "compose.yaml", f"nobody hands the volume {volume} to user {user}, who {name} is"


def break_volumes_are_handed_over(draft: Draft) -> None:
    del draft.container("jaeger")["depends_on"]["volume-owner"]


def break_volumes_are_handed_over__other_user(draft: Draft) -> None:
    draft.container("jaeger")["user"] = "10002:10002"


def _hands_over(system: System, job: str, volume: str, user: str) -> bool:
    container = system.containers.get(job, {})
    mounted = {each["source"]: each["target"] for each in volumes_of(container)}
    words = " ".join(str(each) for each in container.get("command", []))
    return volume in mounted and f"chown {user}:{user} {mounted[volume]}" in words
