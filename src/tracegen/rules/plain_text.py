"""Where TLS is on and a connection has none all the same."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, storage_of
from tracegen.spec.said import Path, Said

IN_PLAIN_TEXT = Code("TG706", "In plain text beside TLS", Severity.WARNING, acceptable=True)

_ENABLED: Path = ("security", "tls", "enabled")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """The servers that run inside for trying things out, and Kafka where the backend cannot encrypt its way there."""
    if not spec.get(*_ENABLED):
        return
    storage = storage_of(spec, packs)
    pack = packs.storages.get(storage.get("type", ""))
    if pack and pack.plain_unless and not set(pack.plain_unless) & set(storage):
        message = f"the {pack.title} that runs inside speaks no TLS: what is stored crosses the network in clear"
        hint = f"name a server of yours with `tls`, in {' or '.join(f'storage.{key}' for key in pack.plain_unless)}"
        yield at(spec, IN_PLAIN_TEXT, cause(spec, ("backend", "storage"), _ENABLED), message, hint)
    if spec.get("backend", "mode") == "scalable":
        yield from _kafka(spec, packs)


def _kafka(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    backend = packs.backends[spec.value["backend"]["type"]]
    path = cause(spec, ("backend", "kafka"), ("backend", "mode"), _ENABLED)
    if not backend.kafka_over_tls:
        message = f"{backend.title} has no TLS for Kafka: spans cross the network to it in clear"
        yield at(spec, IN_PLAIN_TEXT, path, message, "keep that network closed to others, and say so with `accept`")
    elif not spec.get("backend", "kafka", "brokers"):
        message = "the Kafka that runs inside speaks no TLS: spans cross the network in clear"
        yield at(spec, IN_PLAIN_TEXT, path, message, "name brokers of yours in backend.kafka, with `tls`")
