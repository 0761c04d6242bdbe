"""What remote samplers are told: the file of strategies, and the collector that serves it.

https://www.jaegertracing.io/docs/latest/sampling/#file-based-sampling-configuration and
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/jaegerremotesampling
"""

from collections.abc import Iterator

from tracegen.assemble.collector import STRATEGIES_TARGET
from tracegen.emit import Commented, Value
from tracegen.render.file import Structured
from tracegen.system import SAMPLING_PORTS, Model, Service, Strategy, Tier

_EXTENSION = "jaegerremotesampling"
_KEYS = ("sampling.head", "services", "service_defaults", "backend", "collector")

#: How often the file is read again.
RELOAD_INTERVAL = "10s"


def strategy_files(model: Model) -> Iterator[Structured]:
    """The file of strategies, when a sampler asks for them."""
    if model.strategies:
        strategies = [_service(each) for each in model.services.values() if each.sampler.remote]
        value: Value = {"default_strategy": _strategy(model.strategies.default), "service_strategies": strategies}
        yield Structured(model.strategies.file, value, "", "strategies", _KEYS)


def strategy_server(tier: Tier, model: Model) -> dict[str, Value]:
    """The extension of a collector that serves strategies; empty in all others."""
    if model.strategies is None or model.strategies.host != tier.component:
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
