"""Configurations of the Collector, and of Jaeger, which is built on it."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from invariants._system import Draft, Finding, System, megabytes, volumes_of

_GATEWAY = "collector/gateway.yaml"
_ROLES = ("receivers", "processors", "exporters")


def check_pipelines_name_what_is_declared(system: System) -> Iterator[Finding]:
    """A pipeline names only declared receivers, processors, exporters and connectors."""
    for path, config in system.collectors.items():
        for role in _ROLES:
            for name in sorted(_used(config, role) - _declared(config, role)):
                yield path, f"a pipeline names {name} among its {role}, and it is not declared"


def break_pipelines_name_what_is_declared(draft: Draft) -> None:
    _pipeline(draft)["processors"].append("batch")


def check_all_that_is_declared_is_used(system: System) -> Iterator[Finding]:
    """Each declared receiver, processor, exporter and connector is in a pipeline."""
    for path, config in system.collectors.items():
        for role in _ROLES:
            for name in sorted(set(config.get(role, {})) - _used(config, role)):
                yield path, f"{name} is declared among the {role}, and no pipeline names it"
        for name in config.get("connectors", {}):
            if name not in _used(config, "exporters") or name not in _used(config, "receivers"):
                yield path, f"connector {name} does not connect two pipelines"


def break_all_that_is_declared_is_used(draft: Draft) -> None:
    draft[_GATEWAY]["receivers"]["zipkin"] = {"endpoint": "0.0.0.0:9411"}


def break_all_that_is_declared_is_used__connector(draft: Draft) -> None:
    draft[_GATEWAY]["connectors"] = {"forward": {}}
    _pipeline(draft)["exporters"].append("forward")


def check_extensions_are_started(system: System) -> Iterator[Finding]:
    """The declared extensions are those that the service starts."""
    for path, config in system.collectors.items():
        declared, started = set(config.get("extensions", {})), set(config["service"].get("extensions", []))
        for name in sorted(declared ^ started):
            yield path, f"extension {name} is {'declared' if name in declared else 'started'} only"


def break_extensions_are_started(draft: Draft) -> None:
    draft[_GATEWAY]["service"]["extensions"].remove("file_storage")


def check_extensions_that_are_named_exist(system: System) -> Iterator[Finding]:
    """A queue's storage and an authenticator are declared extensions, and each of these is used."""
    for path, config in system.collectors.items():
        named = set(_named_extensions({key: each for key, each in config.items() if key != "service"}))
        declared = set(config.get("extensions", {}))
        yield from ((path, f"names the extension {name}, which is not declared") for name in sorted(named - declared))
        for name in sorted(each for each in declared - named if each.startswith(("file_storage", "basicauth"))):
            yield path, f"extension {name} is not used"


def break_extensions_that_are_named_exist(draft: Draft) -> None:
    _exporter(draft)["sending_queue"]["storage"] = "other_storage"


def break_extensions_that_are_named_exist__unused(draft: Draft) -> None:
    del _exporter(draft)["sending_queue"]["storage"]


def check_storages_of_jaeger_exist(system: System) -> Iterator[Finding]:
    """What Jaeger's exporter, queries and samplers call a storage is one that is configured."""
    for path, config in system.collectors.items():
        storage = config.get("extensions", {}).get("jaeger_storage", {})
        traces, metrics = set(storage.get("backends", {})), set(storage.get("metric_backends", {}))
        for name in sorted(set(_named_storages(config)) - traces - metrics):
            yield path, f"names the storage {name}, and configured are {sorted(traces | metrics)}"


def break_storages_of_jaeger_exist(draft: Draft) -> None:
    draft["jaeger/config.yaml"]["exporters"]["jaeger_storage_exporter"]["trace_storage"] = "other"


def check_queue_folders_are_made(system: System) -> Iterator[Finding]:
    """Each file_storage says create_directory: true: the folder below a new volume is not there."""
    for path, config in system.collectors.items():
        for name, each in _file_storages(config):
            if each.get("create_directory") is not True:
                yield path, f"{name} does not say create_directory: true"


def break_queue_folders_are_made(draft: Draft) -> None:
    draft[_GATEWAY]["extensions"]["file_storage"]["create_directory"] = False


def check_queue_folders_are_on_a_volume(system: System) -> Iterator[Finding]:
    """The folder of each file_storage lies in a volume, else a restart loses it."""
    for path, config in system.collectors.items():
        for name, each in _file_storages(config):
            for container, content in system.containers_with(path).items():
                targets = {PurePosixPath(volume["target"]) for volume in volumes_of(content)}
                if not targets & set(PurePosixPath(each["directory"]).parents):
                    yield path, f"the folder {each['directory']} of {name} is in no volume of {container}"


def break_queue_folders_are_on_a_volume(draft: Draft) -> None:
    draft[_GATEWAY]["extensions"]["file_storage"]["directory"] = "/tmp/queue"


def check_memory_limiter_comes_first(system: System) -> Iterator[Finding]:
    """Each pipeline that takes something from outside begins with memory_limiter."""
    for path, config in system.collectors.items():
        for name, pipeline in config["service"]["pipelines"].items():
            inside = set(config.get("connectors", {})) | {"nop"}
            if set(pipeline["receivers"]) <= inside:
                continue
            if pipeline.get("processors", [])[:1] != ["memory_limiter"]:
                yield path, f"pipeline {name} does not begin with memory_limiter"


def break_memory_limiter_comes_first(draft: Draft) -> None:
    _pipeline(draft)["processors"] = []


def break_memory_limiter_comes_first__second(draft: Draft) -> None:
    draft[_GATEWAY]["processors"]["filter"] = {}
    _pipeline(draft)["processors"].insert(0, "filter")


def check_memory_limits_agree(system: System) -> Iterator[Finding]:
    """memory_limiter acts before the kernel does, and after its spike there is room; GOMEMLIMIT is below too."""
    for path, config in system.collectors.items():
        limiter = config.get("processors", {}).get("memory_limiter")
        for name, container in system.containers_with(path).items():
            allowed = megabytes(container["deploy"]["resources"]["limits"]["memory"])
            runtime = megabytes(container.get("environment", {}).get("GOMEMLIMIT", "4T"))
            if not runtime < allowed:
                yield "compose.yaml", f"{name}: GOMEMLIMIT is not below the limit of {allowed:g} MiB"
            if limiter and not 0 < limiter["spike_limit_mib"] < limiter["limit_mib"] < allowed:
                yield path, f"memory_limiter does not fit {name}, which has {allowed:g} MiB"


def break_memory_limits_agree(draft: Draft) -> None:
    draft[_GATEWAY]["processors"]["memory_limiter"]["limit_mib"] = 512


def break_memory_limits_agree__runtime(draft: Draft) -> None:
    del draft.container("jaeger")["environment"]["GOMEMLIMIT"]


def check_exporters_never_give_up(system: System) -> Iterator[Finding]:
    """Exporters of the collectors have a queue, and retry without end; none drops when its queue is full."""
    for path, config in system.collectors.items():
        exporters = config.get("exporters", {}).items() if path.startswith("collector/") else ()
        for name, exporter in exporters:
            if not name.startswith("otlp_"):
                continue
            retry = exporter.get("retry_on_failure", {})
            if retry.get("enabled") is not True or retry.get("max_elapsed_time") not in ("0s", 0):
                yield path, f"{name} gives up some day"
            if exporter.get("sending_queue", {}).get("enabled") is not True:
                yield path, f"{name} has no queue"


def break_exporters_never_give_up(draft: Draft) -> None:
    del _exporter(draft)["retry_on_failure"]["max_elapsed_time"]


def break_exporters_never_give_up__no_queue(draft: Draft) -> None:
    del _exporter(draft)["sending_queue"]


def check_no_batch_before_the_queue(system: System) -> Iterator[Finding]:
    """No pipeline has a batch processor: it is deprecated, and loses what it holds when the process dies."""
    for path, config in system.collectors.items():
        for name, pipeline in config["service"]["pipelines"].items():
            if any(each.split("/")[0] == "batch" for each in pipeline.get("processors", [])):
                yield path, f"pipeline {name} has a batch processor"


def break_no_batch_before_the_queue(draft: Draft) -> None:
    draft[_GATEWAY]["processors"]["batch"] = {}
    _pipeline(draft)["processors"].append("batch")


def check_own_metrics_have_one_spelling(system: System) -> Iterator[Finding]:
    """Own metrics are told to everybody who asks, with the suffixes that dashboards know."""
    for path, config in system.collectors.items():
        readers = config["service"].get("telemetry", {}).get("metrics", {}).get("readers", [])
        exporters = [each.get("pull", {}).get("exporter", {}).get("prometheus", {}) for each in readers]
        if not any(each.get("host") == "0.0.0.0" and each.get("without_units") is False for each in exporters):
            yield path, "own metrics are not to be had, or have other names"


def break_own_metrics_have_one_spelling(draft: Draft) -> None:
    del draft[_GATEWAY]["service"]["telemetry"]["metrics"]["readers"]


def _used(config: dict[str, Any], role: str) -> set[str]:
    return {name for each in config["service"]["pipelines"].values() for name in each.get(role, [])}


def _declared(config: dict[str, Any], role: str) -> set[str]:
    connectors = set() if role == "processors" else set(config.get("connectors", {}))
    return set(config.get(role, {})) | connectors


def _named_extensions(value: Any) -> Iterator[str]:
    """What stands at `sending_queue.storage` and `auth.authenticator`, anywhere."""
    if isinstance(value, dict):
        for key, below in value.items():
            if isinstance(below, dict):
                wanted = {"sending_queue": "storage", "auth": "authenticator"}.get(key, "")
                if isinstance(below.get(wanted), str):
                    yield below[wanted]
            yield from _named_extensions(below)


def _named_storages(config: dict[str, Any]) -> Iterator[str]:
    for name, exporter in config.get("exporters", {}).items():
        if name.startswith("jaeger_storage_exporter"):
            yield exporter["trace_storage"]
    extensions = config.get("extensions", {})
    yield from extensions.get("jaeger_query", {}).get("storage", {}).values()
    adaptive = extensions.get("remote_sampling", {}).get("adaptive", {})
    if adaptive:
        yield adaptive["sampling_store"]


def _file_storages(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, each in config.get("extensions", {}).items():
        if name.split("/")[0] == "file_storage":
            yield name, each


def _pipeline(draft: Draft) -> dict[str, Any]:
    found: dict[str, Any] = draft[_GATEWAY]["service"]["pipelines"]["traces"]
    return found


def _exporter(draft: Draft) -> dict[str, Any]:
    found: dict[str, Any] = draft[_GATEWAY]["exporters"]["otlp_grpc/jaeger"]
    return found
