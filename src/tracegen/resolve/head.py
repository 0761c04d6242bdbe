"""Head samplers of the Model, and who tells remote ones what to do (ruling 5)."""

from collections.abc import Mapping
from typing import Any

from tracegen.language.rules._shared import head_of, head_path
from tracegen.language.rules.remote_sampling import REMOTE
from tracegen.language.spec import Path, Spec
from tracegen.language.traffic import traffic_of
from tracegen.model import SAMPLING_PORTS, Backend, Sampler, Strategy, StrategyServer, Text, Tier, text
from tracegen.packs import Catalogue
from tracegen.resolve.decider import Decider

#: How often a service asks for its strategy.
_POLLING_MILLISECONDS = 10_000

_SAMPLERS = {
    "always_on": "parentbased_always_on",
    "always_off": "parentbased_always_off",
    "ratio": "parentbased_traceidratio",
}


def resolve_sampler(decider: Decider, service: str) -> Sampler:
    """The sampler of the traces that start in a service."""
    spec = decider.spec
    path: Path = head_path(spec, service)
    kind = decider.take((*path, "type"), "always_on", "every trace is kept unless the spec says less")
    if kind not in REMOTE:
        return Sampler(kind, float(spec.get(*path, "ratio") if kind == "ratio" else 1.0))
    operations = spec.get("services", service, "sampling", "operations") or {}
    told = {name: _strategy(said) for name, said in operations.items()}
    return Sampler(kind, 1.0, _told(head_of(spec, service)), told)


def resolve_strategies(
    decider: Decider, packs: Catalogue, backend: Backend, tiers: tuple[Tier, ...]
) -> StrategyServer | None:
    """Jaeger, or the collector before Tempo; None where no sampler asks."""
    spec = decider.spec
    if not any(head_of(spec, name)["type"] in REMOTE for name in spec.services):
        return None
    jaeger = backend.type == "jaeger"
    host = packs.backends[backend.type].entrance[backend.mode] if jaeger else tiers[0].component
    return StrategyServer(host, f"{'jaeger' if jaeger else 'collector'}/sampling.json", _default(spec))


def sampler_variables(
    sampler: Sampler, server: StrategyServer | None, instrumentation: str, initial: float
) -> dict[str, Text]:
    """`OTEL_TRACES_SAMPLER` and its argument; `initial` is the share that is kept before a server has answered."""
    if server is None or sampler.strategy is None:
        variables = {"OTEL_TRACES_SAMPLER": text(_SAMPLERS[sampler.type])}
        if sampler.type == "ratio":
            variables["OTEL_TRACES_SAMPLER_ARG"] = text(_decimal(sampler.ratio))
        return variables
    # Agents ask over gRPC; samplers that a stub makes ask over HTTP, below /sampling.
    port = SAMPLING_PORTS["grpc" if instrumentation == "auto" else "http"]
    argument = (
        f"endpoint=http://{server.host}:{port},pollingIntervalMs={_POLLING_MILLISECONDS},"
        f"initialSamplingRate={_decimal(initial)}"
    )
    return {
        "OTEL_TRACES_SAMPLER": text("parentbased_jaeger_remote"),
        "OTEL_TRACES_SAMPLER_ARG": text(argument),
    }


def initial_share(spec: Spec, service: str) -> float:
    """What a remote sampler keeps until it has an answer: its ratio, or what its limit comes to at stated traffic.

    Without traffic a limit starts at one trace in a hundred: all of them might be far above it.
    """
    strategy = _told(head_of(spec, service))
    if strategy.ratio is not None:
        return strategy.ratio
    rate = traffic_of(spec, service).traces_per_second
    replicas = spec.get("services", service, "replicas") or 1
    return round(min(1.0, strategy.traces_per_second * replicas / rate), 4) if rate else 0.01


def _told(head: Mapping[str, Any]) -> Strategy:
    """What a head sampler comes to as a strategy."""
    if head["type"] == "rate_limit":
        return _strategy(head)
    if head["type"] == "remote":
        return _strategy(head.get("default", {"ratio": 1.0}))
    return Strategy({"always_on": 1.0, "always_off": 0.0}.get(head["type"], head.get("ratio")))


def _strategy(said: Mapping[str, Any]) -> Strategy:
    if "traces_per_second" in said:
        return Strategy(None, float(said["traces_per_second"]))
    return Strategy(float(said["ratio"]))


def _default(spec: Spec) -> Strategy:
    return _told(spec.get("sampling", "head") or {"type": "always_on"})


def _decimal(ratio: float) -> str:
    return f"{ratio:.10f}".rstrip("0").rstrip(".") or "0"
