"""Where TLS is on and a connection has none all the same."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, backend_pack, cause, storage_pack
from tracegen.spec.said import Path

IN_PLAIN_TEXT = Code("TG706", "In plain text beside TLS", Severity.WARNING, acceptable=True)

_ENABLED: Path = ("security", "tls", "enabled")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """The servers that run inside for trying things out, and Kafka where the backend cannot encrypt its way there."""
    if not settings.security.tls.enabled:
        return
    pack = storage_pack(settings, packs)
    if pack and pack.inside_in_plain and settings.runs_server(pack):
        message = f"the {pack.title} that runs inside speaks no TLS: what is stored crosses the network in clear"
        options = " or ".join(f"storage.{key}" for key in pack.server_named_by)
        hint = f"name a server of yours with `tls`, in {options}"
        yield at(settings, IN_PLAIN_TEXT, cause(settings, ("backend", "storage"), _ENABLED), message, hint)
    if settings.backend.kafka:
        yield from _kafka(settings, packs)


def _kafka(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    backend = backend_pack(settings, packs)
    path = cause(settings, ("backend", "kafka"), ("backend", "mode"), _ENABLED)
    if not (backend.kafka and backend.kafka.tls):
        message = f"{backend.title} has no TLS for Kafka: spans cross the network to it in clear"
        yield at(
            settings, IN_PLAIN_TEXT, path, message, "keep that network closed to others, and say so with `accept`"
        )
    elif settings.backend.kafka and settings.backend.kafka.brokers is None:
        message = "the Kafka that runs inside speaks no TLS: spans cross the network in clear"
        yield at(settings, IN_PLAIN_TEXT, path, message, "name brokers of yours in backend.kafka, with `tls`")
