"""Remote sampling needs a language and a server that have it (ruling 5)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, head_of, head_path, instrumentation_of, storage_of
from tracegen.spec.said import Path, Said, dotted

NOT_IN_LANGUAGE = Code("TG411", "Language has no remote sampler")
NO_SAMPLING_SERVER = Code("TG412", "Nothing serves sampling strategies")
ADAPTIVE = Code("TG413", "Adaptive sampling is not served")
OPERATIONS_WITHOUTREMOTE = Code("TG414", "Strategies of operations need remote sampling")

NOT_WHOLE = Code("TG415", "Limit of traces is not a whole number")
LIMIT_OF_OPERATION = Code("TG416", "Strategies of operations are ratios")
LIMIT_IS_FORGOTTEN = Code("TG417", "Limit is forgotten beside strategies of operations", Severity.WARNING, True)

#: Kinds of head samplers that ask a server.
REMOTE = ("remote", "rate_limit")
_ALTERNATIVES = "use ratio at the head, or `sampling.tail` with rate_limit in the collector"


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """For each service whose head sampler asks a server."""
    remote = [name for name in spec.services if head_of(spec, name)["type"] in REMOTE]
    for name in remote:
        yield from _language(spec, packs, name)
    for path in sorted({head_path(spec, name) for name in remote}, key=dotted):
        yield from _server(spec, path)
        yield from _adaptive(spec, packs, path)
    yield from _limits(spec, remote)
    yield from _operations(spec, remote)
    for name in spec.services:
        if name not in remote and spec.get("services", name, "sampling", "operations"):
            head = head_of(spec, name)["type"]
            message = f"strategies of operations are served to a remote sampler, and that of {name} is {head}"
            path = cause(spec, ("services", name, "sampling", "operations"), (*head_path(spec, name), "type"))
            yield at(spec, OPERATIONS_WITHOUTREMOTE, path, message, "say sampling.head.type: remote")


def _limits(spec: Said, remote: list[str]) -> Iterator[Problem]:
    """What is served is an integer: half a trace a second becomes none."""
    for path in sorted({head_path(spec, name) for name in remote}, key=dotted):
        own: Path = path if spec.get(*path, "type") == "rate_limit" else (*path, "default")
        limit = spec.get(*own, "traces_per_second")
        if limit is not None and limit != int(limit):
            message = f"strategies carry whole numbers of traces: {limit:g} would become {int(limit)}"
            hint = "say a whole number" if limit > 1 else "say 1, or use a ratio"
            yield at(spec, NOT_WHOLE, (*own, "traces_per_second"), message, hint)


def _operations(spec: Said, remote: list[str]) -> Iterator[Problem]:
    """Servers leave out a limit of an operation; beside a limit of the service, operations replace it."""
    for name in remote:
        operations = spec.get("services", name, "sampling", "operations") or {}
        for operation, said in operations.items():
            if "traces_per_second" in said:
                path: Path = ("services", name, "sampling", "operations", operation)
                message = f"operations have ratios only: servers leave this limit of {operation!r} out"
                yield at(spec, LIMIT_OF_OPERATION, path, message, "say a ratio")
        if operations and _is_limit(head_of(spec, name)):
            where = cause(spec, ("services", name, "sampling", "operations"), head_path(spec, name))
            message = f"{name} has a limit of traces a second, which samplers forget where operations have strategies"
            yield at(spec, LIMIT_IS_FORGOTTEN, where, message, "say a default ratio instead of the limit")


def _is_limit(head: Mapping[str, Any]) -> bool:
    return head["type"] == "rate_limit" or "traces_per_second" in head.get("default", {})


def _language(spec: Said, packs: Catalogue, name: str) -> Iterator[Problem]:
    language = packs.languages[spec.services[name]["language"]]
    instrumentation = instrumentation_of(spec, packs, name)
    if instrumentation not in language.remote_sampling:
        head, path = head_of(spec, name)["type"], head_path(spec, name)
        able = [
            f"{each.name} ({', '.join(each.remote_sampling)})"
            for each in packs.languages.values()
            if each.remote_sampling
        ]
        message = (
            f"head sampler {head} needs a remote sampler, and {language.title} with "
            f"instrumentation: {instrumentation} has none; it would keep every trace in silence"
        )
        hint = f"give {name} its own sampling.head, or {_ALTERNATIVES}; remote samplers: {', '.join(able)}"
        own_path: Path = path if path[0] == "services" else ("services", name)
        yield at(spec, NOT_IN_LANGUAGE, cause(spec, own_path, (*path, "type")), message, hint)


def _server(spec: Said, path: Path) -> Iterator[Problem]:
    backend = spec.get("backend", "type")
    topology = spec.get("collector", "topology") or "gateway"
    if backend == "jaeger" or (backend == "tempo" and topology != "none"):
        return
    why = "an external backend" if backend == "external" else "Tempo without a collector"
    message = f"head sampler {spec.get(*path, 'type')} asks a server for strategies, and {why} serves none"
    where = cause(spec, path, ("backend", "type"), ("collector", "topology"))
    yield at(spec, NO_SAMPLING_SERVER, where, message, _ALTERNATIVES)


def _adaptive(spec: Said, packs: Catalogue, path: Path) -> Iterator[Problem]:
    if spec.get(*path, "strategies") != "adaptive":
        return
    storage = storage_of(spec, packs).get("type")
    if spec.get("backend", "type") != "jaeger" or storage == "clickhouse":
        message = "adaptive sampling is Jaeger's, on a storage that keeps its state (not ClickHouse)"
    else:
        message = (
            "Jaeger computes adaptive rates but its process does not serve what it computed (seen on 2.13 and 2.20)"
        )
    yield at(spec, ADAPTIVE, (*path, "strategies"), message, "use strategies: file, or `sampling.tail`")
