"""Head samplers of the Model, and who tells remote ones what to do (ruling 5)."""

from tracegen.catalogue import Catalogue
from tracegen.resolve.decider import Decider
from tracegen.rules._shared import head_of, head_path
from tracegen.rules.remote_sampling import REMOTE
from tracegen.spec.said import Path
from tracegen.spec.traffic import strategy_of, told
from tracegen.system import SAMPLING_PORTS, Backend, Sampler, StrategyServer, Text, Tier, Traffic, text

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
    for key in ("ratio", "traces_per_second", "default"):
        if spec.get(*path, key) is not None:
            decider.take((*path, key), None, "")
    strategy = strategy_of({"type": kind} if kind == "always_on" else head_of(spec, service))
    operations = spec.get("services", service, "sampling", "operations") or {}
    return Sampler(kind, strategy, kind in REMOTE, {name: told(said) for name, said in operations.items()})


def resolve_strategies(
    decider: Decider, packs: Catalogue, backend: Backend, tiers: tuple[Tier, ...]
) -> StrategyServer | None:
    """The backend where it serves strategies, else the collector before it; None where no sampler asks."""
    spec = decider.spec
    if not any(head_of(spec, name)["type"] in REMOTE for name in spec.services):
        return None
    pack = packs.backends[backend.type]
    host = pack.entrance[backend.mode] if pack.serves_strategies else tiers[0].component
    return StrategyServer(
        host,
        f"{pack.name if pack.serves_strategies else 'collector'}/sampling.json",
        strategy_of(spec.get("sampling", "head") or {"type": "always_on"}),
    )


def sampler_variables(
    sampler: Sampler, server: StrategyServer | None, protocol: str, traffic: Traffic, processes: int
) -> dict[str, Text]:
    """`OTEL_TRACES_SAMPLER` and its argument; `protocol` is the one by which a remote sampler asks."""
    if server is None or not sampler.remote:
        variables = {"OTEL_TRACES_SAMPLER": text(_SAMPLERS[sampler.type])}
        if sampler.type == "ratio":
            variables["OTEL_TRACES_SAMPLER_ARG"] = text(_decimal(sampler.strategy.ratio or 0))
        return variables
    port = SAMPLING_PORTS[protocol]
    argument = (
        f"endpoint=http://{server.host}:{port},pollingIntervalMs={_POLLING_MILLISECONDS},"
        f"initialSamplingRate={_decimal(_initial(sampler, traffic, processes))}"
    )
    return {
        "OTEL_TRACES_SAMPLER": text("parentbased_jaeger_remote"),
        "OTEL_TRACES_SAMPLER_ARG": text(argument),
    }


def _initial(sampler: Sampler, traffic: Traffic, processes: int) -> float:
    """What a remote sampler keeps until it has an answer.

    A limit without a stated traffic starts at one trace in a hundred: all of them might be far above it.
    """
    if sampler.strategy.ratio is None and not traffic.traces_per_second:
        return 0.01
    return round(sampler.strategy.share(traffic.traces_per_second, processes), 4)


def _decimal(ratio: float) -> str:
    return f"{ratio:.10f}".rstrip("0").rstrip(".") or "0"
