"""What remote samplers are told: the file of strategies, and the collector that serves it.

https://www.jaegertracing.io/docs/latest/sampling/#file-based-sampling-configuration and
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/jaegerremotesampling
"""

from collections.abc import Iterator

from tracegen.emit import Commented, Value
from tracegen.parts.collectors import STRATEGIES_TARGET
from tracegen.parts.strategies import RELOAD_INTERVAL
from tracegen.system import SAMPLING_PORTS, Service, Strategy, System, Tier
from tracegen.system.file import Structured

_EXTENSION = "jaegerremotesampling"


def strategy_files(system: System) -> Iterator[Structured]:
    """The file of strategies, when a sampler asks for them."""
    if system.strategies:
        strategies = [_service(each) for each in system.services.values() if each.sampler.remote]
        value: Value = {"default_strategy": _strategy(system.strategies.default), "service_strategies": strategies}
        yield Structured(system.strategies.file, value, "", "strategies")


def strategy_server(tier: Tier, system: System) -> dict[str, Value]:
    """The extension of a collector that serves strategies; empty in all others."""
    if system.strategies is None or system.strategies.host != tier.component:
        return {}
    return {
        _EXTENSION: {
            "source": {
                "file": STRATEGIES_TARGET,
                "reload_interval": Commented(RELOAD_INTERVAL, "Without a restart."),
            },
            **{protocol: {"endpoint": f"0.0.0.0:{port}"} for protocol, port in SAMPLING_PORTS.items()},
        }
    }


def _service(service: Service) -> Value:
    operations: list[Value] = [
        {"operation": name, **_strategy(each)} for name, each in service.sampler.operations.items()
    ]
    more: dict[str, Value] = {"operation_strategies": operations} if operations else {}
    return {"service": service.traced_name, **_strategy(service.sampler.strategy), **more}


def _strategy(strategy: Strategy) -> dict[str, Value]:
    if strategy.ratio is None:
        return {"type": "ratelimiting", "param": int(strategy.traces_per_second)}
    return {"type": "probabilistic", "param": strategy.ratio}
