"""Where a program takes spans in: addresses, encryption, and what has to be shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from tracegen.doctor.documents import Document, Steps
from tracegen.doctor.finding import Mark
from tracegen.doctor.world import Unit

#: What receivers listen on where nothing is said: https://opentelemetry.io/docs/specs/otlp/
_DEFAULTS = {"grpc": "localhost:4317", "http": "localhost:4318"}
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Listener:
    """One protocol of an OTLP receiver; `auth` names the extension that guards it."""

    receiver: str
    protocol: str
    host: str
    port: int
    secure: bool
    auth: str
    mark: Mark
    path: Steps

    @property
    def only_itself(self) -> bool:
        """Whether nobody outside the container reaches it."""
        return self.host in _LOOPBACK


def listeners(unit: Unit) -> Iterator[Listener]:
    """Of all OTLP receivers of a program."""
    config = unit.config
    if config is None:
        return
    for root in (("receivers",), ("distributor", "receivers")):
        for name in config.table(*root):
            if name.partition("/")[0] == "otlp":
                yield from _protocols(config, (*root, name), name)


def _protocols(config: Document, path: Steps, name: str) -> Iterator[Listener]:
    for protocol in config.table(*path, "protocols"):
        here = (*path, "protocols", protocol)
        endpoint = str(config.at(*here, "endpoint") or _DEFAULTS.get(protocol, ""))
        host, _, port = endpoint.rpartition(":")
        yield Listener(
            receiver=name,
            protocol=protocol,
            host=host,
            port=int(port) if port.isdecimal() else 0,
            secure=bool(config.table(*here, "tls")),
            auth=str(config.at(*here, "auth", "authenticator") or ""),
            mark=config.mark(*here, "endpoint"),
            path=here,
        )
