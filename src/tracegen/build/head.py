"""Head samplers of the system, and who tells remote ones what to do (ruling 5)."""

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Service
from tracegen.decide.traffic import REMOTE, strategy_of, told
from tracegen.system import SAMPLING_PORTS, Backend, Sampler, StrategyServer, Text, Tier, Traffic, text

#: How often a service asks for its strategy.
_POLLING_MILLISECONDS = 10_000

_SAMPLERS = {
    "always_on": "parentbased_always_on",
    "always_off": "parentbased_always_off",
    "ratio": "parentbased_traceidratio",
}


def sampler_of(service: Service) -> Sampler:
    """The sampler of the traces that start in a service."""
    head = service.sampling.head
    operations = {name: told(said) for name, said in service.sampling.operations.items()}
    return Sampler(head.type, strategy_of(head), head.type in REMOTE, operations)


def strategy_server(
    settings: Settings, packs: Catalogue, backend: Backend, tiers: tuple[Tier, ...]
) -> StrategyServer | None:
    """The backend where it serves strategies, else the collector before it; None where no sampler asks."""
    if not any(service.sampling.head.type in REMOTE for service in settings.services.values()):
        return None
    pack = packs.backends[backend.type]
    host = pack.entrance[backend.mode] if pack.serves_strategies else tiers[0].component
    return StrategyServer(
        host,
        f"{pack.name if pack.serves_strategies else 'collector'}/sampling.json",
        strategy_of(settings.sampling.head),
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
