"""Remote sampling needs a language and a server that have it (ruling 5)."""

from collections.abc import Iterator

from tracegen.language.rules._shared import at, cause, head_of, head_path, instrumentation_of, storage_of
from tracegen.language.spec import Path, Spec, dotted
from tracegen.packs import Catalogue
from tracegen.problems import Code, Problem

NOT_IN_LANGUAGE = Code("TG411", "Language has no remote sampler")
NO_SAMPLING_SERVER = Code("TG412", "Nothing serves sampling strategies")
ADAPTIVE = Code("TG413", "Adaptive sampling is not served")
OPERATIONS_WITHOUTREMOTE = Code("TG414", "Strategies of operations need remote sampling")

#: Kinds of head samplers that ask a server.
REMOTE = ("remote", "rate_limit")
_ALTERNATIVES = "use ratio at the head, or `sampling.tail` with rate_limit in the collector"


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """For each service whose head sampler asks a server."""
    remote = [name for name in spec.services if head_of(spec, name)["type"] in REMOTE]
    for name in remote:
        yield from _language(spec, packs, name)
    for path in sorted({head_path(spec, name) for name in remote}, key=dotted):
        yield from _server(spec, path)
        yield from _adaptive(spec, packs, path)
    for name in spec.services:
        if name not in remote and spec.get("services", name, "sampling", "operations"):
            head = head_of(spec, name)["type"]
            message = f"strategies of operations are served to a remote sampler, and that of {name} is {head}"
            path = cause(spec, ("services", name, "sampling", "operations"), (*head_path(spec, name), "type"))
            yield at(spec, OPERATIONS_WITHOUTREMOTE, path, message, "say sampling.head.type: remote")


def _language(spec: Spec, packs: Catalogue, name: str) -> Iterator[Problem]:
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


def _server(spec: Spec, path: Path) -> Iterator[Problem]:
    backend = spec.get("backend", "type")
    topology = spec.get("collector", "topology") or "gateway"
    if backend == "jaeger" or (backend == "tempo" and topology != "none"):
        return
    why = "an external backend" if backend == "external" else "Tempo without a collector"
    message = f"head sampler {spec.get(*path, 'type')} asks a server for strategies, and {why} serves none"
    where = cause(spec, path, ("backend", "type"), ("collector", "topology"))
    yield at(spec, NO_SAMPLING_SERVER, where, message, _ALTERNATIVES)


def _adaptive(spec: Spec, packs: Catalogue, path: Path) -> Iterator[Problem]:
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
