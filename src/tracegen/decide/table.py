"""What follows from other values, one entry a key: the table is in the order in which they can be computed.

Each gives the value and the reason that `tracegen explain` prints. What is the same in every spec is a `default` of
the schema, and stands there alone.
"""

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

from tracegen.catalogue import Sizing, StoragePack
from tracegen.decide.draft import Draft, Pattern
from tracegen.decide.traffic import expected_traces, spans_of_a_trace, spans_per_second
from tracegen.spec.said import Path
from tracegen.system.sizing import COLLECTOR, cores_for_rate, memory_for_rate, spans_in_a_trace
from tracegen.system.tail_sizes import MARGIN, decisions, memory_for, share_of_rate, slots, slots_in, waiting
from tracegen.system.units import MEBIBYTE, milliseconds, size_in_bytes

#: Of an example whose language pack says nothing of it, and of a service that others run.
_SERVICE_MEMORY = "256Mi"
_KAFKA_COPIES = 3
#: Of a tenant: bytes at once, and traces that a live store holds.
_LEAST_BURST = "30Mi"
_LIVE_TRACES = 10_000

Decided = tuple[Any, str]
Entry = Callable[[Draft, Path], Decided]


def _namespace(draft: Draft, path: Path) -> Decided:
    return draft["name",], "the project's name"


def _registry(draft: Draft, path: Path) -> Decided:
    return None, "upstream"


def _storage_class(draft: Draft, path: Path) -> Decided:
    return None, "the cluster's default"


def _encryption(draft: Draft, path: Path) -> Decided:
    return False, "the network between the parts is trusted"


def _gateway_namespace(draft: Draft, path: Path) -> Decided:
    return None, "that of everything"


def _gateway_section(draft: Draft, path: Path) -> Decided:
    return None, "all listeners that take the host"


def _bucket(draft: Draft, path: Path) -> Decided:
    return None, "a store is rendered, with a bucket of its own"


def _burst(draft: Draft, path: Path) -> Decided:
    rate = draft[(*path[:-1], "bytes_per_second")]
    if size_in_bytes(rate) < size_in_bytes(_LEAST_BURST):
        return _LEAST_BURST, "room for several requests of a collector"
    return rate, "what a second may bring"


def _live_traces(draft: Draft, path: Path) -> Decided:
    if draft["backend", "mode"] == "scalable":
        return _LIVE_TRACES, "what Tempo grants by itself"
    return None, "the memory bounds them: above a number spans would be dropped in silence"


def _retention_of_tenant(draft: Draft, path: Path) -> Decided:
    return draft["backend", "retention"], "that of all"


def _default_strategy(draft: Draft, path: Path) -> Decided:
    return None, "every trace is kept" if draft[(*path[:-1], "type")] == "remote" else ""


def _topic(draft: Draft, path: Path) -> Decided:
    return f"{draft['name',]}-spans", "the project's name"


def _brokers(draft: Draft, path: Path) -> Decided:
    return None, "no broker is named: the rendered system runs one"


def _copies(draft: Draft, path: Path) -> Decided:
    inside = draft[(*path[:-1], "brokers")] is None
    return (1, "one broker") if inside else (_KAFKA_COPIES, "the default")


def _instrumentation(draft: Draft, path: Path) -> Decided:
    language = draft.packs.languages[draft[(*path[:-1], "language")]]
    return language.instrumentation[0], f"the default of {language.title}"


def _version(draft: Draft, path: Path) -> Decided:
    return _tag(draft[(*path[:-1], "image")] or ""), "the image's tag"


def _tag(image: str) -> str:
    return image.split("@")[0].rsplit("/", 1)[-1].partition(":")[2]


def _health(draft: Draft, path: Path) -> Decided:
    if draft[(*path[:-1], "port")] == "none":
        return "", "nobody asks it: it has no port"
    if draft[(*path[:-1], "image")]:
        return "", "an image may have no such path: its port is probed"
    return "/healthz", "what generated services answer"


def _stub(draft: Draft, path: Path) -> Decided:
    return f"services/{path[-2]}", "the default"


def _tenant(draft: Draft, path: Path) -> Decided:
    tenants = draft["backend",].get("tenants")
    return (tenants[0]["name"], "the first tenant") if tenants else (None, "")


def _resources(draft: Draft, path: Path) -> Decided:
    if draft[(*path[:-1], "image")]:
        return None, "no limit: tracegen does not know what this image needs"
    return draft.defaults(path), ""


def _memory(draft: Draft, path: Path) -> Decided:
    language = draft.packs.languages[draft[(*path[:-2], "language")]]
    return language.example.memory if language.example else _SERVICE_MEMORY, "the default"


def _head(draft: Draft, path: Path) -> Decided:
    return draft["sampling", "head"], "sampling.head of all"


def _requests(draft: Draft, path: Path) -> Decided:
    return 0.0, "none said"


def _spans(draft: Draft, path: Path) -> Decided:
    guess = "four in each service that it passes: those it calls, or half of all"
    return spans_in_a_trace(draft.passed[str(path[1])], len(draft.passed)), guess


def _backend_memory(draft: Draft, path: Path) -> Decided:
    archive = bool(draft["backend",].get("archive"))
    return _memory_of(_storage(draft).process, _backend_rate(draft), archive)


def _backend_cores(draft: Draft, path: Path) -> Decided:
    return _cores_of(_storage(draft).process, _backend_rate(draft))


def _backend_rate(draft: Draft) -> float:
    """Of one replica, while another is away."""
    return share_of_rate(spans_per_second(draft.services), draft["backend",].get("replicas") or 1)


def _storage(draft: Draft) -> StoragePack:
    return draft.packs.storages[draft["backend", "storage", "type"]]


def _memory_of(sizing: Sizing, rate: float, archive: bool = False) -> Decided:
    beside = " and an archive" if archive and sizing.more else ""
    memory = memory_for_rate(sizing, rate, archive)
    return _mebibytes(memory), f"derived from about {rate:,.0f} spans a second{beside}"


def _cores_of(sizing: Sizing, rate: float) -> Decided:
    why = f"derived from about {rate:,.0f} spans a second, {sizing.core:,} a core"
    return cores_for_rate(sizing, rate), why


def _mebibytes(memory: int) -> str:
    return f"{memory // MEBIBYTE}Mi"


def _replicas_of_role(draft: Draft, path: Path) -> Decided:
    pack = draft.packs.backends[draft["backend", "type"]]
    name = str(path[-2])
    replicas = pack.roles[name]
    if name in pack.partition_owners:
        replicas = min(replicas, draft["backend", "kafka", "partitions"])
    return replicas, "the default of this role"


def _resources_of_role(draft: Draft, path: Path) -> Decided:
    return draft.defaults(path), ""


def _resource_of_role(draft: Draft, path: Path) -> Decided:
    """What is said of every process; else what this role takes at its share of the rate."""
    if draft.is_said(("backend", "resources", path[-1])):
        return draft["backend", "resources", path[-1]], "that of backend.resources"
    role = str(path[2])
    sizing = draft.packs.backends[draft["backend", "type"]].sizing.get(role, _storage(draft).process)
    rate = spans_per_second(draft.services) / draft["backend", "roles", role, "replicas"]
    return _cores_of(sizing, rate) if path[-1] == "cpu" else _memory_of(sizing, rate)


def _collector_cores(draft: Draft, path: Path) -> Decided:
    return _cores_of(COLLECTOR, _collector_rate(draft))


def _collector_rate(draft: Draft) -> float:
    """Of one gateway, while another is away."""
    replicas = draft["collector", "replicas"] if "gateway" in draft["collector", "topology"] else 1
    return share_of_rate(spans_per_second(draft.services), replicas)


def _collector_memory(draft: Draft, path: Path) -> Decided:
    rate, tail = _collector_rate(draft), draft["sampling", "tail"]
    if tail is None:
        return _memory_of(COLLECTOR, rate)
    in_one, spans = traces_in_a_collector(draft), spans_of_a_trace(draft.services)
    wanted = tail["traces"] or (slots(in_one, _wait(draft)) if in_one else 0)
    memory = max(memory_for_rate(COLLECTOR, rate), memory_for(wanted, spans))
    why = f"room for {wanted:,} waiting traces of {spans} spans" if wanted else "no traffic is said"
    return _mebibytes(memory), why


def _traces(draft: Draft, path: Path) -> Decided:
    rate, spans = traces_in_a_collector(draft), spans_of_a_trace(draft.services)
    memory = size_in_bytes(draft["collector", "resources", "memory"])
    if not rate:
        return max(100, slots_in(memory, spans)), f"no traffic is said: what {memory // MEBIBYTE} MiB hold"
    wait = _wait(draft)
    why = f"twice what {rate:,.0f} traces a second come to in {wait / 1_000:g} s and the second of the decision"
    return slots(rate, wait), why


def _expected(draft: Draft, path: Path) -> Decided:
    rate, room = traces_in_a_collector(draft), draft[(*path[:-1], "traces")]
    why = f"{rate:,.0f} a second in one collector" if rate else "what the waiting traces come to"
    return max(1, ceil(rate) or room // waiting(MARGIN, _wait(draft))), why


def _decisions(draft: Draft, path: Path) -> Decided:
    return decisions(draft[(*path[:-1], "traces")]), "ten times the traces that wait"


def _wait(draft: Draft) -> int:
    return milliseconds(draft["sampling", "tail", "decision_wait"])


def traces_in_a_collector(draft: Draft) -> float:
    """New traces a second in one of the collectors that decide, while another is away."""
    collectors = draft["collector", "replicas"] if "gateway" in draft["collector", "topology"] else 1
    return share_of_rate(expected_traces(draft.services), collectors)


#: Every derived key. An entry sees the defaults of the schema, and the entries before it.
TABLE: Mapping[Pattern, Entry] = {
    ("registry",): _registry,
    ("security", "tls", "enabled"): _encryption,
    ("kubernetes", "namespace"): _namespace,
    ("kubernetes", "ingress", "gateway", "namespace"): _gateway_namespace,
    ("kubernetes", "ingress", "gateway", "section"): _gateway_section,
    ("sampling", "head", "default"): _default_strategy,
    ("backend", "storage", "bucket"): _bucket,
    ("backend", "tenants", "*", "limits", "burst"): _burst,
    ("backend", "tenants", "*", "limits", "live_traces"): _live_traces,
    ("backend", "tenants", "*", "limits", "retention"): _retention_of_tenant,
    ("kubernetes", "storage_class"): _storage_class,
    ("backend", "kafka", "brokers"): _brokers,
    ("backend", "kafka", "topic"): _topic,
    ("backend", "kafka", "replication_factor"): _copies,
    ("services", "*", "instrumentation"): _instrumentation,
    ("services", "*", "version"): _version,
    ("services", "*", "health"): _health,
    ("services", "*", "stub"): _stub,
    ("services", "*", "tenant"): _tenant,
    ("services", "*", "resources"): _resources,
    ("services", "*", "resources", "memory"): _memory,
    ("services", "*", "sampling", "head"): _head,
    ("services", "*", "traffic", "requests_per_second"): _requests,
    ("services", "*", "traffic", "spans_per_trace"): _spans,
    ("backend", "resources", "cpu"): _backend_cores,
    ("backend", "resources", "memory"): _backend_memory,
    ("backend", "roles", "*", "replicas"): _replicas_of_role,
    ("backend", "roles", "*", "resources"): _resources_of_role,
    ("backend", "roles", "*", "resources", "cpu"): _resource_of_role,
    ("backend", "roles", "*", "resources", "memory"): _resource_of_role,
    ("collector", "resources", "cpu"): _collector_cores,
    ("collector", "resources", "memory"): _collector_memory,
    ("sampling", "tail", "traces"): _traces,
    ("sampling", "tail", "expected_traces_per_second"): _expected,
    ("sampling", "tail", "decisions"): _decisions,
}
PATTERNS = frozenset(TABLE)

#: Those that may come to nothing, which means something.
ABSENT = frozenset(
    (
        ("registry",),
        ("kubernetes", "ingress", "gateway", "namespace"),
        ("kubernetes", "ingress", "gateway", "section"),
        ("sampling", "head", "default"),
        ("backend", "storage", "bucket"),
        ("backend", "tenants", "*", "limits", "live_traces"),
        ("kubernetes", "storage_class"),
        ("backend", "kafka", "brokers"),
        ("services", "*", "tenant"),
        ("services", "*", "resources"),
    )
)


def derive(draft: Draft) -> None:
    """Everything that nobody said and the schema cannot know."""
    _without_retention(draft)
    _of_one_node(draft)
    for pattern, entry in TABLE.items():
        for path in draft.paths(pattern):
            if draft[path] is None and not draft.is_said(path):
                draft.put(path, *entry(draft, path))


def _without_retention(draft: Draft) -> None:
    """A storage that keeps a number of traces has no days to keep them; what lower layers said goes (ruling 8)."""
    backend = draft["backend",]
    storage = (backend.get("storage") or {}).get("type")
    refusal = draft.packs.storages[storage].no_retention if storage else None
    if refusal:
        inherited = draft.is_said(("backend", "retention"))
        why = ", chosen by a layer above," if inherited else ""
        draft.put(("backend", "retention"), None, f"storage {storage}{why} {refusal.why}")


def _of_one_node(draft: Draft) -> None:
    """Options that are otherwise where no server is named, since the one that tracegen runs has one node."""
    storage = draft["backend",].get("storage")
    if not storage or any(storage[key] for key in _storage(draft).server_named_by):
        return
    for key, each in _storage(draft).options.get("properties", {}).items():
        path: Path = ("backend", "storage", key)
        if "x-inside" in each and not draft.is_said(path):
            draft.put(path, each["x-inside"], "one node")
