"""Head samplers of the system, what services are told of them, and who tells remote ones what to do (ruling 5)."""

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Service
from tracegen.decide.traffic import REMOTE, head_share, strategy_of, told
from tracegen.system import SAMPLING_PORTS, Backend, Sampler, StrategyServer, Text, Tier, text

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


def sampler_variables(service: Service, server: StrategyServer | None, protocol: str) -> dict[str, Text]:
    """`OTEL_TRACES_SAMPLER` and its argument; `protocol` is the one by which a remote sampler asks."""
    head = service.sampling.head
    if server is None or head.type not in REMOTE:
        variables = {"OTEL_TRACES_SAMPLER": text(_SAMPLERS[head.type])}
        if head.type == "ratio":
            assert head.ratio is not None, "the schema demands it of this type"
            variables["OTEL_TRACES_SAMPLER_ARG"] = text(_decimal(head.ratio))
        return variables
    argument = (
        f"endpoint=http://{server.host}:{SAMPLING_PORTS[protocol]},pollingIntervalMs={_POLLING_MILLISECONDS},"
        f"initialSamplingRate={_decimal(_initial(service))}"
    )
    return {
        "OTEL_TRACES_SAMPLER": text("parentbased_jaeger_remote"),
        "OTEL_TRACES_SAMPLER_ARG": text(argument),
    }


def strategy_server(
    settings: Settings, packs: Catalogue, backend: Backend, tiers: tuple[Tier, ...]
) -> StrategyServer | None:
    """The backend where it serves strategies, else the collector before it; None where no sampler asks."""
    if not any(service.sampling.head.type in REMOTE for service in settings.services.values()):
        return None
    pack = packs.backends[backend.type]
    host = pack.otlp_host[backend.mode] if pack.serves_strategies else tiers[0].component
    return StrategyServer(
        host,
        f"{pack.name if pack.serves_strategies else 'collector'}/sampling.json",
        strategy_of(settings.sampling.head),
    )


def _initial(service: Service) -> float:
    """What a remote sampler keeps until it has an answer.

    A limit without a stated traffic starts at one trace in a hundred: all of them might be far above it.
    """
    if strategy_of(service.sampling.head).ratio is None and not service.traffic.requests_per_second:
        return 0.01
    return round(head_share(service), 4)


def _decimal(ratio: float) -> str:
    return f"{ratio:.10f}".rstrip("0").rstrip(".") or "0"
