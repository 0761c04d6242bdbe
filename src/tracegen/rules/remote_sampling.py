"""Remote sampling needs a language and a server that have it (ruling 5)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Head
from tracegen.decide.traffic import REMOTE
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, backend_pack, cause, head_path, storage_pack
from tracegen.spec.said import Path, dotted
from tracegen.spec.wording import either

NOT_IN_LANGUAGE = Code("TG411", "Language has no remote sampler")
NO_SAMPLING_SERVER = Code("TG412", "Nothing serves sampling strategies")
ADAPTIVE = Code("TG413", "Adaptive sampling is not served")
OPERATIONS_WITHOUTREMOTE = Code("TG414", "Strategies of operations need remote sampling")

NOT_WHOLE = Code("TG415", "Limit of traces is not a whole number")
LIMIT_OF_OPERATION = Code("TG416", "Strategies of operations are ratios")
LIMIT_IS_FORGOTTEN = Code("TG417", "Limit is forgotten beside strategies of operations", Severity.WARNING, True)

_ALTERNATIVES = "use ratio at the head, or `sampling.tail` with rate_limit in the collector"


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """For each service whose head sampler asks a server."""
    remote = [name for name, each in settings.services.items() if each.sampling.head.type in REMOTE]
    for name in remote:
        yield from _language(settings, packs, name)
    heads = {head_path(settings, name): settings.services[name].sampling.head for name in remote}
    for path in sorted(heads, key=dotted):
        yield from _server(settings, packs, heads[path], path)
        yield from _adaptive(settings, packs, heads[path], path)
        yield from _limits(settings, heads[path], path)
    yield from _operations(settings, remote)
    for name, service in settings.services.items():
        if name not in remote and service.sampling.operations:
            head = service.sampling.head.type
            message = f"strategies of operations are served to a remote sampler, and that of {name} is {head}"
            path = cause(settings, ("services", name, "sampling", "operations"), (*head_path(settings, name), "type"))
            yield at(settings, OPERATIONS_WITHOUTREMOTE, path, message, "say sampling.head.type: remote")


def _limits(settings: Settings, head: Head, path: Path) -> Iterator[Problem]:
    """What is served is an integer: half a trace a second becomes none."""
    own: Path = path if head.type == "rate_limit" else (*path, "default")
    limit = _limit(head)
    if limit is not None and limit != int(limit):
        message = f"strategies carry whole numbers of traces: {limit:g} would become {int(limit)}"
        hint = "say a whole number" if limit > 1 else "say 1, or use a ratio"
        yield at(settings, NOT_WHOLE, (*own, "traces_per_second"), message, hint)


def _limit(head: Head) -> float | None:
    """Traces a second that it keeps at most, or None where it keeps a share."""
    if head.type == "rate_limit":
        return head.traces_per_second
    return head.default.traces_per_second if head.default else None


def _operations(settings: Settings, remote: list[str]) -> Iterator[Problem]:
    """Servers leave out a limit of an operation; beside a limit of the service, operations replace it."""
    for name in remote:
        sampling = settings.services[name].sampling
        for operation, said in sampling.operations.items():
            if said.traces_per_second is not None:
                path: Path = ("services", name, "sampling", "operations", operation)
                message = f"operations have ratios only: servers leave this limit of {operation!r} out"
                yield at(settings, LIMIT_OF_OPERATION, path, message, "say a ratio")
        if sampling.operations and _limit(sampling.head) is not None:
            where = cause(settings, ("services", name, "sampling", "operations"), head_path(settings, name))
            message = f"{name} has a limit of traces a second, which samplers forget where operations have strategies"
            yield at(settings, LIMIT_IS_FORGOTTEN, where, message, "say a default ratio instead of the limit")


def _language(settings: Settings, packs: Catalogue, name: str) -> Iterator[Problem]:
    service = settings.services[name]
    language, instrumentation = packs.languages[service.language], service.instrumentation
    if instrumentation not in language.remote_sampling:
        head, path = service.sampling.head.type, head_path(settings, name)
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
        yield at(settings, NOT_IN_LANGUAGE, cause(settings, own_path, (*path, "type")), message, hint)


def _server(settings: Settings, packs: Catalogue, head: Head, path: Path) -> Iterator[Problem]:
    backend, topology = backend_pack(settings, packs), settings.collector.topology
    if backend.serves_strategies or (topology != "none" and not backend.runs_elsewhere):
        return
    why = "an external backend" if backend.runs_elsewhere else f"{backend.title} without a collector"
    message = f"head sampler {head.type} asks a server for strategies, and {why} serves none"
    where = cause(settings, path, ("backend", "type"), ("collector", "topology"))
    yield at(settings, NO_SAMPLING_SERVER, where, message, _ALTERNATIVES)


def _adaptive(settings: Settings, packs: Catalogue, head: Head, path: Path) -> Iterator[Problem]:
    if head.strategies != "adaptive":
        return
    message, storage = backend_pack(settings, packs).adaptive_sampling, storage_pack(settings, packs)
    if not message or (storage and not storage.keeps_sampling):
        able = either([each.title for each in packs.backends.values() if each.adaptive_sampling])
        without = either([each.title for each in packs.storages.values() if not each.keeps_sampling])
        message = f"adaptive sampling is {able}'s, on a storage that keeps its state (not {without})"
    yield at(settings, ADAPTIVE, (*path, "strategies"), message, "use strategies: file, or `sampling.tail`")
