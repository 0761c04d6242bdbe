"""The viewer: a store, what fills it, and what shows it, started and stopped together."""

from collections.abc import Callable, Sequence
from typing import Any

from tracegen.traces import Store
from tracegen.view.answers import Answers
from tracegen.view.declared import Declared, Finding
from tracegen.view.grpc_server import CannotListen, GrpcServer
from tracegen.view.http_server import HttpServer
from tracegen.view.receiver import Receiver

#: The ports of OTLP over HTTP and over gRPC.
HTTP_PORT, GRPC_PORT = 4318, 4317
LOOPBACK = "127.0.0.1"


class Viewer:
    """Receives OTLP on two ports and serves the page on that of HTTP, until it is left as a context.

    Ports that are None are the usual ones, or free ones where these are taken (then `moved` names them); a port that
    is given is taken or CannotListen is raised.
    """

    def __init__(
        self,
        store: Store,
        declared: Declared | None = None,
        *,
        host: str = LOOPBACK,
        http_port: int | None = None,
        grpc_port: int | None = None,
        sources: Sequence[str] = (),
        findings: Callable[[Store], Sequence[Finding]] = lambda _: (),
    ) -> None:
        self.store = store
        self.receiver = Receiver(store)
        self.sources = list(sources)
        self.moved: list[str] = []
        self._declared = declared or Declared()
        self._host = host
        answers = Answers(store, self._declared, findings)

        def http(port: int) -> HttpServer:
            return HttpServer(self.receiver, answers, self.state, host, port)

        def grpc(port: int) -> GrpcServer:
            return GrpcServer(self.receiver, host, port)

        self._grpc: GrpcServer | None = None
        self._http = self._start(http, http_port, HTTP_PORT)
        try:
            self._grpc = self._start(grpc, grpc_port, GRPC_PORT)
        except BaseException:
            self._http.stop()
            raise

    def _start(self, start: Callable[[int], Any], port: int | None, usual: int) -> Any:
        if port is not None:
            return start(port)
        try:
            return start(usual)
        except CannotListen:
            self.moved.append(f"port {usual} is taken")
            return start(0)

    def __enter__(self) -> "Viewer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop both servers."""
        self._http.stop()
        if self._grpc:
            self._grpc.stop()

    @property
    def page(self) -> str:
        """The address of the page: always this machine."""
        host = "[::1]" if self._host in ("::", "::1") else LOOPBACK
        return f"http://{host}:{self._http.port}/"

    @property
    def http(self) -> str:
        """Where OTLP over HTTP goes, as OTEL_EXPORTER_OTLP_ENDPOINT takes it."""
        return f"http://{_bracketed(self._host)}:{self._http.port}"

    @property
    def grpc(self) -> str:
        """Where OTLP over gRPC goes, as OTEL_EXPORTER_OTLP_ENDPOINT takes it."""
        return f"http://{_bracketed(self._host)}:{self._grpc.port if self._grpc else 0}"

    def state(self) -> dict[str, Any]:
        """What the page shows on its top."""
        counts = self.store.counts()
        return {
            "name": self._declared.name,
            "declared": self._declared.known,
            "version": self.store.version,
            "held": counts.held,
            "received": counts.received,
            "dropped": counts.dropped,
            "words": counts.words,
            "rate": round(self.receiver.rate(), 1),
            "http": self.http,
            "grpc": self.grpc,
            "sources": self.sources,
            "notices": self.receiver.notices(),
        }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
