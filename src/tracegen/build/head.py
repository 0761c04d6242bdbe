"""Head samplers of the system, and who tells remote ones what to do (ruling 5)."""

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Service
from tracegen.decide.traffic import REMOTE, strategy_of, told
from tracegen.system import Backend, Sampler, StrategyServer, Tier


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
    host = pack.otlp_host[backend.mode] if pack.serves_strategies else tiers[0].component
    return StrategyServer(
        host,
        f"{pack.name if pack.serves_strategies else 'collector'}/sampling.json",
        strategy_of(settings.sampling.head),
    )
